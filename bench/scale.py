"""One bot, 1 to 256 cards: waits, fairness, the front's own cost, and where the one process is the limit.

`python -m bench scale`. The real front (`engine.Engine`, the bot's `Lines`) hands jobs of 100,000 users to
simulated cards under a virtual clock; the database's writes are measured on this disk. Prints tables; 1 where
a bar does not hold.
"""

from __future__ import annotations

import asyncio
import functools
import heapq
import io
import itertools
import random
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from PIL import Image
from rich.console import Console
from rich.table import Table

from bench.simulated import SHAPES, Clock, SimulatedPool, alone, entry
from bot.errors import QueueFull
from bot.jobs.lines import Lines
from bot.jobs.outcome import Origin
from bot.memory.database import Database
from bot.memory.jobs import Jobs
from bot.memory.people import User
from bot.memory.records import JobKind, JobRecord, PictureRecord, Place, Status
from bot.memory.rules import Limits
from engine import Action, Conditioning, Engine, EventStream, Job, Lane, Plan, Progress, Registry, is_final
from engine.families import FAMILIES
from engine.process.pool import Hearing
from engine.turns.work import cost

__all__ = ["main"]

USERS = 100_000
CARDS = (1, 4, 16, 64, 256)
WARM = 20.0  # seconds until the first asks: cards begin by loading the most wanted models
LIMITS = Limits(running=3, queued=10)
MODELS = {f"model-{n}": "sdxl" if n % 2 == 0 else "sd" for n in range(10)}
SKEW = dict(zip(MODELS, (1 / (n + 1) for n in range(len(MODELS))), strict=True))
"""How often each model is asked for, in proportion."""
ONE = {"model-0": 1.0}  # the same where everybody wants one
LANES = {Lane.TURBO: 0.1, Lane.FAST: 0.7, Lane.RELAX: 0.2}
GRID = 0.8  # the share of jobs with four pictures; the others have one

EFFICIENCY, FAIRNESS, TURBO, FRONT_MS = 0.95, 0.95, 0.1, 2.0
"""The bars: throughput a card against one card's; Jain's index; turbo's p95 against first come first served;
milliseconds of the front's processor time a job."""


@dataclass
class Asked:
    """A job of the simulation, and what became of it."""

    id: str
    user: int
    lane: Lane
    model: str
    pictures: int
    asked: float
    came: float = 0.0  # to the front: when it was among the three of its owner's that may run
    began: float | None = None
    ended: float | None = None
    finals: int = 0
    starts: int = 0

    @property
    def family(self) -> str:
        """Its model's."""
        return MODELS[self.model]

    @property
    def alone(self) -> float:
        """Seconds that it takes by itself."""
        return alone(self.family, self.pictures)

    @property
    def worth(self) -> float:
        """Its cost, in the engine's own unit."""
        return cost(_plan(self.model, self.pictures), FAMILIES[self.family])


@functools.cache
def _plan(model: str, pictures: int) -> Plan:
    shape = SHAPES[MODELS[model]]
    return Plan(
        action=Action.IMAGINE,
        model=model,
        revision=None,
        conditionings=(Conditioning("a fox"),),
        width=shape.side,
        height=shape.side,
        steps=shape.steps,
        stop_step=shape.steps,
        guidance=7.0,
        seeds=tuple(range(pictures)),
    )


@dataclass
class World:
    """A bot with so many cards, and everyone who asks it for something."""

    cards: int
    skew: Mapping[str, float] = field(default_factory=lambda: SKEW)
    clock: Clock = field(default_factory=Clock)
    jobs: dict[str, Asked] = field(default_factory=dict)
    refused: int = 0
    on_end: Callable[[Asked], None] = lambda job: None
    front: float = 0.0  # seconds of processor time

    def __post_init__(self) -> None:
        self.lines = Lines(LIMITS)
        self.streams: dict[str, EventStream] = {}
        registry = Registry(tuple(entry(name, family) for name, family in MODELS.items()))

        def pool(setup: Any, hearing: Hearing) -> SimulatedPool:
            self.pool = SimulatedPool(setup, hearing, cards=self.cards, clock=self.clock, watch=self._watched)
            return self.pool

        self.engine = Engine(registry=registry, pool=pool, clock=lambda: self.clock.now)
        for model in list(self.skew)[:2]:
            self.engine.load(model)

    def ask(self, job: Asked) -> None:
        """Somebody asks for a picture."""
        self.jobs[job.id] = job
        run: Any = SimpleNamespace(job=SimpleNamespace(user_id=job.user, id=job.id))
        try:
            with self.lines.admitted(job.user, LIMITS) as room:
                room.started()
                if self.lines.enter(run):
                    self._submit(run)
        except QueueFull:
            self.refused += 1
            del self.jobs[job.id]

    def _submit(self, run: Any) -> None:
        asked = self.jobs[run.job.id]
        job = Job(asked.id, _plan(asked.model, asked.pictures), str(asked.user), asked.lane)
        asked.came, began = self.clock.now, time.thread_time()
        self.streams[asked.id] = self.engine.submit(job)
        self.front += time.thread_time() - began

    def _watched(self, hearing: Hearing) -> Hearing:
        """What the front hears, timed; and what its streams say, read at once."""

        def timed(work: Callable[..., None]) -> Callable[..., None]:
            def call(*arguments: Any) -> None:
                began = time.thread_time()
                work(*arguments)
                self.front += time.thread_time() - began

            return call

        reported = timed(hearing.reported)

        def heard(worker: Any, report: Any) -> None:
            reported(worker, report)
            event = getattr(report, "event", None)
            if event is not None and event.job_id in self.streams:
                self._read(event.job_id)

        return replace(hearing, came=timed(hearing.came), reported=heard, ended=timed(hearing.ended))

    def _read(self, job_id: str) -> None:
        asked, stream = self.jobs[job_id], self.streams[job_id]
        for event in _ready(stream):
            if isinstance(event, Progress) and event.step == 0:
                asked.starts += 1
                asked.began = self.clock.now if asked.began is None else asked.began
            if is_final(event):
                asked.finals += 1
                asked.ended = self.clock.now
                del self.streams[job_id]
                run: Any = SimpleNamespace(job=SimpleNamespace(user_id=asked.user, id=job_id))
                self.lines.leave(run)
                if (following := self.lines.next(asked.user)) is not None:
                    self._submit(following)
                self.on_end(asked)
                return

    def arrivals(
        self, rate: float, start: float, until: float, dice: random.Random, users: int = USERS
    ) -> None:
        """People ask at random, ``rate`` times a second, from ``start`` on."""
        when = start + dice.expovariate(rate)
        if when < until:
            job = _somebody(dice, when, users, self.skew)

            def happen() -> None:
                self.ask(job)
                self.arrivals(rate, when, until, dice, users)

            self.clock.at(when, happen)


def _ready(stream: EventStream) -> Iterator[Any]:
    """The events that lie in a stream, without waiting for more."""
    while True:
        step = stream.__anext__()
        try:
            step.send(None)
        except StopIteration as done:
            yield done.value
            if is_final(done.value):
                return
        else:
            step.close()
            return


NUMBERS = itertools.count()


def _somebody(dice: random.Random, when: float, users: int, skew: Mapping[str, float] = SKEW) -> Asked:
    return Asked(
        f"{next(NUMBERS):08}",
        int(users * dice.random() ** 2),
        dice.choices(tuple(LANES), tuple(LANES.values()))[0],
        dice.choices(tuple(skew), tuple(skew.values()))[0],
        4 if dice.random() < GRID else 1,
        when,
    )


def _mean_alone(skew: Mapping[str, float] = SKEW) -> float:
    """Seconds that a job takes by itself, on the average."""
    mean = {model: GRID * alone(MODELS[model], 4) + (1 - GRID) * alone(MODELS[model], 1) for model in skew}
    return sum(mean[model] * share for model, share in skew.items()) / sum(skew.values())


def _percentile(values: Iterable[float], share: float) -> float:
    found = sorted(values)
    return found[min(len(found) - 1, int(share * len(found)))] if found else 0.0


def _waits(jobs: Iterable[Asked]) -> list[float]:
    return [job.began - job.came for job in jobs if job.began is not None]


def _jain(shares: Sequence[float]) -> float:
    return sum(shares) ** 2 / (len(shares) * sum(share**2 for share in shares)) if shares else 1.0


def _seconds(value: float) -> str:
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"


def main() -> int:
    """Prints the tables; 0 when every bar holds."""
    return asyncio.run(_all(Console(width=120)))


async def _all(console: Console) -> int:
    """Inside an event loop, since streams of events are read, though nothing ever waits."""
    began = time.monotonic()
    held = [_scaling(console), _burst(console), _failures(console)]
    await _one_process(console)
    console.print(f"all of it took {time.monotonic() - began:.0f} s")
    return 0 if all(held) else 1


def _loaded(cards: int, load: float, seconds: float, skew: Mapping[str, float]) -> tuple[World, float, float]:
    """A world asked for ``load`` seconds of work a second and card; the work it did, and was asked for.

    Work is what a job would take by itself, a second and card, of the last two thirds of the time.
    """
    world, dice, warm = World(cards, skew), random.Random(1), seconds / 3
    world.arrivals(load * cards / _mean_alone(skew), WARM, seconds, dice)
    world.clock.run(seconds)
    ended = [job.alone for job in world.jobs.values() if warm < (job.ended or 0.0) <= seconds]
    asked = [job.alone for job in world.jobs.values() if warm < job.asked <= seconds]
    each = (seconds - warm) * cards
    return world, sum(ended) / each, sum(asked) / each


def _scaling(console: Console) -> bool:
    """Everybody wants one model, from one card on; then ten are asked for unequally."""
    return all([_table(console, ONE, CARDS), _table(console, SKEW, CARDS[2:])])


def _table(console: Console, skew: Mapping[str, float], sizes: Sequence[int]) -> bool:
    seconds = {cards: max(110.0, min(2400.0, 9600 / cards)) for cards in sizes}
    most = {cards: _loaded(cards, 1.5, seconds[cards], skew)[1] for cards in sizes}
    models = "one model" if len(skew) == 1 else f"{len(skew)} models asked for unequally, two to a card"
    table = Table(title=f"{USERS:,} users, {models}; 90 % of what {sizes[0]} can do, for each")
    for heading in (
        *("cards", "jobs", "efficiency", "flooded", "in use", "wait p50 s", "p95", "p99", "turbo p95"),
        *("loads a job", "front ms a job"),
    ):
        table.add_column(heading, justify="right")
    bars = True
    for cards in sizes:
        world, done, asked = _loaded(cards, 0.9 * most[sizes[0]], seconds[cards], skew)
        jobs = [job for job in world.jobs.values() if job.asked > seconds[cards] / 3]
        waits, turbo = _waits(jobs), _waits(job for job in jobs if job.lane is Lane.TURBO)
        busy = sum(worker.busy for worker in world.pool.workers) / (cards * (seconds[cards] - WARM))
        efficiency, flooded = done / asked, most[cards] / most[sizes[0]]
        front = 1000 * world.front / len(world.jobs)
        table.add_row(
            str(cards),
            str(len(world.jobs)),
            f"{efficiency:.3f}",
            f"{flooded:.3f}",
            f"{busy:.0%}",
            *(_seconds(_percentile(waits, share)) for share in (0.5, 0.95, 0.99)),
            _seconds(_percentile(turbo, 0.95)),
            f"{sum(worker.loads for worker in world.pool.workers) / len(world.jobs):.3f}",
            f"{front:.2f}",
        )
        bars &= front <= FRONT_MS and (cards > 64 or min(efficiency, flooded) >= EFFICIENCY)
    console.print(table)
    return bars


def _first_come(jobs: Sequence[Asked], cards: int) -> dict[str, float]:
    """When each job would begin where the first that comes is the first served, models always at hand."""
    free, began = [0.0] * cards, {}
    for job in sorted(jobs, key=lambda job: job.came):
        start = max(heapq.heappop(free), job.came)
        began[job.id] = start
        heapq.heappush(free, start + alone(job.family, job.pictures))
    return began


def _burst(console: Console, cards: int = 64) -> bool:
    """Six in ten of what 64 cards can do, and for three minutes five times as much, most of it of a few."""
    dice = random.Random(2)
    world, rate = World(cards), cards / _mean_alone()
    world.arrivals(0.6 * rate, WARM, 600.0, dice)
    world.arrivals(2.4 * rate, 120.0, 300.0, dice, users=10 * cards)
    world.clock.run(2400.0)
    jobs = list(world.jobs.values())
    served = _first_come(jobs, cards)
    table = Table(
        title=f"A burst on {cards} cards: {len(jobs)} jobs, {world.refused} more refused (queue full)"
    )
    for heading in ("wait s", "p50", "p95", "p99", "first come first served: p50", "p95", "p99"):
        table.add_column(heading, justify="right" if heading != "wait s" else "left")
    ratio = 1.0
    for lane in Lane:
        own = [job for job in jobs if job.lane is lane]
        waits, others = _waits(own), [served[job.id] - job.came for job in own]
        shares = (0.5, 0.95, 0.99)
        table.add_row(
            lane.value,
            *(_seconds(_percentile(waits, share)) for share in shares),
            *(_seconds(_percentile(others, share)) for share in shares),
        )
        if lane is Lane.TURBO:
            ratio = _percentile(waits, 0.95) / max(1e-9, _percentile(others, 0.95))
    console.print(table)
    fair = _fairness()
    console.print(
        f"turbo's p95 is {ratio:.3f} of first come first served (at most {TURBO}). Jain's index of the work"
        f" that sixty users got who always had more to ask for: {fair:.3f} (at least {FAIRNESS})."
    )
    return ratio <= TURBO and fair >= FAIRNESS and all(job.finals == 1 for job in jobs)


def _fairness() -> float:
    """Jain's index of the work done for sixty users of one lane who always have more to ask for.

    Half of them ask for single pictures, half for grids; some have three jobs open at a time, some thirteen.
    """
    world, dice, until = World(8), random.Random(3), 1200.0

    def ask(user: int) -> None:
        job = _somebody(dice, world.clock.now, 1)
        world.ask(replace(job, user=user, lane=Lane.FAST, pictures=1 if user % 2 else 4))

    def another(job: Asked) -> None:
        if world.clock.now < until:
            ask(job.user)

    world.on_end = another
    for user in range(60):
        for _ in range(3 + user % 11):
            world.clock.at(WARM, functools.partial(ask, user))
    world.clock.run(until)
    got: Counter[int] = Counter()
    for job in world.jobs.values():
        if job.ended is not None:
            got[job.user] += job.worth  # type: ignore[assignment]  # Counter takes any number
    return _jain([got[user] for user in range(60)])


def _failures(console: Console) -> bool:
    """Sixty-four cards of which each dies once in ten minutes and is back after one."""
    cards, dice, until = 64, random.Random(4), 900.0
    world = World(cards)
    world.arrivals(0.7 * cards / _mean_alone(), WARM, until, dice)
    deaths = 0

    def die() -> None:
        nonlocal deaths
        living = [worker for worker in world.pool.workers if not worker.dead]
        dice.choice(living).die()
        deaths += 1
        world.clock.at(world.clock.now + 60.0, world.pool.add)
        world.clock.at(world.clock.now + dice.expovariate(cards / 600.0), die)

    world.clock.at(30.0, die)
    world.clock.run(until + 600.0)
    jobs = list(world.jobs.values())
    once = sum(job.finals == 1 for job in jobs)
    again = Counter(job.starts for job in jobs)
    lost = len(jobs) - once
    console.print(
        f"{cards} cards, one dying every {600 / cards:.0f} s and back after a minute: {deaths} deaths,"
        f" {len(jobs)} jobs, {once} ended once, {lost} not; drawn anew"
        f" {sum((n - 1) * k for n, k in again.items() if n)} times."
        f" Wait p95 {_seconds(_percentile(_waits(jobs), 0.95))} s."
    )
    return lost == 0


async def _one_process(console: Console) -> None:
    """What one bot process and its database bear, measured here."""
    with tempfile.TemporaryDirectory(prefix="scale-") as folder:
        began = time.process_time()
        kept, writes, slowest = await _written(Path(folder) / "easel.db", 600, 40)
        spent = (time.process_time() - began) / 600
    sheet, stamp = _sheets()
    table = Table(title="What one bot process bears, measured on this machine")
    table.add_column("")
    table.add_column("", justify="right")
    table.add_row("jobs a second through SQLite, from kept to delivered", f"{kept:.0f}")
    table.add_row("transactions a second on that path", f"{writes:.0f}")
    table.add_row("a job's transactions, p99", f"{slowest * 1000:.0f} ms")
    table.add_row("processor time of a job on that path", f"{spent * 1000:.1f} ms")
    table.add_row("processor time for a sheet of four 1024² pictures, in threads", f"{sheet:.2f} s")
    table.add_row("processor time to stamp four of them", f"{stamp:.2f} s")
    cores = 1 / (sheet + stamp)
    table.add_row("jobs a second, for each core of the bot's machine", f"{cores:.1f}")
    table.add_row("that is so many H200 with SDXL's grids", f"{cores * alone('sdxl', 4):.0f}")
    table.add_row("and so many until SQLite is the limit", f"{kept * alone('sdxl', 4):.0f}")
    console.print(table)


async def _written(path: Path, count: int, at_once: int) -> tuple[float, float, float]:
    """Jobs and transactions a second, and the p99 of a job's own seconds, of jobs side by side."""
    user, plan, gate = User(1, "ada"), _plan("model-0", 4), asyncio.Semaphore(at_once)
    took: list[float] = []
    async with Database.opened(path) as database:
        jobs = Jobs(database)

        async def one(number: int) -> None:
            place = Place(1, 1, None, "token")
            job = JobRecord(
                id=str(uuid.UUID(int=number)),
                user_id=1,
                user_name="ada",
                kind=JobKind.IMAGINE,
                prompt="a fox in the snow",
                shown="a fox in the snow",
                spec={},
                plan=plan,
                lane=Lane.FAST,
                place=place,
                created=time.time(),
            )
            pictures = [
                PictureRecord(job.id, n, f"{number}-{n}.png", 1024, 1024, 10**6, n) for n in (1, 2, 3, 4)
            ]
            async with gate:
                began = time.perf_counter()
                await jobs.add(user, [job], [()])
                await jobs.moved(job.id, replace(place, message_id=number))
                await jobs.inputs(job.id)
                await jobs.began(job.id)
                await jobs.rendered(job.id, pictures, 3.0, ())
                await jobs.pictures(job.id)
                await jobs.ended(job.id, Status.DELIVERED)
                took.append(time.perf_counter() - began)

        began = time.perf_counter()
        await asyncio.gather(*(one(number) for number in range(count)))
        whole = time.perf_counter() - began
    return count / whole, 5 * count / whole, _percentile(took, 0.99)


def _sheets() -> tuple[float, float]:
    """Processor seconds for a grid of four pictures, and for their stamps."""
    picture = Image.effect_noise((128, 128), 60).convert("RGB").resize((1024, 1024), Image.Resampling.BICUBIC)
    held = io.BytesIO()
    picture.save(held, "PNG", compress_level=1)
    origin = Origin("a fox", {}, _plan("model-0", 4), "job", None)
    began = time.thread_time()
    pngs = [origin.stamped(held.getvalue(), seed) for seed in range(4)]
    stamped = time.thread_time()
    origin.grid(pngs, 0)
    return time.thread_time() - stamped, stamped - began


if __name__ == "__main__":
    sys.exit(main())
