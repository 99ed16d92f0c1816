"""Workers that only pretend to compute, under a clock that jumps from event to event.

They keep the engine's protocol `Pool`, take turns by the real `Lanes`, and take as long as was measured on a
card (docs/gpu.md). What they leave out: pixels, memory, and the network but for a latency.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, field

from engine import Finished, Job, Lane, Progress
from engine.families import FAMILIES
from engine.planning.entries import ModelEntry
from engine.planning.registry import Registry
from engine.process.pool import Hearing
from engine.process.wire import Beat, Happened, Load, Order, Report, Residents, Setup, Submit, Work
from engine.turns.lanes import Lanes, Waiting
from engine.turns.work import cost, rows_of

__all__ = ["SHAPES", "Clock", "Shape", "SimulatedPool", "alone", "entry"]

LATENCY = 0.005  # seconds that an order or a report is on its way
LOADING = 12.0  # seconds from a disk to a card
ENCODING = 0.15  # seconds until a picture is a PNG, in a thread of its own
BEAT = 1.0  # seconds between two signs of life


@dataclass(frozen=True)
class Shape:
    """What a model's work takes on the card: seconds a forward, a row in it, a picture decoded.

    ``rows`` is what a forward should have. Fitted to the grids and single pictures of docs/gpu.md: an H200,
    bfloat16, forwards recorded.
    """

    side: int
    steps: int
    once: float
    row: float
    decoded: float
    rows: int = 16


SHAPES = {"sdxl": Shape(1024, 15, 0.0433, 0.0205, 0.125), "sd": Shape(512, 25, 0.0054, 0.0038, 0.03)}


def entry(name: str, family: str) -> ModelEntry:
    """A model of the list, of one of the shapes."""
    shape = SHAPES[family]
    return ModelEntry(
        name=name,
        title=name,
        family=family,
        source="",
        side=shape.side,
        multiple=8,
        steps=shape.steps,
        guidance=7.0,
    )


def alone(family: str, pictures: int) -> float:
    """Seconds that a guided job of so many pictures takes by itself."""
    shape = SHAPES[family]
    return shape.steps * (shape.once + 2 * pictures * shape.row) + pictures * shape.decoded


class Clock:
    """Virtual seconds. Events happen in the order of their times."""

    def __init__(self) -> None:
        self.now = 0.0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()

    def at(self, when: float, what: Callable[[], None]) -> None:
        """Has something happen then."""
        heapq.heappush(self._events, (max(when, self.now), next(self._numbers), what))

    def run(self, until: float) -> None:
        """Lets everything happen up to a moment."""
        while self._events and self._events[0][0] <= until:
            self.now, _, what = heapq.heappop(self._events)
            what()
        self.now = until


@dataclass(eq=False)
class _Rendered:
    """A job in a worker's hands."""

    job: Job
    shape: Shape
    rows: int
    left: int
    holding: bool = False


@dataclass(eq=False)
class _Run:
    """Equal forwards one after another, or one decoding."""

    jobs: list[str]
    began: float
    each: float
    times: int


@dataclass(eq=False)
class SimulatedWorker:
    """One card. ``models`` are in its memory, least recently used first; False while one loads."""

    clock: Clock
    hearing: Hearing
    registry: Registry
    lanes: Lanes
    most: int
    models: dict[str, bool] = field(default_factory=dict)
    jobs: dict[str, _Rendered] = field(default_factory=dict)
    run: _Run | None = None
    busy: float = 0.0
    loads: int = 0
    dead: bool = False

    def send(self, order: Order) -> None:
        """An order, on its way."""
        self.clock.at(self.clock.now + LATENCY, lambda: self._obey(order))

    def start(self) -> None:
        """It is ready, and gives signs of life."""
        self.hearing.came(self, False)
        self._beat()

    def die(self) -> None:
        """It ends, with all that it has in hand."""
        self.dead = True
        self.hearing.ended(self)

    def _beat(self) -> None:
        if not self.dead:
            self.hearing.reported(self, Beat(0.0, Work("simulated"), 16))
            self.clock.at(self.clock.now + BEAT, self._beat)

    def _say(self, report: Report, after: float = 0.0) -> None:
        def arrive() -> None:
            if not self.dead:
                self.hearing.reported(self, report)

        self.clock.at(self.clock.now + LATENCY + after, arrive)

    def _obey(self, order: Order) -> None:
        if self.dead:
            return
        match order:
            case Submit(job, alone):
                entry = self.registry.get(job.plan.model)
                rows = rows_of(job.plan, FAMILIES[entry.family])
                self.jobs[job.id] = _Rendered(job, SHAPES[entry.family], rows, job.plan.stop_step)
                worth = cost(job.plan, FAMILIES[entry.family])
                self.lanes.add(job.id, job.owner, list(Lane).index(job.lane), worth, alone=alone)
                self._want(job.plan.model)
                self._interrupt()
            case Load(model):
                self._want(model)

    def _want(self, model: str) -> bool:
        """As the engine's `ResidentModels`: loads a model, if another need not stay."""
        if model in self.models:
            return True
        used = {each.job.plan.model for each in self.jobs.values() if each.holding}
        while len(self.models) >= self.most:
            idle = [name for name, here in self.models.items() if here and name not in used]
            if not idle:
                return False
            del self.models[idle[0]]
            self._say(Residents(tuple(name for name, here in self.models.items() if here)))
        self.models[model] = False
        self.loads += 1
        self.clock.at(self.clock.now + LOADING, lambda: self._arrived(model))
        return True

    def _arrived(self, model: str) -> None:
        if not self.dead:
            self.models[model] = True
            self._say(Residents(tuple(name for name, here in self.models.items() if here)))
            self._interrupt()

    def _interrupt(self) -> None:
        """Somebody may have to go first: the present step is the last of its run."""
        run = self.run
        if run is None:
            self._turn()
            return
        done = math.floor((self.clock.now - run.began) / run.each) + 1
        if done < run.times:
            self.run = shorter = _Run(run.jobs, run.began, run.each, done)
            self.clock.at(run.began + done * run.each, lambda: self._end(shorter))

    def _turn(self) -> None:
        self._admit()
        calls = {
            job_id: Waiting(state.shape, state.rows) if state.left else Waiting(job_id, 0)
            for job_id in self.lanes.started()
            for state in (self.jobs[job_id],)
        }
        chosen = self.lanes.choose(calls, lambda job_id, rows: self.jobs[job_id].shape.rows)
        if not chosen:
            return
        states = [self.jobs[job_id] for job_id in chosen]
        shape, first = states[0].shape, states[0]
        if first.left:
            each = shape.once + shape.row * sum(state.rows for state in states)
            self.run = run = _Run(chosen, self.clock.now, each, min(state.left for state in states))
        else:
            self.run = run = _Run(chosen, self.clock.now, shape.decoded * len(first.job.plan.seeds), 1)
        self.clock.at(run.began + run.times * run.each, lambda: self._end(run))

    def _admit(self) -> None:
        """As the engine's `Renderer`: a job that waits for memory lets nobody pass."""
        crowded = False

        def ready(job_id: str) -> bool:
            nonlocal crowded
            if crowded:
                return False
            model = self.jobs[job_id].job.plan.model
            crowded = not self._want(model)
            return self.models.get(model, False)

        for job_id in self.lanes.admit(ready):
            state = self.jobs[job_id]
            state.holding = True
            self.models[state.job.plan.model] = self.models.pop(state.job.plan.model)
            self._say(Happened(Progress(job_id, 0, state.left)))

    def _end(self, run: _Run) -> None:
        if self.dead or run is not self.run:
            return
        self.run = None
        spent = run.times * run.each
        self.busy += spent
        self.lanes.charge(spent)
        for job_id in run.jobs:
            state = self.jobs[job_id]
            if state.left:
                steps = state.job.plan.stop_step
                for _ in range(run.times):
                    state.left -= 1
                    self._say(Happened(Progress(job_id, steps - state.left, steps)))
                self.lanes.progress(job_id, 1 - state.left / steps)
            else:
                del self.jobs[job_id]
                self.lanes.remove(job_id)
                self._say(Happened(Finished(job_id, (), spent)), ENCODING)
        self._turn()


class SimulatedPool:
    """``cards`` of them, ready from the start. ``watch`` may wrap what the front hears."""

    def __init__(
        self, setup: Setup, hearing: Hearing, *, cards: int, clock: Clock, watch: Callable[[Hearing], Hearing]
    ) -> None:
        self._setup, self._clock, self._hearing = setup, clock, watch(hearing)
        self.workers: list[SimulatedWorker] = []
        for _ in range(cards):
            clock.at(0.0, self.add)

    def add(self) -> None:
        """One more card is ready."""
        settings = self._setup.settings
        worker = SimulatedWorker(
            self._clock, self._hearing, self._setup.registry, Lanes(settings.active), settings.models
        )
        self.workers.append(worker)
        worker.start()

    def want(self, more: int) -> None:
        """There are as many as there are."""

    def know(self, registry: Registry) -> None:
        """Nobody adds models here."""

    def alive(self) -> int:
        """How many have not died."""
        return sum(not worker.dead for worker in self.workers)

    def pids(self) -> tuple[int, ...]:
        """They are no processes."""
        return ()

    async def close(self) -> None:
        """There is nothing to end."""
