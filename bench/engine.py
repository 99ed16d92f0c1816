"""The engine beside the stock pipeline doing the same jobs one after another: `python -m bench.engine`.

Everything is a ratio taken side by side in one run. (a) is the stock pipeline in the same precision and
layout, (b) the stock pipeline as the diffusers documentation loads it; both draw, decode and encode PNGs.
The model is the embedded one, 20 steps, tiles of 256 × 256. Prints the tables and writes
docs/performance.md; takes about ten minutes. `python -m bench.engine NAME ...` prints the named ones only,
and with `--keep` they alone are this machine's section: for one so slow that all would take an hour.
"""

import asyncio
import itertools
import math
import queue
import random
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import DiffusionPipeline
from PIL import Image

from bench.compute import counting, matmul_rate
from bench.loras import loras
from bench.machines import keep_by_machine
from bench.sheet import ROOT, Sheet
from engine import (
    Action,
    Conditioning,
    Engine,
    Event,
    Finished,
    Job,
    Lane,
    Plan,
    Queued,
    Registry,
    drawing,
    is_final,
    plan_upscale,
    plan_vary,
)
from engine.drawing import preview
from engine.pictures import upscale
from engine.pictures.decoding import load_input, to_png
from engine.pictures.psnr import psnr
from engine.process.program import Program
from engine.process.renderer import Renderer
from engine.process.wire import Happened

STEPS, SIDE, GUIDANCE = 20, 256, 4.0
ROUNDS = {1: 8, 2: 4, 4: 3, 8: 3, 16: 2}
"""Users at once, and how often they are timed: what is short is timed oftener."""
BURST = 36
BACKLOG = 12
DTYPE = drawing.dtype_of("auto", "cpu")
LOAD = 0.8
SECONDS = 40.0
MOST_STOCK = 2
PROMPTS = ("a red house on grass", "two blue fish", "a yellow star above a green tree", "a white boat")
PAGE = ROOT / "docs" / "performance.md"
OPENING = f"""# Performance

Written by `make bench`; each kind of machine has a section, and a run writes its own kind's anew. Ratios,
taken side by side in one run; above 1 the engine is faster. (a) is the stock diffusers pipeline in the
engine's precision and layout, (b) the stock pipeline as the diffusers documentation loads it, each drawing
the same jobs one after another, as servers do. The embedded model, {STEPS} steps, {SIDE} × {SIDE}.

**What to expect.** Alone, a grid and a single picture take about as long as with the stock pipeline. In
company it depends on what the machine leaves unused: a processor that multiplies in bfloat16 is far from its
limit with one grid; one without it computes in float32, where one grid fills it, and sharing brings nothing
for grids and nearly twice as many single pictures, since eight rows cost it less than twice what two cost.
Beside other programs a forward takes half as long again on two cores: how cores wait for each other follows
what else the machine does (`engine/process/yielding.py`), without which it takes three to eighty times as
long. A section of a commit before 6a3087a has both sides' cores wait asleep, which made forwards take twice
as long, and company bring more than it does now. A card has a page of its own, [gpu.md](gpu.md). Everywhere
what is urgent goes first, and nobody's long job holds up another's."""


def main(said: Sequence[str] = ()) -> None:
    """Prints the named tables, or all; writes the page of all, or where `--keep` is said."""
    names = [name for name in said if name != "--keep"]
    torch.set_grad_enabled(False)
    world = World.loaded()
    sheets = []
    for name in names or TABLES:
        sheets.append(TABLES[name](world))
        sheets[-1].show()
    world.session.renderer.close()
    if not names or "--keep" in said:
        keep_by_machine(PAGE, OPENING, f"Computed in {DTYPE}.", sheets)


def grid(seed: int = 1, pictures: int = 4) -> Plan:
    """The plan that everything here varies."""
    return Plan(
        action=Action.IMAGINE,
        model="pocket",
        revision=None,
        conditionings=(Conditioning(PROMPTS[seed % len(PROMPTS)]),),
        width=SIDE,
        height=SIDE,
        steps=STEPS,
        stop_step=STEPS,
        guidance=GUIDANCE,
        seeds=tuple(range(seed, seed + pictures)),
    )


def single(seed: int = 1) -> Plan:
    """One picture."""
    return grid(seed, 1)


def varied(parent: Plan, seed: int) -> Plan:
    """Strong variations of its first picture."""
    return plan_vary(parent, 1, _REGISTRY, strong=True, seed=seed)


@dataclass(frozen=True)
class World:
    """What is compared: the engine, and the stock pipeline loaded in two ways."""

    registry: Registry
    session: "Session"
    stock: "Stock"
    plain: "Stock"

    @staticmethod
    def loaded() -> "World":
        """All of them, warm."""
        registry = Registry.load()
        entry = registry.get("pocket")
        session = Session(registry)
        stock = Stock(drawing.load(entry, "cpu", DTYPE))
        plain = Stock(
            drawing.load(entry, "cpu"), DiffusionPipeline.from_pretrained(entry.folder, dtype=torch.float32)
        )
        session.learn()
        for each in (stock, plain):
            each.all([grid(), single()])
        return World(registry, session, stock, plain)


class Session:
    """The engine's renderer in this process, and a clock for what it did."""

    def __init__(self, registry: Registry) -> None:
        self._reports: queue.SimpleQueue[Any] = queue.SimpleQueue()
        program = Program(
            lambda entry, device, /, *, fit: drawing.load(entry, device, DTYPE, fit=fit),
            drawing.run,
            drawing.forward_mode,
            preview.render,
            lambda png: [],
            load_lora=drawing.load_adapter,
            adapters=drawing.of_plan,
        )
        self.renderer = Renderer(program, registry, "cpu", self._reports.put)
        self._numbers = itertools.count()
        self.events: list[tuple[float, Event]] = []

    def submit(self, plan: Plan, lane: Lane = Lane.FAST, *inputs: bytes, owner: str = "") -> str:
        """Queues a job of its own user; its id."""
        job_id = str(next(self._numbers))
        self.renderer.submit(Job(job_id, plan, owner or job_id, lane, inputs))
        return job_id

    def turn(self, *, wait: bool = False) -> list[tuple[float, Event]]:
        """One turn; the events it brought, with their times. ``wait``: sleeps while nothing is to do."""
        self.renderer.turn(wait=wait)
        found = []
        while not self._reports.empty():
            report = self._reports.get()
            if isinstance(report, Happened):
                found.append((time.perf_counter(), report.event))
        return found

    def draw(self, plans: Sequence[Plan]) -> dict[str, Finished]:
        """All plans as jobs of different users at once."""
        waiting = {self.submit(plan) for plan in plans}
        done: dict[str, Finished] = {}
        while waiting:
            for _, event in self.turn(wait=True):
                if isinstance(event, Finished):
                    done[event.job_id] = event
                    waiting.discard(event.job_id)
                elif is_final(event):
                    raise RuntimeError(f"a job failed: {event}")
        return done

    def learn(self) -> None:
        """Lets kernels, caches and row limits settle."""
        for _ in range(3):
            self.draw([single(n) for n in range(16)])
            self.draw([grid(n) for n in range(4)])


class Stock:
    """The stock pipeline, one job after another."""

    def __init__(self, model: drawing.LoadedModel, pipe: Any = None) -> None:
        self._pipe = pipe or model.pipe
        self._pipe.set_progress_bar_config(disable=True)
        self._image_pipe = model.image_pipe

    def draw(self, plan: Plan, *inputs: bytes) -> list[bytes]:
        """The pictures as PNGs."""
        if plan.action is Action.UPSCALE:
            return [to_png(upscale.double(load_input(inputs[0])))]
        said: dict[str, Any] = {
            "prompt": [plan.conditionings[0].text] * len(plan.seeds),
            "num_inference_steps": plan.steps,
            "guidance_scale": plan.guidance,
            "generator": [torch.Generator().manual_seed(seed) for seed in plan.seeds],
        }
        if plan.strength is None:
            pictures = self._pipe(width=plan.width, height=plan.height, **said).images
        else:
            source = [load_input(inputs[0])] * len(plan.seeds)
            pictures = self._image_pipe(image=source, strength=plan.strength, **said).images
        return [to_png(picture) for picture in pictures]

    @property
    def denoiser(self) -> torch.nn.Module:
        """The part that is asked at every step."""
        unet: torch.nn.Module = self._pipe.unet
        return unet

    def all(self, plans: Sequence[Plan]) -> None:
        """One plan after another."""
        for plan in plans:
            self.draw(plan)


def seconds(work: Callable[..., object], *args: Any) -> float:
    """How long ``work(*args)`` takes."""
    start = time.perf_counter()
    work(*args)
    return time.perf_counter() - start


def throughput(world: World) -> Sheet:
    """Grids and single pictures of several users at once.

    One after another, each job costs the same: the stock pipelines are timed on up to two jobs beside every
    run of the engine, and the median job counts.
    """
    session = world.session
    taken: dict[tuple[str, int], list[float]] = defaultdict(list)
    apiece: dict[tuple[str, str], list[float]] = defaultdict(list)
    users_at_once = [users for users, rounds in ROUNDS.items() for _ in range(rounds)]
    random.Random(4).shuffle(users_at_once)  # a machine that is slow for a while is slow for all of them
    for users, (name, plan) in itertools.product(
        users_at_once, (("grids", grid), ("single pictures", single))
    ):
        plans = [plan(n) for n in range(users)]
        taken[name, users].append(seconds(session.draw, plans))
        few = plans[:MOST_STOCK]
        for key, each in (("a", world.stock), ("b", world.plain)):
            apiece[name, key].append(seconds(each.all, few) / len(few))
    sheet = Sheet(
        "Throughput", ("users", "grids, over (a)", "over (b)", "single pictures, over (a)", "over (b)")
    )
    for users in ROUNDS:
        cells = []
        for name, key in itertools.product(("grids", "single pictures"), "ab"):
            cells.append(users * statistics.median(apiece[name, key]) / statistics.median(taken[name, users]))
        sheet.add(users, *cells)
    sheet.says = (
        "One user is the overhead of a single job. Bars: at 8 users grids ≥ 1.2 and single pictures ≥ 1.8 "
        "over (a), grids ≥ 2 over (b); never below 0.95 over (a)."
    )
    return sheet


def utilisation(world: World) -> Sheet:
    """How much of the processor's rate of matrix products a grid's denoising reaches, all else included."""
    session, stock = world.session, world.stock
    with counting(world.plain.denoiser) as counted:
        world.plain.draw(grid())
    rate = matmul_rate("cpu", DTYPE, 2048)
    ways: dict[str, tuple[int, Callable[[int], object]]] = {
        "stock pipeline (a), one grid after another": (2, lambda n: stock.all([grid(i) for i in range(n)])),
        "Easel, one user": (1, lambda n: session.draw([grid(i) for i in range(n)])),
        "Easel, 8 users": (8, lambda n: session.draw([grid(i) for i in range(n)])),
    }
    taken: dict[str, list[float]] = defaultdict(list)
    for _ in range(3):
        for name, (grids, draw) in ways.items():
            taken[name].append(seconds(draw, grids) / grids)
    sheet = Sheet(
        "Of what the processor can",
        ("who", "of the matmul rate"),
        f"A grid's denoising is {counted.flops / 1e9:.0f} GFLOP; matrices of 2048 × 2048 are multiplied at "
        f"{rate / 1e9:.0f} GFLOP/s in {DTYPE}. The time is a grid's whole time, decoding and PNGs included.",
    )
    for name, times in taken.items():
        sheet.add(name, f"{counted.flops / statistics.median(times) / rate:.0%}")
    return sheet


def company(world: World) -> Sheet:
    """What sharing costs and saves: forwards, memory, and what it does to the pictures."""
    session = world.session
    sheet = Sheet("Eight equal grids, sixteen jobs under way", ("what", "value", "bar"))
    batcher = session.renderer.batcher
    alone = [next(iter(session.draw([grid(n)]).values())) for n in range(8)]
    before = batcher.calls, batcher.forwards
    together = list(session.draw([grid(n) for n in range(8)]).values())
    calls, forwards = batcher.calls - before[0], batcher.forwards - before[1]
    rows = 8 * STEPS * 8
    sheet.add("forwards over the calls of the pipelines", forwards / calls, "")
    least = math.ceil(rows / batcher.largest())
    sheet.add(
        f"forwards over those that {batcher.largest()} rows a forward allow", forwards / least, "≤ 1.10"
    )
    worst = min(apart_from(one, other) for one, other in zip(alone, together, strict=True))
    sheet.add(
        "PSNR against rendering alone, dB, worst picture",
        "∞ (equal bits)" if math.isinf(worst) else worst,
        "≥ 40",
    )
    full = drawing.load(world.registry.get("pocket"), "cpu")
    exact = [drawing.run(full, grid(n), (), lambda *_: None) for n in range(4)]
    apart = min(
        psnr(one, decoded(other.png))
        for pictures, job in zip(exact, alone, strict=False)
        for one, other in zip(pictures, job.pictures, strict=True)
    )
    sheet.add("PSNR against float32, dB, worst picture", apart, "≥ 40")
    del full
    before_them = resident()
    for n in range(16):
        session.submit(grid(n))
    grown = resident()
    ended = 0
    while ended < 16:
        ended += sum(is_final(event) for _, event in session.turn())
        grown = max(grown, resident())
    sheet.add("memory that 16 jobs under way add, MB", f"{max(0.0, grown - before_them):.0f}", "")
    return sheet


def apart_from(one: Finished, other: Finished) -> float:
    """The worst peak signal-to-noise ratio of two jobs' pictures, in dB."""
    pairs = zip(one.pictures, other.pictures, strict=True)
    return min(psnr(decoded(a.png), decoded(b.png)) for a, b in pairs)


def decoded(png: bytes) -> np.ndarray:
    """A picture's pixels."""
    return np.asarray(load_input(png))


def resident() -> float:
    """This process's resident memory in MB."""
    (line,) = [x for x in Path("/proc/self/status").read_text().splitlines() if x.startswith("VmRSS")]
    return int(line.split()[1]) / 1024


@dataclass(frozen=True)
class Arrival:
    """A job that someone asks for."""

    kind: str
    plan: Plan
    lane: Lane
    inputs: tuple[bytes, ...] = ()


def mixed(dice: random.Random, seed: int) -> Arrival:
    """Grids mostly, some variations and upscales; 15 % are turbo."""
    lane = Lane.TURBO if dice.random() < 0.15 else Lane.FAST
    parent = grid(seed)
    kind = dice.choices(("grid", "variation", "upscale"), (60, 25, 15))[0]
    if kind == "grid":
        return Arrival(f"{kind}, {lane}", parent, lane)
    plan = varied(parent, seed) if kind == "variation" else plan_upscale(parent, 1)
    return Arrival(f"{kind}, {lane}", plan, lane, (_SOURCE,))


def odd(dice: random.Random, seed: int) -> Arrival:
    """Anything: sizes, steps, kinds and lanes as people mix them."""
    width, height = dice.choice(((256, 256), (320, 208), (208, 320), (384, 176)))
    steps = dice.choice((6, 12, 20, 24))
    plan = replace(
        dice.choice((grid, single))(seed), width=width, height=height, steps=steps, stop_step=steps
    )
    lane = dice.choice((Lane.FAST, Lane.FAST, Lane.RELAX))
    if dice.random() < 0.25:
        return Arrival("variation", varied(plan, seed), lane, (_SOURCE,))
    return Arrival("picture", plan, lane)


def urgent(dice: random.Random, seed: int) -> Arrival:
    """Relax grids, and single pictures in a hurry."""
    if dice.random() < 0.4:
        return Arrival("single picture, turbo", single(seed), Lane.TURBO)
    return Arrival("grid, relax", grid(seed), Lane.RELAX)


_REGISTRY = Registry.load()
_SOURCE = to_png(Image.linear_gradient("L").resize((SIDE, SIDE)).convert("RGB"))


def arrivals(
    world: World, title: str, draw: Callable[[random.Random, int], Arrival], says: str, backlog: int = 0
) -> Sheet:
    """Poisson arrivals at 80 % of what the stock pipeline can do, for a while of real time.

    ``backlog`` relax grids wait already when it begins.
    """
    session, stock, dice = world.session, world.stock, random.Random(1)
    sample = [draw(dice, seed) for seed in range(200)]
    service = {
        kind: _service(stock, next(a for a in sample if a.kind == kind)) for kind in {a.kind for a in sample}
    }
    mean = statistics.fmean(service[arrival.kind] for arrival in sample)
    due = [0.0] * backlog + list(_poisson(dice, LOAD / mean))
    jobs = [Arrival("grid, relax", grid(seed), Lane.RELAX) for seed in range(backlog)]
    jobs += [draw(dice, seed) for seed in range(backlog, len(due))]
    waits = _play(session, jobs, due)
    served = _first_come(jobs, due, service)
    sheet = Sheet(
        title,
        ("kind", "jobs", "p50", "p95", "p99", "mean"),
        f"{says} Poisson arrivals at {LOAD:.0%} load; time until delivery over first come, first served with"
        f" (a) (lower is better).",
    )
    for kind in sorted(service):
        ours = [wait for wait, job in zip(waits.taken, jobs, strict=True) if job.kind == kind]
        theirs = [wait for wait, job in zip(served, jobs, strict=True) if job.kind == kind]
        if ours:
            parts = (0.5, 0.95, 0.99)
            cells = [_quantile(ours, part) / _quantile(theirs, part) for part in parts]
            sheet.add(kind, len(ours), *cells, statistics.fmean(ours) / statistics.fmean(theirs))
    return sheet


def _service(stock: Stock, arrival: Arrival) -> float:
    return min(seconds(stock.draw, arrival.plan, *arrival.inputs) for _ in range(3))


def _poisson(dice: random.Random, rate: float) -> Iterator[float]:
    now = dice.expovariate(rate)
    while now < SECONDS:
        yield now
        now += dice.expovariate(rate)


@dataclass
class _Waits:
    taken: list[float]
    promises: list[tuple[float, float]]  # what was promised, what it was


def _play(session: Session, jobs: Sequence[Arrival], due: Sequence[float]) -> _Waits:
    """Submits the jobs when they are due; how long each took until it was delivered."""
    start = time.perf_counter()
    numbers: dict[str, int] = {}
    ends: dict[int, float] = {}
    promised: dict[int, tuple[float, float]] = {}
    while len(ends) < len(jobs):
        now = time.perf_counter() - start
        while len(numbers) < len(jobs) and due[len(numbers)] <= now:
            job = jobs[len(numbers)]
            numbers[session.submit(job.plan, job.lane, *job.inputs)] = len(numbers)
        events = session.turn()
        for when, event in events:
            number = numbers[event.job_id]
            if isinstance(event, Queued) and event.eta:
                promised.setdefault(number, (when - start, event.eta))
            if is_final(event):
                ends[number] = when - start
        if not events:
            time.sleep(0.001)
    taken = [ends[number] - due[number] for number in range(len(jobs))]
    promises = [(eta, ends[number] - when) for number, (when, eta) in promised.items()]
    return _Waits(taken, promises)


def _first_come(jobs: Sequence[Arrival], due: Sequence[float], service: dict[str, float]) -> list[float]:
    free, waits = 0.0, []
    for job, when in zip(jobs, due, strict=True):
        free = max(free, when) + service[job.kind]
        waits.append(free - when)
    return waits


def _quantile(values: Sequence[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]


def promises(world: World) -> Sheet:
    """How well the promised times hold when thirty jobs of all kinds and sizes are asked for at once."""
    dice = random.Random(2)
    world.session.draw([grid(n) for n in range(4)])  # the present pace is known
    jobs = [odd(dice, seed) for seed in range(BURST)]
    waits = _play(world.session, jobs, [0.0] * BURST)
    errors = [abs(eta - was) / was for eta, was in waits.promises]
    sheet = Sheet(
        "Promised times",
        ("what", "value", "bar"),
        f"{BURST} jobs at once: grids, single pictures and variations of several sizes, steps and lanes. The "
        "first time promised to each that had to wait, beside what it was.",
    )
    sheet.add("jobs that were promised a time", len(errors), "")
    sheet.add("median error", f"{statistics.median(errors):.0%}", "≤ 25 %")
    return sheet


def timer(world: World) -> Sheet:
    """How late a timer of 10 ms is in the process that holds the gateway, while a worker uses every core."""
    return asyncio.run(_timer(world.registry))


async def _timer(registry: Registry) -> Sheet:
    late: list[float] = []
    async with Engine(registry=registry, device="cpu") as engine:
        jobs = [asyncio.ensure_future(_drain(engine, Job(str(n), grid(n), str(n)))) for n in range(24)]
        await _drain(engine, Job("first", single(), "first", Lane.TURBO))
        while not all(job.done() for job in jobs):
            start = time.perf_counter()
            await asyncio.sleep(0.01)
            late.append((time.perf_counter() - start - 0.01) * 1e3)
        await asyncio.gather(*jobs)
    sheet = Sheet("The bot's event loop while the worker draws", ("a 10 ms timer is late by", "ms", "bar"))
    sheet.add("p50", _quantile(late, 0.5), "")
    sheet.add("p99", _quantile(late, 0.99), "≤ 20")
    return sheet


async def _drain(engine: Engine, job: Job) -> None:
    async for event in engine.submit(job):
        if is_final(event) and not isinstance(event, Finished):
            raise RuntimeError(f"a job failed: {event}")


TABLES: dict[str, Callable[[World], Sheet]] = {
    "throughput": throughput,
    "utilisation": utilisation,
    "company": company,
    "mixed": lambda world: arrivals(
        world, "Mixed work", mixed, "Grids, variations and upscales; 15 % are turbo."
    ),
    "urgent": lambda world: arrivals(
        world,
        "Turbo among relax",
        urgent,
        f"Single turbo pictures among relax grids, {BACKLOG} of which wait at the beginning. Bars: p95 of "
        "turbo ≤ 0.10, mean of the grids ≤ 1.3.",
        BACKLOG,
    ),
    "loras": lambda world: loras(world.session.draw, {"grids": grid, "single pictures": single}),
    "promises": promises,
    "timer": timer,
}

if __name__ == "__main__":
    main(sys.argv[1:])
