"""Which waiting job goes to which worker, and when: the one place where jobs wait while workers are full.

A worker is handed what it can start soon, and no more. The rest waits in a fair queue; the first in order
that some worker can take goes first.

Models. A worker that has the model goes before one that would have to load it: a job whose model's workers
are full lets others pass for as long as ``loading`` takes before an idle worker loads the model, and thrice
as long before one does that is at work (delay scheduling). It does not wait so long where more wait for its
model, for each worker that has it, than such a worker takes at a time, and twice as many as for what the
other worker has: so a model that is suddenly wanted spreads at once. Where every worker is busy with other
models, one is cleared for it. No job goes where its model does not fit, unless that is so everywhere: then
the largest worker says why.

A job that is to be alone goes to a worker that has nothing else, which is handed nothing beside it. While it
waits for one nothing behind it passes: else there might never be such a worker.

Pure: no asyncio, no torch, no clock; whoever calls says what time it is, in seconds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass

from engine.planning.memory import Fit, Placement
from engine.turns.capacity import Capacity, Demand
from engine.turns.fair_queue import Entry, FairQueue

__all__ = ["Demand", "Dispatcher", "Handed"]

_LOADING = 10.0
"""Seconds that a model takes to load, about: SDXL from a warm disk to a GPU."""

_BUSY = 3.0
"""As many times as long a job lets others pass before a worker that is at work loads its model."""


@dataclass(frozen=True, slots=True)
class Handed:
    """A job that a worker is to start now. ``lane`` is the one that it has come to, by waiting."""

    job: str
    worker: Hashable
    lane: int
    alone: bool = False


class Dispatcher:
    """All jobs that have not ended, and all workers that are ready."""

    def __init__(self, *, lanes: int = 3, patience: float = 600.0, loading: float = _LOADING) -> None:
        self._loading = loading
        self._queue = FairQueue(lanes, patience)
        self._jobs: dict[str, Entry] = {}
        self._at: dict[str, Capacity] = {}  # the worker of each job that has one
        self._workers: dict[Hashable, Capacity] = {}
        self._open: list[dict[Capacity, None]] = [{} for _ in self._queue.lanes]
        self._homes: Counter[str] = Counter()  # workers that have a model
        self._cleared: dict[str, Capacity] = {}  # the worker that is cleared for a model

    def __len__(self) -> int:
        """How many jobs wait."""
        return len(self._queue)

    def __contains__(self, worker: Hashable) -> bool:
        """Whether a worker is there that takes more."""
        return worker in self._workers

    def add(self, demand: Demand, now: float) -> None:
        """Has a job wait for a worker."""
        self._jobs[demand.job] = self._queue.add(demand, now)

    def put_back(self, job: str, now: float, *, alone: bool) -> None:
        """Has a job wait again whose worker was lost. ``alone``: nothing is to run beside it."""
        self._let_go(job)
        self._queue.add_again(self._jobs[job], now, alone=alone)

    def remove(self, job: str) -> None:
        """Forgets a job, which has ended or is not wanted any more."""
        entry = self._jobs.pop(job)
        if entry.waiting:
            self._queue.drop(entry)
        self._let_go(job)
        if not self._jobs:
            self._queue.forget()

    def enter(self, worker: Hashable, *, places: int, models: int, takes_all: bool = False) -> None:
        """A worker is ready: it renders ``places`` jobs side by side and keeps ``models`` in memory."""
        self._workers[worker] = Capacity(worker, places, models, takes_all)
        self._reopen(self._workers[worker])

    def leave(self, worker: Hashable) -> None:
        """A worker takes no more. What it holds stays its own until it is removed or put back."""
        gone = self._workers.pop(worker, None)
        if gone is None:
            return
        self._homes.subtract(gone.there)
        for lane in self._open:
            lane.pop(gone, None)
        self._cleared = {model: each for model, each in self._cleared.items() if each is not gone}

    def know(
        self,
        worker: Hashable,
        *,
        rows: int | None = None,
        resident: Iterable[str] | None = None,
        fits: Mapping[str, Fit | None] | None = None,
        memory: int | None = None,
    ) -> None:
        """What a worker says of itself: a forward's rows, models that it has, how each would lie there.

        What is None stays as it was.
        """
        known = self._workers.get(worker)
        if known is None:
            return
        before = known.there
        known.rows = known.rows if rows is None else rows
        known.resident = known.resident if resident is None else frozenset(resident)
        known.fits = known.fits if fits is None else fits
        known.memory = known.memory if memory is None else memory
        self._changed(known, before)

    def hand_out(self, now: float) -> list[Handed]:
        """The jobs that workers are to start now, the first in order first."""
        if not self._queue and not self._cleared:
            return []
        self._queue.move_up(now)
        for model in [model for model in self._cleared if not self._queue.rows[model]]:
            self._cleared.pop(model).promised = None
        handed: list[Handed] = []
        for lane in self._queue.lanes:
            while self._open[lane] and (one := self._next(lane, now)):
                handed.append(one)
            if any(entry.alone for entry in self._queue.heads(lane)):
                break
        return handed

    def order(self) -> list[Demand]:
        """The jobs that wait, the next first."""
        return [entry.demand for entry in self._queue.order()]

    def _next(self, lane: int, now: float) -> Handed | None:
        """The first job of a lane that can go somewhere goes."""
        for entry in self._queue.heads(lane):
            worker = self._worker_for(entry, now)
            if worker is None and entry.alone:
                return None
            if worker is None:
                continue
            self._queue.take(entry)
            before = worker.there
            worker.hold(entry.demand, lane, entry.alone)
            if worker.promised == entry.demand.model:
                del self._cleared[entry.demand.model]
                worker.promised = None
            self._at[entry.demand.job] = worker
            self._changed(worker, before)
            return Handed(entry.demand.job, worker.name, lane, entry.alone)
        return None

    def _worker_for(self, entry: Entry, now: float) -> Capacity | None:
        """The open worker that a job goes to, if it goes now."""
        model, lane = entry.demand.model, entry.lane
        if entry.alone:
            return _idle(self._open[lane], model, lane, anywhere=self._fits_anywhere(model))
        there = [worker for worker in self._open[lane] if worker.has(model) and worker.takes(model)]
        if there:
            return min(there, key=lambda worker: _trouble(worker, model, lane))
        entry.passed = now if entry.passed is None else entry.passed
        passed, wanted = now - entry.passed, self._wanted(model)
        late, idle = passed >= _BUSY * self._loading, passed >= self._loading
        others = [
            worker
            for worker in self._open[lane]
            if (late or (idle and not worker.held) or self._worth_loading(model, wanted, worker))
            and worker.takes(model)
        ]
        if not others and not self._fits_anywhere(model):
            others = [worker for worker in self._open[lane] if worker.room(model)]
            return max(others, key=lambda worker: worker.memory or 0, default=None)
        if not others and late:
            self._clear_one(model)
        return min(others, key=lambda worker: _trouble(worker, model, lane), default=None)

    def _worth_loading(self, model: str, wanted: float, worker: Capacity) -> bool:
        """Whether a worker had better load a model that is so much wanted than leave its jobs to others."""
        if not self._homes[model]:
            return True
        return wanted >= worker.full and wanted > 2 * max(map(self._wanted, worker.resident), default=0.0)

    def _wanted(self, model: str) -> float:
        """The rows that wait for a model, for each worker that has it."""
        return self._queue.rows[model] / max(1, self._homes[model])

    def _fits_anywhere(self, model: str) -> bool:
        return any(worker.placement(model) is not None for worker in self._workers.values())

    def _clear_one(self, model: str) -> None:
        """Has the worker that is at its end soonest take nothing else until it has room for the model."""
        fitting = [worker for worker in self._workers.values() if worker.placement(model) is not None]
        free = [worker for worker in fitting if worker.promised is None]
        if free and model not in self._cleared:
            first = min(free, key=lambda worker: (len(worker.in_use), len(worker.held)))
            first.promised, self._cleared[model] = model, first

    def _let_go(self, job: str) -> None:
        worker = self._at.pop(job, None)
        if worker is None:
            return
        before = worker.there
        worker.let_go(job)
        if self._workers.get(worker.name) is worker:
            self._changed(worker, before)

    def _changed(self, worker: Capacity, before: frozenset[str]) -> None:
        """Counts a worker among those that have its models, and notes for which lanes it is open."""
        self._homes.update(worker.there - before)
        self._homes.subtract(before - worker.there)
        self._reopen(worker)

    def _reopen(self, worker: Capacity) -> None:
        for lane, open_ in enumerate(self._open):
            if worker.open(lane):
                open_[worker] = None
            else:
                open_.pop(worker, None)


def _idle(workers: Iterable[Capacity], model: str, lane: int, *, anywhere: bool) -> Capacity | None:
    """The worker without any job that a model goes to, whatever else it is cleared for.

    ``anywhere``: some worker has room for the model.
    """
    idle = [worker for worker in workers if not worker.held]
    if not anywhere:
        return max(idle, key=lambda worker: worker.memory or 0, default=None)
    fitting = [worker for worker in idle if worker.placement(model) is not None]
    return min(fitting, key=lambda worker: _trouble(worker, model, lane), default=None)


def _trouble(worker: Capacity, model: str, lane: int) -> tuple[Placement | None, bool, int, int]:
    """What it means to draw with a model on a worker: slow placements, others to drop, others' rows."""
    crowded = not worker.has(model) and len(worker.there) >= worker.models
    return worker.placement(model), crowded, worker.load(lane), len(worker.held)
