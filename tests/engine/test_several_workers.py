"""One front and two workers: two of this machine, and a Ray cluster of two nodes. The same holds of both."""

import asyncio
import contextlib
import functools
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
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
    """Makes engines with two workers, and takes one of these away."""

    engine: Callable[[Registry, Sequence[str]], Engine]
    kill_one: Callable[[Engine], None]
    mend: Callable[[], None] = field(default=lambda: None)


def local() -> Iterator[Workers]:
    def engine(registry: Registry, command: Sequence[str]) -> Engine:
        own = {"command": command} if command else {}
        return Engine(registry=registry, device="cpu,cpu", **own)  # type: ignore[arg-type]

    def kill_one(engine: Engine) -> None:
        os.kill(engine.workers()[0], signal.SIGKILL)

    yield Workers(engine, kill_one)


RAY = {"RAY_worker_niceness": "0", "RAY_USAGE_STATS_ENABLED": "0"}
"""Ray's own processes at the tests' own priority: at a lower one a busy machine never lets them begin."""


def ray_cluster() -> Iterator[Workers]:
    ray = pytest.importorskip("ray", reason="the extra `cluster` is not installed")
    os.environ.update(RAY)
    from ray.cluster_utils import Cluster as RayCluster

    from engine.process.cluster import Cluster, RayPool

    cluster = RayCluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    nodes: list[Any] = [added(cluster)]

    def engine(registry: Registry, command: Sequence[str]) -> Engine:
        wanted = Cluster(cluster.address, least=2, most=2)
        pool = functools.partial(RayPool, cluster=wanted, command=tuple(command))
        return Engine(registry=registry, device="cpu", pool=pool)

    def kill_one(engine: Engine) -> None:
        cluster.remove_node(nodes.pop(0), allow_graceful=False)

    def mend() -> None:
        nodes.append(added(cluster))

    yield Workers(engine, kill_one, mend)
    ray.shutdown()
    cluster.shutdown()
    for name in RAY:
        del os.environ[name]


def added(cluster: Any) -> Any:
    """One more node, tried again where a busy machine does not bring it up within Ray's half minute."""
    for _ in range(4):
        with contextlib.suppress(Exception):
            return cluster.add_node(num_cpus=1)
    return cluster.add_node(num_cpus=1)


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


async def began(stream: EventStream) -> None:
    async for event in stream:
        if isinstance(event, Progress):
            return


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


def pictures(found: list[Event]) -> list[bytes]:
    """Of the one final event, which is the last."""
    assert [is_final(event) for event in found] == [False] * (len(found) - 1) + [True]
    assert isinstance(found[-1], Finished), found[-1]
    assert len(found[-1].pictures) == 4
    return [picture.png for picture in found[-1].pictures]
