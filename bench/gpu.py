"""The engine on a GPU beside stock diffusers in bf16: `python -m bench.gpu [PART ...] [--shapes NAME ...]`.

`throughput`: grids and single pictures of many users over the stock pipeline drawing one job after another,
for each way the engine can run its forwards. `profile`: where a grid's time goes. `urgent`: turbo among relax
jobs over first come, first served. `memory`: how many jobs fit, and what happens when they do not. `bits`:
the embedded model alone, in company, and beside float32. `timer`: the bot's event loop while its worker
draws. All parts unless some are named.

Results are printed, and written to `--out` as JSON lines as they come, so that a run that is cut short has
said what it knew. With `--tiny`, and without a GPU, everything shrinks until a CPU can do it: that shows that
it works, not how fast.
"""

import argparse
import asyncio
import gc
import itertools
import json
import queue
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bench.compute import counting, matmul_rate
from bench.gpu_shapes import DTYPE, SHAPES, Rig, Shape, moved
from bench.sheet import Sheet, where
from engine import (
    Action,
    Conditioning,
    Engine,
    Finished,
    Job,
    Lane,
    ModelEntry,
    Plan,
    Registry,
    WorkerSettings,
    is_final,
    load_input,
)
from engine.drawing import LoadedModel, forward_mode, load, preview, run
from engine.drawing.effects import rows as repeated
from engine.drawing.steering import Steering
from engine.families import FAMILIES
from engine.kernels import blocks
from engine.pictures.decoding import to_png
from engine.pictures.psnr import psnr
from engine.process.program import Program
from engine.process.renderer import Renderer
from engine.process.wire import Happened


@dataclass(frozen=True)
class Way:
    """One way for the engine to run a model's forwards."""

    name: str
    graphs: bool = False
    compiler: str = ""
    kernels: bool = False
    """Blocks of U-Nets and VAEs with kernels of their own."""

    @contextmanager
    def applied(self, pipe: Any) -> Iterator[None]:
        """The pipeline's blocks as this way wants them, until the end."""
        modules = (denoiser_of(pipe), pipe.vae)
        for module in modules if self.kernels and blocks.possible(str(pipe.device)) else ():
            blocks.swap(module)
        try:
            yield
        finally:
            for module in modules:
                blocks.restore(module)


WAYS = (
    Way("plain"),
    Way("recorded", graphs=True),
    Way("recorded, own kernels", graphs=True, kernels=True),
    Way("recorded, own kernels, compiled", graphs=True, kernels=True, compiler="inductor"),
)
DEFAULTS = {"sd": WAYS[2], "sdxl": WAYS[2], "flux": WAYS[3], "z-image": WAYS[3]}
"""How a GPU runs the families' forwards unless the owner says something else."""


class Results:
    """What was measured, written down at once."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def add(self, part: str, **values: object) -> None:
        """One line."""
        line = json.dumps({"part": part} | values)
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
        print(line, file=sys.stderr, flush=True)


def main(said: Sequence[str] = ()) -> None:
    """Runs the named parts, or all."""
    parser = argparse.ArgumentParser(
        prog="bench.gpu", description="The engine on a GPU beside stock diffusers."
    )
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all unless some are named")
    parser.add_argument("--shapes", nargs="*", default=list(SHAPES), help=f"of {', '.join(SHAPES)}")
    parser.add_argument("--ways", nargs="*", default=None, help="numbers from 0; all unless some are named")
    parser.add_argument("--users", nargs="*", type=int, help="how many draw at once")
    parser.add_argument("--steps", type=int, help="denoising steps, for all shapes")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args(said)
    for kind, named, known in (("part", options.parts, PARTS), ("shape", options.shapes, SHAPES)):
        if unknown := set(named) - set(known):
            parser.error(f"no {kind} is called {', '.join(sorted(unknown))}")
    rig = Rig(
        options.device, options.tiny or options.device == "cpu", tuple(options.users or ()), options.steps
    )
    ways = [WAYS[int(number)] for number in options.ways or range(len(WAYS))]
    results = Results(options.out)
    with torch.no_grad():
        rate = matmul_rate(rig.device, DTYPE, 512 if rig.tiny else 8192, rig.wait)
        card = torch.cuda.get_device_name(rig.device) if rig.gpu else "no GPU"
        print(where(f"{card}, bf16 matmul {rate / 1e12:.1f} TFLOP/s"))
        results.add("rate", card=card, tflops=round(rate / 1e12, 1))
        for part in options.parts or PARTS:
            for shape in options.shapes if part in OF_SHAPES else ("",):
                began = time.perf_counter()
                try:
                    for sheet in PARTS[part](rig, shape, rate, ways, results):
                        sheet.show()
                except Exception as error:  # one part's failure must not cost the others their minutes
                    if not rig.gpu:
                        raise
                    results.add(part, shape=shape, failed=f"{type(error).__name__}: {error}"[:500])
                results.add("took", of=part, shape=shape, seconds=round(time.perf_counter() - began, 1))
                free(rig)


def free(rig: Rig) -> None:
    """Gives the device's memory back."""
    gc.collect()
    if rig.gpu:
        torch.cuda.empty_cache()


def shape_of(rig: Rig, name: str) -> Shape:
    """The shape as this rig draws it."""
    shape = SHAPES[name].shrunk() if rig.tiny else SHAPES[name]
    return replace(shape, users=rig.users or shape.users, steps=rig.steps or shape.steps)


def seconds(rig: Rig, work: Callable[..., object], *args: Any) -> float:
    """How long ``work(*args)`` takes, the device included."""
    rig.wait()
    start = time.perf_counter()
    work(*args)
    rig.wait()
    return time.perf_counter() - start


# -- throughput


def throughput(rig: Rig, name: str, rate: float, ways: Sequence[Way], results: Results) -> Iterator[Sheet]:
    """Grids and single pictures over the stock pipeline drawing the same jobs one after another."""
    shape = shape_of(rig, name)
    pipe = shape.make(rig)
    denoiser = denoiser_of(pipe)
    kind = type(denoiser)
    work = flops(pipe, shape)
    stock = {
        pictures: min(seconds(rig, stock_draw, pipe, shape, pictures) for _ in range(3))
        for pictures in (4, 1)
    }
    share = work / stock[4] / rate
    results.add("stock", shape=name, grid=stock[4], single=stock[1], matmul_share=share)
    sheet = Sheet(
        f"{name}, {shape.side}², {shape.steps} steps",
        ("forwards", "users", "grids", "single pictures", "of the matmul rate, grids"),
        "Throughput over the stock pipeline, one job after another (not compiled, bf16), which takes "
        f"{stock[4]:.2f} s for a grid and {stock[1]:.2f} s for a picture, {share:.0%} of the matmul rate.",
    )
    for way in ways:
        if way.compiler and not rig.gpu:
            continue
        with way.applied(pipe):
            session = Session(rig, pipe, shape, way)
            session.learn()
            for users in shape.users:
                taken = {pictures: session.timed(users, pictures) for pictures in (4, 1)}
                share = users * work / taken[4] / rate
                row = (users * stock[4] / taken[4], users * stock[1] / taken[1])
                sheet.add(way.name, users, *row, f"{share:.0%}")
                results.add(
                    "throughput",
                    shape=name,
                    way=way.name,
                    users=users,
                    grids=row[0],
                    singles=row[1],
                    matmul_share=share,
                )
            session.close()
            denoiser.__class__ = kind
    yield sheet


def denoiser_of(pipe: Any) -> Any:
    """The part that is asked at every step."""
    return getattr(pipe, "unet", None) or pipe.transformer


def stock_draw(pipe: Any, shape: Shape, pictures: int) -> None:
    """One job as a server does it, PNGs included."""
    texts = moved(shape.texts(pictures, 1), pipe.device)
    if shape.guided:
        nothing = moved(shape.texts(pictures, 0), pipe.device)
        texts |= {f"negative_{name}": rows for name, rows in nothing.items()}
    made = pipe(
        height=shape.side,
        width=shape.side,
        num_inference_steps=shape.steps,
        guidance_scale=shape.guidance,
        generator=[torch.Generator().manual_seed(seed) for seed in range(pictures)],
        **texts,
    )
    for picture in made.images:
        to_png(picture)


def flops(pipe: Any, shape: Shape) -> float:
    """What the denoiser computes for one grid."""
    with counting(denoiser_of(pipe)) as counted:
        stock_draw(pipe, shape, 4)
    return counted.flops


class _Texts:
    """Random texts in the place of a model's encoders."""

    def __init__(self, shape: Shape, device: str) -> None:
        self._rows = {seed: moved(shape.texts(1, seed), device) for seed in (0, 1)}

    def steering(self, plan: Plan) -> Steering:
        nothing, said = (repeated(self._rows[seed], len(plan.seeds)) for seed in (0, 1))
        return Steering(said, nothing)

    def unread(self, plan: Plan) -> tuple[str, ...]:
        """The words that no encoder read: there are none."""
        return ()


class Session:
    """The engine's renderer around one pipeline of random weights, in this process."""

    def __init__(self, rig: Rig, pipe: Any, shape: Shape, way: Way) -> None:
        self._reports: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._rig, self._shape, self._numbers = rig, shape, itertools.count()
        entry = ModelEntry("shape", "shape", shape.family, "", shape.side, 8, shape.steps, shape.guidance)
        colours = torch.zeros(pipe.vae.config.latent_channels + 1, 3)
        texts: Any = _Texts(shape, rig.device)
        family = FAMILIES[shape.family]
        model = LoadedModel(entry, rig.device, pipe, None, (denoiser_of(pipe),), texts, family, colours)
        program = Program(
            lambda entry, device, /, *, fit: model, run, forward_mode, preview.render, lambda png: []
        )
        self.renderer = Renderer(
            program,
            Registry((entry,)),
            rig.device,
            self._reports.put,
            settings=WorkerSettings(compiler=way.compiler, graphs=way.graphs),
        )

    def submit(self, pictures: int, lane: Lane = Lane.FAST) -> str:
        """Queues a job of its own user; its id."""
        number, shape = str(next(self._numbers)), self._shape
        size = (shape.side, shape.side, shape.steps, shape.steps, shape.guidance)
        plan = Plan(
            Action.IMAGINE, "shape", None, (Conditioning("random"),), *size, seeds=tuple(range(pictures))
        )
        self.renderer.submit(Job(number, plan, number, lane))
        return number

    def turn(self, *, wait: bool = True) -> list[str]:
        """One turn; the jobs that ended in it. Raises RuntimeError when one failed."""
        self.renderer.turn(wait=wait)
        ended = []
        while not self._reports.empty():
            report = self._reports.get()
            if isinstance(report, Happened) and is_final(report.event):
                if not isinstance(report.event, Finished):
                    raise RuntimeError(f"a job failed: {report.event}")
                ended.append(report.event.job_id)
        return ended

    def draw(self, users: int, pictures: int) -> None:
        """One job for each user, all at once."""
        waiting = {self.submit(pictures) for _ in range(users)}
        while waiting:
            waiting -= set(self.turn())

    def learn(self) -> None:
        """Lets kernels be chosen, graphs be recorded and row limits settle."""
        for pictures in (4, 1):
            for _ in range(2):
                self.draw(max(self._shape.users), pictures)

    def timed(self, users: int, pictures: int) -> float:
        """Seconds that so many jobs take, drawn once before."""
        self.draw(users, pictures) if users < max(self._shape.users) else None
        return seconds(self._rig, self.draw, users, pictures)

    def close(self) -> None:
        """Ends the helper threads."""
        self.renderer.close()


# -- where the time goes


def profile(rig: Rig, name: str, rate: float, ways: Sequence[Way], results: Results) -> Iterator[Sheet]:
    """The kernels of four grids by kind, beside the time they took."""
    shape = shape_of(rig, name)
    way = DEFAULTS[shape.family]
    pipe = shape.make(rig)
    activity = torch.profiler.ProfilerActivity
    with way.applied(pipe):
        session = Session(rig, pipe, shape, way)
        for _ in range(3):
            session.draw(2, 4)
        with torch.profiler.profile(activities=[activity.CUDA if rig.gpu else activity.CPU]) as profiler:
            wall = seconds(rig, session.draw, 2, 4)
        session.close()
    spent: Counter[str] = Counter()
    names: Counter[str] = Counter()
    for event in profiler.key_averages():
        taken = getattr(event, "self_device_time_total" if rig.gpu else "self_cpu_time_total") / 1e6
        spent[_kernel_kind(event.key)] += taken
        names[event.key[:90]] += taken
    busy = sum(spent.values())
    sheet = Sheet(
        f"{name}: where two grids' time goes ({way.name})",
        ("kernels", "of the time"),
        f"{wall:.2f} s in all; the device is busy for {busy / wall:.0%} of it.",
    )
    for kind, taken in spent.most_common():
        sheet.add(kind, f"{taken / wall:.0%}")
    top = [(key, round(taken, 4)) for key, taken in names.most_common(14)]
    results.add("profile", shape=name, way=way.name, wall=wall, kinds=dict(spent), top=top)
    yield sheet


def _kernel_kind(name: str) -> str:
    low = name.lower()
    for kind, marks in _KERNELS.items():
        if any(mark in low for mark in marks):
            return kind
    return "other"


_KERNELS = {
    "attention": ("flash", "fmha", "attention", "sdpa"),
    "copies": ("memcpy", "memset", "copy_kernel"),
    "convolutions": ("conv", "implicit", "fprop", "nhwc"),
    "matrix products": ("gemm", "cutlass", "nvjet", "matmul", "addmm"),
    "norms": ("norm", "welford", "rowwisemoments"),
    "elementwise": ("elementwise", "triton", "vectorized", "catarray", "upsample", "reduce"),
}


# -- who is in a hurry


def urgent(rig: Rig, name: str, rate: float, ways: Sequence[Way], results: Results) -> Iterator[Sheet]:
    """Single turbo pictures among relax grids: time until delivery over first come, first served."""
    shape = shape_of(rig, name)
    way = DEFAULTS[shape.family]
    pipe = shape.make(rig)
    stock_draw(pipe, shape, 4)
    stock = {n: min(seconds(rig, stock_draw, pipe, shape, n) for _ in range(2)) for n in (4, 1)}
    backlog, quick = (3, 2) if rig.tiny else (12, 8)
    arrivals = [(0.0, 4)] * backlog + [((n + 0.5) * backlog / quick * stock[4] / 2, 1) for n in range(quick)]
    arrivals.sort()
    with way.applied(pipe):
        session = Session(rig, pipe, shape, way)
        session.learn()
        taken = _played(session, arrivals)
        session.close()
    free_at, served = 0.0, []
    for when, pictures in arrivals:
        free_at = max(free_at, when) + stock[pictures]
        served.append(free_at - when)
    sheet = Sheet(
        f"{name}: turbo among relax ({way.name})",
        ("jobs", "number", "p50", "p95", "mean"),
        "Time until delivery over the stock pipeline, first come, first served.",
    )
    for label, pictures in (("single picture, turbo", 1), ("grid, relax", 4)):
        ours, theirs = (
            [value for value, (_, n) in zip(values, arrivals, strict=True) if n == pictures]
            for values in (taken, served)
        )
        ratios = [float(np.quantile(ours, q)) / float(np.quantile(theirs, q)) for q in (0.5, 0.95)] + [
            statistics.mean(ours) / statistics.mean(theirs)
        ]
        sheet.add(label, len(ours), *ratios)
        results.add("urgent", shape=name, way=way.name, jobs=label, ratios=ratios, seconds=max(ours))
    yield sheet


def _played(session: Session, arrivals: Sequence[tuple[float, int]]) -> list[float]:
    """Seconds from each arrival, at its time, to its delivery."""
    start, coming = time.perf_counter(), list(enumerate(arrivals))
    who: dict[str, int] = {}
    taken = [0.0] * len(arrivals)
    left = len(arrivals)
    while left:
        now = time.perf_counter() - start
        while coming and coming[0][1][0] <= now:
            index, (_, pictures) = coming.pop(0)
            who[session.submit(pictures, Lane.TURBO if pictures == 1 else Lane.RELAX)] = index
        for job_id in session.turn(wait=False):
            index = who[job_id]
            taken[index] = time.perf_counter() - start - arrivals[index][0]
            left -= 1
    return taken


# -- memory


def memory(rig: Rig, name: str, rate: float, ways: Sequence[Way], results: Results) -> Iterator[Sheet]:
    """What jobs under way add, what happens when they do not fit, and what offloading costs."""
    shape = shape_of(rig, name)
    pipe = shape.make(rig)
    sheet = Sheet(f"{name}: memory", ("what", "value"))
    session = Session(rig, pipe, shape, WAYS[0])
    session.draw(1, 4)
    if rig.gpu:
        weights = torch.cuda.memory_allocated()
        for users in (1, 8):
            torch.cuda.reset_peak_memory_stats()
            session.draw(users, 4)
            peak = torch.cuda.max_memory_allocated() - weights
            sheet.add(f"GB beside the weights, {users} grids under way", peak / 2**30)
            results.add("memory", shape=name, users=users, gigabytes=peak / 2**30)
        free(rig)
        spare = int(torch.cuda.mem_get_info()[0])
        filler = torch.empty(max(0, spare - int(0.75 * peak)), dtype=torch.uint8, device=rig.device)
        session.draw(8, 4)
        limits = session.renderer.batcher.largest()
        sheet.add("eight grids in three quarters of that memory", "all drawn")
        sheet.add("rows a forward may have afterwards", limits)
        results.add("memory", shape=name, squeezed="all drawn", rows=limits)
        del filler
        free(rig)
    session.close()
    denoiser_of(pipe).__class__ = type(denoiser_of(pipe)).__mro__[1]
    plain = seconds(rig, stock_draw, pipe, shape, 4)
    if rig.gpu:
        pipe.enable_model_cpu_offload(device=rig.device)
        stock_draw(pipe, shape, 4)
        moved = seconds(rig, stock_draw, pipe, shape, 4)
        sheet.add("a grid with its model moved in and out, over without", moved / plain)
        results.add("memory", shape=name, offload=moved / plain)
    yield sheet


# -- the embedded model


def bits(rig: Rig, name: str, rate: float, ways: Sequence[Way], results: Results) -> Iterator[Sheet]:
    """The embedded model's pictures alone, in company, from graphs, and in float32."""
    registry = Registry.load()
    entry = registry.get("pocket")
    plans = [_pocket_plan(entry, seed) for seed in range(8)]
    drawn = {}
    for label, dtype, graphs in (
        ("float32", torch.float32, False),
        ("plain", DTYPE, False),
        ("graphs", DTYPE, True),
    ):
        model = load(entry, rig.device, dtype)
        alone = [run(model, plan, (), lambda *_: None) for plan in plans]
        drawn[label] = [np.asarray(picture) for job in alone for picture in job]
        reports: queue.SimpleQueue[Any] = queue.SimpleQueue()
        program = Program(
            lambda entry, device, /, *, fit, model=model: model,  # type: ignore[misc]
            run,
            forward_mode,
            preview.render,
            lambda png: [],
        )
        settings = WorkerSettings(graphs=graphs)
        renderer = Renderer(program, registry, rig.device, reports.put, settings=settings)
        for again in range(3):
            for number, plan in enumerate(plans):
                renderer.submit(Job(f"{again}/{number}", plan, str(number)))
            done: dict[str, Finished] = {}
            while len(done) < len(plans):
                renderer.turn(wait=True)
                while not reports.empty():
                    report = reports.get()
                    if isinstance(report, Happened) and isinstance(report.event, Finished):
                        done[report.event.job_id] = report.event
        together = [
            np.asarray(load_input(picture.png))
            for n in range(len(plans))
            for picture in done[f"2/{n}"].pictures
        ]
        drawn[f"{label}, together"] = together
        renderer.close()
    sheet = Sheet("pocket: pictures", ("which", "beside", "equal", "PSNR, worst", "median"))
    for one, other in (
        ("plain, together", "plain"),
        ("graphs, together", "plain"),
        ("plain", "float32"),
        ("plain, together", "float32"),
        ("float32, together", "float32"),
    ):
        worst = [psnr(a, b) for a, b in zip(drawn[one], drawn[other], strict=True)]
        equal = sum(value == float("inf") for value in worst)
        sheet.add(one, other, f"{equal} of {len(worst)}", min(worst), statistics.median(worst))
        results.add(
            "bits",
            one=one,
            other=other,
            equal=equal,
            of=len(worst),
            psnr=min(worst),
            median=statistics.median(worst),
        )
    yield sheet


def _pocket_plan(entry: ModelEntry, seed: int) -> Plan:
    words = ("a red house on grass", "two blue fish", "a yellow star above a green tree", "a white boat")
    size = (256, 256, 20, 20, entry.guidance)
    text = (Conditioning(words[seed % len(words)]),)
    return Plan(Action.IMAGINE, "pocket", entry.revision, text, *size, seeds=tuple(range(seed, seed + 4)))


def timer(rig: Rig, name: str, rate: float, ways: Sequence[Way], results: Results) -> Iterator[Sheet]:
    """How late a timer of 10 ms is in the bot's process, and how long grids of the embedded model take."""
    late, taken = asyncio.run(_timed(rig, 8 if rig.tiny else 64))
    p50, p99 = (float(np.quantile(late, q)) for q in (0.5, 0.99))
    sheet = Sheet("The bot's process while its worker draws", ("what", "value"))
    sheet.add("a 10 ms timer is late by, ms, p50", p50)
    sheet.add("p99", p99)
    sheet.add("grids of the embedded model a second", taken)
    results.add("timer", p50=p50, p99=p99, pocket_grids_per_second=taken)
    yield sheet


async def _timed(rig: Rig, jobs: int) -> tuple[list[float], float]:
    registry = Registry.load()
    entry = registry.get("pocket")
    late: list[float] = []
    async with Engine(registry=registry, device=rig.device) as engine:

        async def drawn(number: str, plan: Plan) -> None:
            async for event in engine.submit(Job(number, plan, number)):
                if is_final(event) and not isinstance(event, Finished):
                    raise RuntimeError(f"a job failed: {event}")

        for again in range(2):
            start = time.perf_counter()
            coming = [
                asyncio.ensure_future(drawn(f"{again}/{n}", _pocket_plan(entry, n))) for n in range(jobs)
            ]
            while not all(job.done() for job in coming):
                began = time.perf_counter()
                await asyncio.sleep(0.01)
                late.append((time.perf_counter() - began - 0.01) * 1e3)
            await asyncio.gather(*coming)
            taken = time.perf_counter() - start
    return late, jobs / taken


Part = Callable[[Rig, str, float, Sequence[Way], Results], Iterator[Sheet]]

PARTS: dict[str, Part] = {
    "throughput": throughput,
    "profile": profile,
    "urgent": urgent,
    "memory": memory,
    "bits": bits,
    "timer": timer,
}
OF_SHAPES = {"throughput", "profile", "urgent", "memory"}

if __name__ == "__main__":
    main(sys.argv[1:])
