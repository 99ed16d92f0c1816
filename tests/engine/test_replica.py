"""What a cluster's replica does with its worker process, without the cluster around it."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine import Finished, Job, Lane, Progress
from engine.process.pool import Hearing
from engine.process.replica import Replica
from engine.process.settings import WorkerSettings
from engine.process.wire import Describe, Described, Happened, Know, Residents, Select, Selected, Setup
from tests.engine import stub, whereabouts

SETUP = Setup(stub.REGISTRY, "cpu", WorkerSettings())
NAME = "named so by Serve"


@pytest.fixture
async def replica() -> AsyncIterator[Replica]:
    one = Replica(SETUP, (sys.executable, whereabouts.__file__), 600.0, "as it was set up", None)
    await one.hello(NAME)
    yield one
    await one._supervisor.close()


async def test_a_job_s_reports_come_as_a_stream_that_ends_with_it(replica: Replica) -> None:
    job = Job("1", stub.plan(), owner="ada", lane=Lane.FAST)
    reports = [report async for report in replica.render(NAME, job, False)]
    assert Residents(("stub",), 1) in reports
    events = [report.event for report in reports if isinstance(report, Happened)]
    assert [type(event) for event in events] == [Progress, Finished]


async def test_questions_of_every_kind_have_their_answer(replica: Replica) -> None:
    asked = (Describe(1, b"a picture"), Select(2, b"a picture", "the hat"))
    answers = await asyncio.gather(*(replica.ask(NAME, question) for question in asked))
    assert answers == [Described(1, ("a picture",)), Selected(2, b"the hat")]


async def test_its_news_say_how_it_was_set_up_what_is_in_memory_and_what_fits(replica: Replica) -> None:
    job = Job("1", stub.plan(model="second"), owner="ada", lane=Lane.FAST)
    assert [report async for report in replica.render(NAME, job, False)]
    await replica.obey(NAME, Know(stub.REGISTRY), SETUP)
    await replica.ask(NAME, Describe(1, b"a picture"))  # answered after what came before
    news = replica.record_routing_stats()
    assert news["version"] == await replica.version() == "as it was set up"
    assert Residents(("second",), 1) in news["reports"]
    assert whereabouts.ROOM in news["reports"]


def test_a_front_of_another_version_takes_no_replica_of_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = pytest.importorskip("engine.process.cluster")

    def version() -> str:
        hearing = Hearing(*[lambda *_: None] * 5)
        return str(cluster.RayPool(SETUP, hearing, cluster=cluster.Cluster())._version)

    monkeypatch.setattr(cluster, "_SOURCES", (tmp_path,))
    (tmp_path / "drawing.py").write_text("steps = 1\n")
    before = version()
    assert version() == before
    (tmp_path / "drawing.py").write_text("steps = 2\n")
    assert version() != before
