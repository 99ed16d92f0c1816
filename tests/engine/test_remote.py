"""A replica as the front sees it, behind a handle that needs no cluster: what is said, when it is let go."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from engine import Cancelled, Finished, Job, Lane, Progress, is_final
from engine.process.pool import Hearing
from engine.process.remote import RemoteWorker
from engine.process.settings import WorkerSettings
from engine.process.wire import Cancel, Describe, Described, Happened, Report, Residents, Setup, Submit
from tests.engine import stub


@dataclass
class Call:
    """A call under way: what a replica streams back as its answer."""

    reports: asyncio.Queue[Report | Exception] = field(default_factory=asyncio.Queue)
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True

    async def __aiter__(self) -> AsyncIterator[Report]:
        ended = False
        while not ended:
            yield (report := await self._next())
            ended = isinstance(report, Happened) and is_final(report.event)

    def __await__(self) -> Any:
        return self._next().__await__()

    async def _next(self) -> Report:
        if isinstance(report := await self.reports.get(), Exception):
            raise report
        return report


class Front:
    """Keeps the protocol `Calls`, and all that it is told."""

    def __init__(self) -> None:
        self.handle, self.setup = self, Setup(stub.REGISTRY, "cpu", WorkerSettings())
        self.hearing = Hearing(
            lambda worker, only: None,
            lambda worker, report: self.heard.append(report),
            lambda worker: self.said.append("leaving"),
            lambda worker: self.said.append("ended"),
            lambda: None,
        )
        self.heard: list[Report] = []
        self.said: list[str] = []
        self.calls: list[Call] = []
        self.worker = RemoteWorker("a replica", self)

    def options(self, **wanted: Any) -> "Front":
        return self

    def remote(self, *what: Any) -> Call:
        self.calls.append(Call())
        return self.calls[-1]

    def lost(self, worker: RemoteWorker) -> None:
        self.said.append("lost")
        self.drop(worker)

    def drop(self, worker: RemoteWorker) -> None:
        worker.ended = True
        self.hearing.ended(worker)

    async def submit(self, name: str) -> Call:
        """Hands a job over; the call that is made of it."""
        self.worker.send(Submit(Job(name, stub.plan(), owner="ada", lane=Lane.FAST)))
        return await self.call()

    async def call(self) -> Call:
        """The newest call, once it is made."""
        await settled()
        return self.calls[-1]


async def settled() -> None:
    """Lets everything happen that waits for nothing else."""
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.fixture
def front() -> Front:
    return Front()


async def test_a_replica_that_leaves_goes_with_its_last_job(front: Front) -> None:
    calls = [await front.submit("1"), await front.submit("2")]
    front.worker.leave()
    assert front.said == ["leaving"]
    for name, call in zip("12", calls, strict=True):
        assert "ended" not in front.said
        call.reports.put_nowait(Happened(Finished(name, (), 0.0)))
        await settled()
    assert front.said == ["leaving", "ended"]


async def test_it_goes_too_when_its_last_job_is_cancelled(front: Front) -> None:
    call = await front.submit("1")
    front.worker.leave()
    front.worker.send(Cancel("1"))
    assert front.heard == [Happened(Cancelled("1"))]
    assert front.said == ["leaving"]  # whoever cancels is not told in the middle of it
    await settled()
    assert call.cancelled
    assert front.said == ["leaving", "ended"]


async def test_a_call_that_fails_or_ends_early_means_that_the_worker_is_lost(front: Front) -> None:
    call = await front.submit("1")
    call.reports.put_nowait(Happened(Progress("1", 0, 4)))
    call.reports.put_nowait(ConnectionError())
    await settled()
    assert front.said == ["lost", "ended"]


async def test_a_question_is_answered_or_its_worker_is_lost(front: Front) -> None:
    front.worker.send(Describe(1, b"a picture"))
    (await front.call()).reports.put_nowait(Described(1, ("a picture",)))
    await settled()
    assert front.heard == [Described(1, ("a picture",))]
    front.worker.send(Describe(2, b"a picture"))
    (await front.call()).reports.put_nowait(ConnectionError())
    await settled()
    assert front.said == ["lost", "ended"]


async def test_of_what_is_in_memory_old_news_are_not_believed(front: Front) -> None:
    call = await front.submit("1")
    newest = Residents(("first", "second"), 2)
    call.reports.put_nowait(newest)
    await settled()
    front.worker.hear(Residents(("first",), 1))  # looked at before, and on its way for longer
    assert front.heard == [newest]
    front.worker.hear(Residents(("second",), 3))
    assert front.heard == [newest, Residents(("second",), 3)]
