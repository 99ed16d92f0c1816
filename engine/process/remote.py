"""A replica of a cluster, as the front sees it: orders become calls, and what comes of them becomes reports.

Knows nothing of how calls find their replica, nor of which replicas there are: that is `cluster`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol

from engine.job import Cancelled, Job, is_final
from engine.process.pool import Hearing
from engine.process.questions import Question
from engine.process.wire import (
    Cancel,
    Describe,
    Happened,
    Order,
    Report,
    Residents,
    Say,
    Select,
    Setup,
    Submit,
)

__all__ = ["Calls", "RemoteWorker"]

_LOG = logging.getLogger(__name__)


class Calls(Protocol):
    """Whoever has the ``handle`` that calls replicas, and is told when one is ``lost``, or let go."""

    handle: Any
    setup: Setup
    hearing: Hearing

    def lost(self, worker: RemoteWorker) -> None:
        """What a worker process had in hand is lost."""
        ...

    def drop(self, worker: RemoteWorker) -> None:
        """A worker process is no more."""
        ...


@dataclass(eq=False)
class RemoteWorker:
    """A replica's worker process. ``calls`` are under way; those of jobs by their ids.

    ``leaving``: it is to finish what it has. ``ended``: nobody hears it any more. ``told`` is the number of
    the newest news of its memory.
    """

    name: str
    pool: Calls
    calls: set[asyncio.Task[None]] = field(default_factory=set)
    jobs: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    leaving: bool = False
    ended: bool = False
    told: int = 0

    def send(self, order: Order) -> None:
        """Makes the call that the order is."""
        match order:
            case Submit(job, alone):
                self.jobs[job.id] = self._call(self._render(job, alone))
            case Cancel(job_id):
                if job_id in self.jobs:
                    self.jobs.pop(job_id).cancel()
                    self.pool.hearing.reported(self, Happened(Cancelled(job_id)))
            case Describe() | Say() | Select():
                self._call(self._ask(order))
            case _:
                self._call(self._obey(order))

    def hear(self, report: Report) -> None:
        """Tells the front. What is in memory comes with jobs and by itself: the newest counts."""
        if isinstance(report, Residents):
            if report.number < self.told:
                return
            self.told = report.number
        if not self.ended:
            self.pool.hearing.reported(self, report)

    def leave(self) -> None:
        """It takes nothing new, and goes once its jobs have ended."""
        self.leaving = True
        self.pool.hearing.leaving(self)
        self._go_if_done()

    def _go_if_done(self) -> None:
        if self.leaving and not self.jobs and not self.ended:
            self.pool.drop(self)

    def _call(self, call: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(call, name=f"replica {self.name}")
        self.calls.add(task)
        task.add_done_callback(self._came_back)
        return task

    def _came_back(self, call: asyncio.Task[None]) -> None:
        self.calls.discard(call)
        self._go_if_done()

    async def _render(self, job: Job, alone: bool) -> None:
        response = self.pool.handle.options(method_name="render", stream=True).remote(self.name, job, alone)
        ended = False
        try:
            async for report in response:
                ended = isinstance(report, Happened) and is_final(report.event)
                if ended:
                    self.jobs.pop(job.id, None)
                self.hear(report)
        except asyncio.CancelledError:
            response.cancel()
            raise
        except Exception as error:
            _LOG.warning("replica %s lost a job (%s)", self.name, type(error).__name__)
        if not ended:
            self.pool.lost(self)

    async def _ask(self, question: Question) -> None:
        try:
            answer = await self.pool.handle.options(method_name="ask").remote(self.name, question)
        except Exception as error:
            _LOG.warning("replica %s lost a question (%s)", self.name, type(error).__name__)
            self.pool.lost(self)
            return
        self.pool.hearing.reported(self, answer)

    async def _obey(self, order: Order) -> None:
        try:
            await self.pool.handle.options(method_name="obey").remote(self.name, order, self.pool.setup)
        except Exception as error:
            _LOG.warning("replica %s did not hear an order (%s)", self.name, type(error).__name__)
