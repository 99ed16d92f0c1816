"""The engine's async front: jobs in, streams of events out; worker processes are its own business.

`Engine` is used as an async context. A job is accepted at once; the first one starts a worker. Whatever
happens, its stream ends with exactly one final event, or raises EngineClosed when the engine is closed
first. A job whose worker dies is rendered again, alone this time, so that one that kills workers takes no
other with it, and failed when it has ended three workers. Knows nothing of torch, of Discord or of where
jobs come from.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any

from engine.errors import BadPicture, EngineClosed, EngineError, WorkerDied
from engine.job import Cancelled, Description, Event, Failed, Job, Queued, Request, is_final
from engine.planning.registry import Registry
from engine.process.settings import WorkerSettings
from engine.process.stream import EventStream
from engine.process.supervisor import Supervisor
from engine.process.wire import (
    Beat,
    Cancel,
    Describe,
    Described,
    Happened,
    Know,
    Load,
    Order,
    Ready,
    Report,
    Residents,
    Say,
    Select,
    Selected,
    Setup,
    Submit,
    Unload,
    Work,
)

__all__ = ["Engine", "EngineStatus", "EventStream"]

WORKER = (sys.executable, "-m", "engine.process.worker")
"""How a worker process is started."""

_MOST_DEATHS = 3
"""Workers that may end while they hold a job, or before they are ready, until its failure is its own."""

_MOST_KILLS = 12
"""Processes in a row that may be killed before they are ready: with the waits between them, minutes."""

_WHY_DIED = "The renderer stopped while it was drawing this. Please try again."


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """What goes on: jobs waiting and being rendered, workers alive, models in memory, what workers did."""

    queued: int
    running: int
    workers: int
    models: tuple[str, ...]
    work: tuple[Work, ...] = ()


@dataclass(eq=False, slots=True)
class _Open:
    """A job without its final event."""

    job: Job
    stream: EventStream
    place: _Place
    started: bool = False
    deaths: int = 0


@dataclass(eq=False, slots=True)
class _Question:
    """A picture that waits to be described or looked through, or a request that waits for its answer."""

    order: Describe | Say | Select
    answer: asyncio.Future[Any]
    deaths: int = 0


@dataclass(eq=False)
class _Place:
    """A device, its supervisor, and what is open there."""

    supervisor: Supervisor
    jobs: dict[str, _Open] = field(default_factory=dict)
    questions: dict[int, _Question] = field(default_factory=dict)
    wanted: dict[str, None] = field(default_factory=dict)  # models asked for ahead of jobs
    leaving: set[str] = field(default_factory=set)  # cancelled here, the worker has yet to say so
    models: tuple[str, ...] = ()
    false_starts: int = 0
    killed_starts: int = 0
    work: Work = field(default_factory=Work)

    def orders(self) -> Iterator[Order]:
        """All that is open, for a new process."""
        yield from (Load(model) for model in self.wanted)
        yield from (Submit(open.job, alone=open.deaths > 0) for open in self.jobs.values())
        yield from (question.order for question in self.questions.values())


class Engine:
    """Renders jobs in worker processes, one a device.

    ``device`` is "auto", or devices as torch calls them, separated by commas. ``settings`` are those of every
    worker. A step longer than ``stall`` seconds ends its worker. ``command`` starts a worker.
    """

    def __init__(
        self,
        *,
        registry: Registry,
        device: str = "auto",
        settings: WorkerSettings | None = None,
        stall: float = 600.0,
        command: Sequence[str] = WORKER,
    ) -> None:
        self._setup = Setup(registry, "", settings or WorkerSettings())
        self._registry, self._stall, self._command = registry, stall, tuple(command)
        self._jobs: dict[str, _Open] = {}
        self._numbers = 0
        self._closed = False
        self._places = [self._place(name.strip()) for name in device.split(",")]

    async def __aenter__(self) -> Engine:
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
        place = min(self._places, key=lambda place: len(place.jobs))
        self._jobs[job.id] = place.jobs[job.id] = _Open(job, stream, place)
        stream.put(Queued(job.id, len(place.jobs)))
        place.supervisor.wake(Submit(job))
        return stream

    async def cancel(self, job_id: str) -> bool:
        """Ends a job now; its worker drops it at its next step. False when it is not open (any more)."""
        open = self._jobs.get(job_id)
        if open is None:
            return False
        if open.place.supervisor.pid is not None:
            open.place.supervisor.wake(Cancel(job_id))
            open.place.leaving.add(job_id)
        self._finish(open, Cancelled(job_id))
        return True

    async def describe(self, png: bytes, turn: int = 0) -> Description:
        """Four prompts for a picture, others in each turn (0, 1 …).

        Raises BadPicture when it cannot be read, EngineError otherwise.
        """
        said: Description = await self._asked(lambda number: Describe(number, png, turn))
        return said

    async def say(self, request: Request) -> Description:
        """What a language model of this machine says. Raises BadPicture and EngineError."""
        said: Description = await self._asked(lambda number: Say(number, request))
        return said

    async def select(self, png: bytes, /, words: str, point: tuple[float, float] | None) -> bytes:
        """A PNG of the picture's size, white where ``words`` are, or the thing at ``point``.

        The point is in shares of the picture's sides. Raises BadPicture and EngineError.
        """
        mask: bytes = await self._asked(lambda number: Select(number, png, words, point))
        return mask

    async def _asked(self, order: Callable[[int], Describe | Say | Select]) -> Any:
        if self._closed:
            raise EngineClosed("The engine was closed.")
        self._numbers += 1
        place = min(self._places, key=lambda place: len(place.jobs))
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        question = place.questions[self._numbers] = _Question(order(self._numbers), answer)
        place.supervisor.wake(question.order)
        try:
            return await answer
        finally:
            place.questions.pop(question.order.number, None)

    def load(self, model: str) -> None:
        """Has a model ready on every device before anyone asks for it. Raises UnknownModel."""
        self._registry.get(model)
        for place in self._places:
            place.wanted[model] = None
            place.supervisor.wake(Load(model))

    def unload(self, model: str) -> None:
        """Frees a model's memory on every device, if no job is using it."""
        for place in self._places:
            place.wanted.pop(model, None)
            if place.supervisor.pid is not None:
                place.supervisor.wake(Unload(model))

    def know(self, registry: Registry) -> None:
        """From now on these are the models that there are; jobs under way go on with what they have."""
        self._registry, self._setup = registry, replace(self._setup, registry=registry)
        for place in self._places:
            place.supervisor.renew(replace(place.supervisor.setup, registry=registry), Know(registry))

    def status(self) -> EngineStatus:
        """What goes on."""
        running = sum(open.started for open in self._jobs.values())
        models = {model: None for place in self._places for model in place.models}
        work = tuple(place.work for place in self._places if place.work.device)
        return EngineStatus(len(self._jobs) - running, running, len(self.workers()), tuple(models), work)

    def workers(self) -> tuple[int, ...]:
        """The ids of the worker processes that are alive."""
        pids = (place.supervisor.pid for place in self._places)
        return tuple(pid for pid in pids if pid is not None)

    async def close(self) -> None:
        """Ends the workers, in a second or two. Open streams raise EngineClosed, without a final event."""
        self._closed = True
        await asyncio.gather(*(place.supervisor.close() for place in self._places))
        for open in self._jobs.values():
            open.stream.close()
        self._jobs.clear()
        for place in self._places:
            for question in place.questions.values():
                _refuse(question, EngineClosed("The engine was closed."))

    def _place(self, device: str) -> _Place:
        supervisor = Supervisor(
            self._command,
            replace(self._setup, device=device),
            orders=lambda: place.orders(),
            on_report=lambda report: self._on_report(place, report),
            on_end=lambda ready, killed: self._on_end(place, ready, killed),
            stall=self._stall,
        )
        place = _Place(supervisor)
        return place

    def _on_report(self, place: _Place, report: Report) -> None:
        match report:
            case Happened(event, started) if event.job_id in place.leaving:
                place.leaving -= {event.job_id} if is_final(event) else set()
            case Happened(event, started):
                open = self._jobs.get(event.job_id)
                if open is not None and is_final(event):
                    self._finish(open, event)
                elif open is not None:
                    open.started = open.started or started
                    open.stream.put(event)
            case Described(number, prompts, problem, unreadable, notes):
                question = place.questions.get(number)
                if question is not None and problem is not None:
                    _refuse(question, BadPicture(problem) if unreadable else EngineError(problem))
                elif question is not None and not question.answer.done():
                    question.answer.set_result(Description(prompts, notes))
            case Selected(number, mask, problem, unreadable):
                question = place.questions.get(number)
                if question is not None and mask is None:
                    _refuse(question, BadPicture(problem) if unreadable else EngineError(problem))
                elif question is not None and not question.answer.done():
                    question.answer.set_result(mask)
            case Residents(models):
                place.models = models
            case Beat(_, work):
                place.work = work
            case Ready(_, devices):
                place.false_starts = place.killed_starts = 0
                if len(self._places) == 1:
                    self._take_in(devices[1:])

    def _take_in(self, devices: Sequence[str]) -> None:
        """Gives devices that the first worker found their share of what was asked for before it was ready."""
        (first,) = self._places
        self._places += [self._place(device) for device in devices]
        for place in self._places[1:]:
            place.wanted |= first.wanted
            for model in first.wanted:
                place.supervisor.wake(Load(model))
        for index, open in enumerate([open for open in first.jobs.values() if not open.started]):
            place = self._places[index % len(self._places)]
            if place is not first:
                self._move(open, place)

    def _move(self, open: _Open, place: _Place) -> None:
        """Has a job rendered in another place; what its worker still says of it is not heard."""
        open.place.supervisor.wake(Cancel(open.job.id))
        open.place.leaving.add(open.job.id)
        del open.place.jobs[open.job.id]
        open.place = place
        place.jobs[open.job.id] = open
        place.supervisor.wake(Submit(open.job, alone=open.deaths > 0))

    def _on_end(self, place: _Place, was_ready: bool, killed: bool) -> bool:
        """After a worker's end: counts it against what it was doing; whether there is work for another."""
        place.models = ()
        place.leaving.clear()
        place.false_starts += not was_ready and not killed
        place.killed_starts += not was_ready and killed
        hopeless = place.false_starts >= _MOST_DEATHS or place.killed_starts >= _MOST_KILLS
        for open in list(place.jobs.values()):
            open.deaths, open.started = open.deaths + open.started, False
            if open.deaths >= _MOST_DEATHS or hopeless:
                self._finish(open, Failed(open.job.id, _WHY_DIED, WorkerDied.retryable, "WorkerDied"))
        for question in list(place.questions.values()):
            question.deaths += was_ready
            if question.deaths >= _MOST_DEATHS or hopeless:
                _refuse(question, WorkerDied(_WHY_DIED))
                del place.questions[question.order.number]
        if hopeless:
            place.false_starts = place.killed_starts = 0
        return bool(place.jobs or place.questions)

    def _finish(self, open: _Open, event: Event) -> None:
        del self._jobs[open.job.id], open.place.jobs[open.job.id]
        open.stream.put(event)


def _refuse(question: _Question, error: Exception) -> None:
    if not question.answer.done():
        question.answer.set_exception(error)
