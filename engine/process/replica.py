"""One device of a cluster: a worker process, supervised as on one's own machine, behind calls and streams.

What a front would say over a pipe comes as calls here; what the worker says of a job leaves as that call's
stream. Knows nothing of who spreads replicas over machines: that is `cluster`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.errors import WorkerDied
from engine.job import Job, is_final
from engine.process.questions import Question
from engine.process.supervisor import WORKER, Supervisor
from engine.process.wire import (
    Beat,
    Cancel,
    Described,
    Happened,
    Order,
    Ready,
    Report,
    Residents,
    Room,
    Selected,
    Setup,
    Submit,
)

__all__ = ["Replica"]

_MOST_FALSE_STARTS = 3
"""Processes in a row that may end before they are ready until the replica says that it is not well."""


class Replica:
    """Keeps one worker process, started by ``command`` where one is given.

    ``version`` names what it was set up with. ``measured`` is where this machine keeps what was
    found out about it, instead of where the front's does.
    Calls begin with the name of the replica that they are for, which is how they are routed here.
    """

    def __init__(
        self, setup: Setup, command: Sequence[str], stall: float, version: str, measured: Path | None
    ) -> None:
        self._version = version
        self._supervisor = Supervisor(
            command or WORKER,
            replace(setup, settings=replace(setup.settings, measured=measured)),
            on_report=self._on_report,
            on_end=self._on_end,
            stall=stall,
        )
        self._streams: dict[str, asyncio.Queue[Happened | Residents | None]] = {}
        self._leaving: set[str] = set()  # cancelled, the worker has yet to say so
        self._answers: dict[int, asyncio.Future[Described | Selected]] = {}
        self._ready: asyncio.Future[Ready] | None = None
        self._residents, self._beat, self._room = Residents(()), Beat(0.0), Room()
        self._false_starts = 0

    async def version(self) -> str:
        """What it was set up with."""
        return self._version

    async def hello(self, name: str) -> Ready:
        """Starts the worker process, and says when it is ready."""
        if self._ready is None:
            self._ready = asyncio.get_running_loop().create_future()
        self._supervisor.start()
        return await asyncio.shield(self._ready)

    async def render(self, name: str, job: Job, alone: bool) -> AsyncIterator[Happened | Residents]:
        """A job's reports, the last one with its final event; without one the job was lost here.

        Among them is what is in memory, when it changes.

        Whoever stops reading cancels it.
        """
        if not self._supervisor.ready:
            return
        reports = self._streams[job.id] = asyncio.Queue()
        self._supervisor.send(Submit(job, alone))
        try:
            while (report := await reports.get()) is not None:
                last = isinstance(report, Happened) and is_final(report.event)
                if last:
                    del self._streams[job.id]
                yield report
                if last:
                    return
        finally:
            if self._streams.get(job.id) is reports:
                del self._streams[job.id]
                if self._supervisor.ready:
                    self._leaving.add(job.id)
                    self._supervisor.send(Cancel(job.id))

    async def ask(self, name: str, question: Question) -> Described | Selected:
        """The answer to a question. Raises WorkerDied."""
        if not self._supervisor.ready:
            raise WorkerDied("The renderer stopped.")
        answer: asyncio.Future[Described | Selected] = asyncio.get_running_loop().create_future()
        self._answers[question.number] = answer
        self._supervisor.send(question)
        try:
            return await answer
        finally:
            self._answers.pop(question.number, None)

    async def obey(self, name: str, order: Order, setup: Setup) -> None:
        """Has an order carried out; a new process begins with ``setup``."""
        mine = self._supervisor.setup
        self._supervisor.setup = replace(mine, registry=setup.registry)
        self._supervisor.send(order)

    def record_routing_stats(self) -> dict[str, Any]:
        """What goes on here, for the front."""
        return {"version": self._version, "reports": (self._residents, self._beat, self._room)}

    def check_health(self) -> None:
        """Raises when the worker process does not start."""
        if self._false_starts >= _MOST_FALSE_STARTS:
            raise RuntimeError("the worker process does not start; see its output above")

    def _on_report(self, report: Report) -> None:
        match report:
            case Ready() if self._ready is not None and not self._ready.done():
                self._false_starts, self._room = 0, report.room
                self._ready.set_result(report)
            case Room():
                self._room = report
            case Happened(event, _) if event.job_id in self._leaving:
                self._leaving -= {event.job_id} if is_final(event) else set()
            case Happened(event, _) if event.job_id in self._streams:
                self._streams[event.job_id].put_nowait(report)
            case Described(number) | Selected(number) if (
                number in self._answers and not self._answers[number].done()
            ):
                self._answers[number].set_result(report)
            case Residents(models):
                self._keep(models)
                for reports in self._streams.values():
                    reports.put_nowait(self._residents)
            case Beat():
                self._beat = report

    def _keep(self, models: tuple[str, ...]) -> None:
        self._residents = Residents(models, self._residents.number + 1)

    def _on_end(self, was_ready: bool, killed: bool) -> bool:
        """What the process had in hand is lost; another one is started."""
        self._false_starts += not was_ready
        self._keep(())
        self._beat = Beat(0.0)
        if was_ready:
            self._ready = asyncio.get_running_loop().create_future()
        self._leaving.clear()
        for reports in self._streams.values():
            reports.put_nowait(None)
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(WorkerDied("The renderer stopped."))
        return True
