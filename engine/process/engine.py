"""The engine's async front: jobs in, streams of events out; where workers are is its pool's business.

`Engine` is used as an async context. A job is accepted at once and waits here until a worker can start it
soon (`engine.turns.dispatch`). Whatever happens, its stream ends with exactly one final event, or raises
EngineClosed when the engine is closed first. A job by which its worker may have ended, because it was drawn
or something was made ready for it, is handed over again with nothing beside it, so that one that kills
workers takes no other with it, and failed when it has ended three workers. Knows nothing of torch, of Discord
or of where jobs come from.
"""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from types import TracebackType

from engine.errors import EngineClosed, UnknownModel, WorkerDied
from engine.job import Cancelled, Description, Event, Failed, Finished, Job, Lane, Queued, Request, is_final
from engine.planning.registry import Registry
from engine.process.ahead import Ahead
from engine.process.hands import OpenJob, Place
from engine.process.local import LocalPool
from engine.process.pool import EVERY, Hearing, MakePool, Worker
from engine.process.questions import Questions
from engine.process.settings import WorkerSettings
from engine.process.stream import EventStream
from engine.process.supervisor import WORKER
from engine.process.wire import (
    Beat,
    Cancel,
    Describe,
    Described,
    Happened,
    Load,
    Ready,
    Report,
    Residents,
    Room,
    Say,
    Select,
    Selected,
    Setup,
    Submit,
    Unload,
    Work,
    told_apart,
)
from engine.turns.dispatch import Dispatcher
from engine.turns.standing import Standing
from engine.turns.work import demand_of

__all__ = ["Engine", "EngineStatus", "EventStream"]

_MOST_DEATHS = 3
"""Workers that may end by a job until its failure is its own."""

_MOST_AHEAD = _MOST_DEATHS - 1
"""Workers that may end before a model is in memory that was to be there ahead of jobs: no job fails by it."""

_LOOK = 1.0
"""Seconds between two looks at the jobs that wait: with time other workers become good enough for them, and
a worker that has nothing new to report need not say so."""

_WHY_DIED = "The renderer stopped while it was drawing this. Please try again."
_WHY_NONE = "No renderer can be started here; the log of whoever runs this says why."
_WHY_CLOSED = "The engine was closed."

_LANES = tuple(Lane)


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """What goes on: jobs waiting and being rendered, workers alive, models in memory, what workers did."""

    queued: int
    running: int
    workers: int
    models: tuple[str, ...]
    work: tuple[Work, ...] = ()


class Engine:
    """Renders jobs in workers, one a device.

    ``device`` is "auto", or devices as torch calls them, separated by commas. ``settings`` are those of every
    worker. A step longer than ``stall`` seconds ends its worker. ``command`` starts a worker. ``pool`` makes
    workers that are elsewhere than in processes of this machine.
    """

    def __init__(
        self,
        *,
        registry: Registry,
        device: str = "auto",
        settings: WorkerSettings | None = None,
        stall: float = 600.0,
        command: Sequence[str] = WORKER,
        pool: MakePool | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._registry, self._settings, self._clock = registry, settings or WorkerSettings(), clock
        self._dispatcher, self._standing = Dispatcher(lanes=len(_LANES)), Standing()
        self._jobs: dict[str, OpenJob] = {}
        self._started = 0  # of them
        self._questions = Questions(_MOST_DEATHS, self._hand_out)
        self._places: dict[Hashable, Place] = {}
        self._ahead = Ahead(_MOST_AHEAD)
        self._closed = False
        self._looking: asyncio.Task[None] | None = None
        make = pool or functools.partial(LocalPool, stall=stall, command=command)
        self._pool = make(
            Setup(registry, device, self._settings),
            Hearing(self._came, self._reported, self._dispatcher.leave, self._ended, self._gave_up),
        )

    async def __aenter__(self) -> Engine:
        self._pool.want(0)
        self._looking = asyncio.create_task(_look_again(self._dispatcher, self._hand_out))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def submit(self, job: Job) -> EventStream:
        """Accepts a job and returns its events: Queued, Progress, one final event. Its id must be new.

        Nothing that is wrong with the job raises: it ends in Failed. Reading ends with EngineClosed if the
        engine is closed first. A stream that nobody reads does no harm; the job is rendered all the same.
        """
        if job.id in self._jobs:
            raise ValueError(f"job {job.id} is already open")
        stream = EventStream()
        if self._closed:
            stream.close()
            return stream
        now = self._clock()
        try:
            demand = demand_of(job, self._registry)
        except UnknownModel as error:
            stream.put(Failed(job.id, str(error), error.retryable, type(error).__name__))
            return stream
        if not self._jobs:
            self._standing.began(now)
        self._jobs[job.id] = OpenJob(job, demand, stream)
        stream.put(Queued(job.id, len(self._jobs) - self._started))
        self._dispatcher.add(demand, now)
        self._hand_out()
        return stream

    async def cancel(self, job_id: str) -> bool:
        """Ends a job now; its worker drops it at its next step. False when it is not open (any more)."""
        open = self._jobs.get(job_id)
        if open is None:
            return False
        if open.place is not None:
            open.place.leaving.add(job_id)
            open.place.worker.send(Cancel(job_id))
        self._finish(open, Cancelled(job_id))
        self._hand_out()
        return True

    async def describe(self, png: bytes, turn: int = 0) -> Description:
        """Four prompts for a picture, others in each turn (0, 1 …).

        Raises BadPicture when it cannot be read, EngineError otherwise.
        """
        said: Description = await self._questions.ask(lambda number: Describe(number, png, turn))
        return said

    async def say(self, request: Request) -> Description:
        """What a language model of this machine says. Raises BadPicture and EngineError."""
        said: Description = await self._questions.ask(lambda number: Say(number, request))
        return said

    async def select(self, png: bytes, /, words: str, point: tuple[float, float] | None) -> bytes:
        """A PNG of the picture's size, white where ``words`` are, or the thing at ``point``.

        The point is in shares of the picture's sides. Raises BadPicture and EngineError.
        """
        mask: bytes = await self._questions.ask(lambda number: Select(number, png, words, point))
        return mask

    def load(self, model: str) -> None:
        """Has a model ready on every device before anyone asks for it. Raises UnknownModel."""
        self._registry.get(model)
        self._ahead.add(model)
        for place in self._places.values():
            place.worker.send(Load(model))
        self._pool.want(EVERY)

    def unload(self, model: str) -> None:
        """Frees a model's memory on every device, if no job is using it."""
        self._ahead.drop(model)
        for place in self._places.values():
            place.worker.send(Unload(model))

    def know(self, registry: Registry) -> None:
        """From now on these are the models that there are; jobs under way go on with what they have."""
        self._registry = registry
        self._pool.know(registry)

    def status(self) -> EngineStatus:
        """What goes on."""
        models = {model: None for place in self._places.values() for model in place.models}
        work = told_apart(place.work for place in self._places.values() if place.work.device)
        waiting = len(self._jobs) - self._started
        return EngineStatus(waiting, self._started, self._pool.alive(), tuple(models), work)

    def workers(self) -> tuple[int, ...]:
        """The ids of the worker processes of this machine that are alive."""
        return self._pool.pids()

    async def close(self) -> None:
        """Ends the workers, in a second or two. Open streams raise EngineClosed, without a final event."""
        self._closed = True
        if self._looking is not None:
            self._looking.cancel()
        await self._pool.close()
        for open in self._jobs.values():
            open.stream.close()
        self._jobs.clear()
        self._questions.close(EngineClosed(_WHY_CLOSED))

    def _came(self, worker: Worker, only: bool) -> None:
        """A worker is ready: it gets the models that are wanted, then jobs. ``only``: no other will come."""
        self._places[worker] = Place(worker)
        settings = self._settings
        self._dispatcher.enter(worker, places=settings.active, models=settings.models, takes_all=only)
        for model in self._ahead:
            worker.send(Load(model))
        if self._ahead:
            self._pool.want(EVERY)

    def _reported(self, worker: Worker, report: Report) -> None:
        place = self._places.get(worker)
        if place is None:
            return
        match report:
            case Happened(event, _) if event.job_id in place.leaving:
                place.leaving -= {event.job_id} if is_final(event) else set()
                return
            case Happened(event, started):
                open = place.jobs.get(event.job_id)
                if open is None:
                    return
                if not is_final(event):
                    self._started += started and not open.started
                    open.started = open.started or started
                    open.stream.put(event)
                    return
                self._finish(open, event)
            case Described() | Selected():
                self._questions.answered(report)
            case Residents(models):
                place.models = models
                self._ahead.came(models)
                self._dispatcher.know(worker, resident=models)
            case Beat(_, work, rows):
                place.work = work
                self._dispatcher.know(worker, rows=rows or None)
            case Room(memory, fits) | Ready(_, _, Room(memory, fits)):
                self._dispatcher.know(worker, memory=memory, fits=fits)
        self._hand_out()

    def _ended(self, worker: Worker) -> None:
        """A worker is lost: what it had in hand waits again, or fails when it has ended too many."""
        place, now = self._places.pop(worker), self._clock()
        self._dispatcher.leave(worker)
        lost = list(place.jobs.values())
        blamed = [open for open in lost if place.blames(open)]
        # A model that cannot be loaded has ended workers for each of those that wait for it again; where
        # something else was made ready as well, that may have been it.
        unloaded = {open.demand.model for open in blamed if place.loads(open) and not open.prepared}
        blamed += [
            open
            for open in self._jobs.values()
            if open.place is None and open.deaths and open.demand.model in unloaded
        ]
        for open in blamed:
            open.deaths += 1
        for open in lost:
            self._started -= open.started
            open.started, open.alone, open.place = False, False, None
            self._dispatcher.put_back(open.job.id, now, alone=open.deaths > 0)
        for open in [open for open in blamed if open.deaths >= _MOST_DEATHS]:
            self._finish(open, _died(open.job, _WHY_DIED))
        self._ahead.lost(place.models)
        self._questions.lost(worker, WorkerDied(_WHY_DIED))
        self._hand_out()

    def _gave_up(self) -> None:
        """No worker can be started: nobody waits for ever."""
        for open in list(self._jobs.values()):
            self._finish(open, _died(open.job, _WHY_NONE))
        self._questions.refuse(WorkerDied(_WHY_NONE))

    def _hand_out(self) -> None:
        """Gives workers what they can start soon, and tells those who wait where they stand."""
        now = self._clock()
        for handed in self._dispatcher.hand_out(now):
            open, lane = self._jobs[handed.job], _LANES[handed.lane]
            open.place, open.alone = self._places[handed.worker], handed.alone
            place = open.place
            place.jobs[handed.job] = open
            self._standing.forget(handed.job)
            job = open.job if open.job.lane is lane else replace(open.job, lane=lane)
            place.worker.send(Submit(job, alone=handed.alone))
        waiting = self._questions.waiting()
        here = [
            place for worker, place in self._places.items() if worker in self._dispatcher and place.shared
        ]
        for number in waiting if here else ():
            place = min(here, key=lambda each: len(each.jobs))
            place.worker.send(self._questions.given(number, place.worker))
        more = max(len(self._dispatcher), len(self._jobs) - len(self._places))
        self._pool.want(more + (0 if here else len(waiting)))
        if self._standing.due(len(self._dispatcher), now):
            for news in self._standing.announce(self._dispatcher.order(), now):
                self._jobs[news.job_id].stream.put(news)

    def _finish(self, open: OpenJob, event: Event) -> None:
        job_id = open.job.id
        del self._jobs[job_id]
        self._started -= open.started
        if open.place is not None:
            del open.place.jobs[job_id]
        self._dispatcher.remove(job_id)
        self._standing.forget(job_id)
        worth = open.demand.cost if isinstance(event, Finished) else 0.0
        self._standing.done(worth, self._clock(), last=not self._jobs)
        open.stream.put(event)


async def _look_again(waiting: Dispatcher, hand_out: Callable[[], None]) -> None:
    while True:
        await asyncio.sleep(_LOOK)
        if len(waiting):
            hand_out()


def _died(job: Job, why: str) -> Failed:
    return Failed(job.id, why, WorkerDied.retryable, WorkerDied.__name__)
