"""One front and two workers: two of this machine, and a Ray cluster of two nodes. The same holds of both."""

import asyncio
import contextlib
import functools
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from engine import (
    Cancelled,
    Engine,
    Event,
    EventStream,
    Finished,
    Job,
    Lane,
    Plan,
    Progress,
    Registry,
    is_final,
    plan_imagine,
)
from grammar import parse
from tests.engine import stub, whereabouts

WHEREABOUTS = (sys.executable, whereabouts.__file__)
REGISTRY = Registry.load()


@dataclass
class Workers:
    """Makes engines with two workers, on a cluster with as many as is said, and takes one of these away."""

    engine: Callable[..., Engine]
    kill_one: Callable[[Engine], None]
    mend: Callable[[], None] = field(default=lambda: None)


def local() -> Iterator[Workers]:
    def engine(registry: Registry, command: Sequence[str]) -> Engine:
        own = {"command": command} if command else {}
        return Engine(registry=registry, device="cpu,cpu", **own)  # type: ignore[arg-type]

    def kill_one(engine: Engine) -> None:
        os.kill(engine.workers()[0], signal.SIGKILL)

    yield Workers(engine, kill_one)


RAY = {
    "RAY_worker_niceness": "0",
    "RAY_worker_register_timeout_seconds": "300",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_SERVE_LOG_TO_STDERR": "0",
}
"""Ray's own processes at the tests' own priority, and with all the time they need: a busy machine otherwise
never lets them begin."""

NODE = {"num_cpus": 1, "object_store_memory": 80 * 2**20}
"""Room for one worker, and the least memory for pictures that Ray takes."""

HEAD = {"include_dashboard": False, "include_log_monitor": False, "no_monitor": True}
"""Without what nobody looks at here."""


def ray_cluster() -> Iterator[Workers]:
    ray = pytest.importorskip("ray", reason="the extra `cluster` is not installed")
    with contextlib.ExitStack() as after, pytest.MonkeyPatch.context() as environment:
        for name, value in RAY.items():
            environment.setenv(name, value)
        from ray._private.utils import get_ray_address_file
        from ray.cluster_utils import Cluster as RayCluster

        from engine.process.cluster import Cluster, Pace, RayPool

        # Sockets lie there, whose names must be short.
        folder = after.enter_context(tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True))
        after.callback(swept, folder)
        # Ray writes its address into its usual folder too, and does not make that where another one is given.
        Path(get_ray_address_file(None)).parent.mkdir(parents=True, exist_ok=True)
        cluster = RayCluster()
        after.callback(cluster.shutdown)
        after.callback(ray.shutdown)
        patiently(lambda: cluster.add_node(**NODE, **HEAD, temp_dir=folder), lambda: swept(folder))
        nodes: list[Any] = [patiently(lambda: cluster.add_node(**NODE))]

        def engine(registry: Registry, command: Sequence[str], least: int = 2, most: int = 2) -> Engine:
            wanted = Cluster(cluster.address, least, most, Pace(more=0.5, fewer=1.0, over=1.5))
            pool = functools.partial(RayPool, cluster=wanted, command=tuple(command))
            return Engine(registry=registry, device="cpu", pool=pool)

        def kill_one(engine: Engine) -> None:
            cluster.remove_node(nodes.pop(0), allow_graceful=False)

        def mend() -> None:
            nodes.append(patiently(lambda: cluster.add_node(**NODE)))

        yield Workers(engine, kill_one, mend)


def patiently(start: Callable[[], Any], clear: Callable[[], None] = lambda: None) -> Any:
    """Starts a node, again and again where a busy machine does not bring it up within Ray's half minute."""
    for _ in range(4):
        with contextlib.suppress(Exception):
            return start()
        clear()
    return start()


def swept(folder: str) -> None:
    """Ends what a cluster left running: processes that were started for its folder, whatever became of it."""
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if folder.encode() in file.read_bytes():
                os.kill(int(file.parent.name), signal.SIGKILL)


@pytest.fixture(scope="module", params=("local", "ray"))
def workers(request: pytest.FixtureRequest) -> Iterator[Workers]:
    yield from {"local": local, "ray": ray_cluster}[request.param]()


def job(id: str, plan: Plan) -> Job:
    return Job(id, plan, owner=id, lane=Lane.FAST)


def pocket(seed: int) -> Plan:
    """A grid of twice the usual steps, so that there is a middle of it."""
    spec = parse(f"a red circle above a blue square --q 2 --seed {seed}")[0]
    return plan_imagine(spec, REGISTRY, model="pocket")


async def events(stream: EventStream) -> list[Event]:
    return [event async for event in stream]


async def began(stream: EventStream) -> str:
    """Waits until a job is under way; where that is, if it is whereabouts that draws."""
    async for event in stream:
        if isinstance(event, Progress):
            return (event.preview or b"").decode("latin-1")
    raise AssertionError("it ended before")


def where(found: list[Event]) -> str:
    assert isinstance(found[-1], Finished), found
    return found[-1].notes[0]


async def test_jobs_are_shared_cancelled_and_go_where_their_model_is(workers: Workers) -> None:
    async with workers.engine(stub.REGISTRY, WHEREABOUTS) as engine:
        # Each takes two such jobs at a time and these never end: the third is the second worker's.
        held = {f"held {n}": stub.plan(pictures=8, steps=1000) for n in range(3)}
        streams = {name: engine.submit(job(name, plan)) for name, plan in held.items()}
        for stream in streams.values():
            await began(stream)
        assert engine.status().workers == 2
        home = where(await events(engine.submit(job("first", stub.plan(model="second", pictures=1)))))
        for name, stream in streams.items():
            assert await engine.cancel(name)
            assert (await events(stream))[-1] == Cancelled(name)
        others = [engine.submit(job(str(n), stub.plan(model="second", pictures=1))) for n in range(3)]
        assert {where(await events(stream)) for stream in others} == {home}
        assert await engine.select(b"a picture", "the hat", None) == b"the hat"
        assert (await engine.describe(b"a picture")).prompts == ("a picture",)


async def test_a_worker_that_is_lost_mid_render_costs_no_job_and_changes_no_picture(workers: Workers) -> None:
    plans = {f"job {seed}": pocket(seed) for seed in range(4)}
    async with workers.engine(REGISTRY, ()) as engine:
        streams = [engine.submit(job(name, plan)) for name, plan in plans.items()]
        calm = [await events(stream) for stream in streams]
        streams = [engine.submit(job(f"{name} again", plan)) for name, plan in plans.items()]
        for stream in streams[:3]:
            await began(stream)
        await asyncio.to_thread(workers.kill_one, engine)
        lost = [await events(stream) for stream in streams]
    workers.mend()  # not in a thread: Ray hears signals from here on, as only the main one may
    assert [pictures(found) for found in lost] == [pictures(found) for found in calm]


@pytest.mark.parametrize("workers", ["ray"], indirect=True)
async def test_what_is_set_up_anew_finishes_its_jobs_and_the_next_goes_to_the_new(
    workers: Workers, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    async with workers.engine(stub.REGISTRY, WHEREABOUTS, least=1, most=1) as before:
        stream = before.submit(job("old", stub.plan(str(gate), pictures=1)))
        old = await began(stream)
        async with workers.engine(stub.REGISTRY, WHEREABOUTS, least=1) as after:
            new = where(await events(after.submit(job("new", stub.plan(pictures=1)))))
            await asyncio.to_thread(gate.write_text, "go on")
            rest = await events(stream)
            assert where(rest) == old != new
            assert len(rest) == 1  # it never began again
    # That of before is still on its way out: who starts again now finds the new one as it is.
    async with workers.engine(stub.REGISTRY, WHEREABOUTS, least=1) as again:
        assert where(await events(again.submit(job("newer", stub.plan(pictures=1))))) == new


@pytest.mark.parametrize("workers", ["ray"], indirect=True)
async def test_a_burst_has_another_worker_come_which_goes_when_it_is_over(workers: Workers) -> None:
    async with workers.engine(stub.REGISTRY, WHEREABOUTS, least=1) as engine, asyncio.timeout(300):
        assert where(await events(engine.submit(job("alone", stub.plan(pictures=1)))))
        assert engine.status().workers == 1
        held = {f"held {n}": stub.plan(pictures=8, steps=1000) for n in range(3)}  # one more than it takes
        streams = {name: engine.submit(job(name, plan)) for name, plan in held.items()}
        assert len({await began(stream) for stream in streams.values()}) == 2
        assert engine.status().workers == 2
        for name in streams:
            assert await engine.cancel(name)
        while engine.status().workers == 2:  # one more is asked, which Serve does not take for a burst
            await engine.describe(b"a picture")


def pictures(found: list[Event]) -> list[bytes]:
    """Of the one final event, which is the last."""
    assert [is_final(event) for event in found] == [False] * (len(found) - 1) + [True]
    assert isinstance(found[-1], Finished), found[-1]
    assert len(found[-1].pictures) == 4
    return [picture.png for picture in found[-1].pictures]
