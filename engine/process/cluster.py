"""The workers of a Ray cluster: a replica for each device, found, spread and kept alive by Ray Serve.

Serve starts replicas where there is a GPU (or a CPU) for one, as many as are busy, watches their health, and
replaces them one after another when something is set up anew, each after its last job. Which replica a job
goes to is said by the front, since it knows what Serve does not: what fits into whose memory, who has rows
to share a forward, whose turn it is. So calls name the replica that they are for, and a router finds it.

The one file that knows Ray.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import ray
from ray import serve
from ray.serve.config import AutoscalingConfig, ProxyLocation, RequestRouterConfig
from ray.serve.request_router import RequestRouter

import engine
import grammar
from engine.errors import WorkerDied
from engine.planning.registry import Registry
from engine.process import sightings
from engine.process.pool import Hearing
from engine.process.remote import RemoteWorker
from engine.process.replica import Replica
from engine.process.wire import Know, Setup

__all__ = ["Cluster", "Pace", "RayPool"]

_LOG = logging.getLogger(__name__)

_APPLICATION = "easel"

_BUSY = 1.5
"""Jobs in a replica's hands from which on another one is wanted. A busy one has two at least, one that is
drawn and one that waits, and no more where one job fills its forwards."""

_MOST_CALLS = 100
"""Calls that a replica takes at once, more than the front ever makes: jobs side by side, and questions."""

_LAST_JOBS = 900.0
"""Seconds that a replica which is to go has for its last jobs."""

_HEALTH, _NEWS = 5.0, 2.0
"""Seconds between two looks at a replica's health, and at what it has in memory."""

_AGAIN = 15.0
"""Seconds until the cluster is looked for again when it was not there."""

_ANSWERING = 30.0
"""Seconds that replicas have to say what they were set up with."""

_THERE = ("RUNNING", "DEPLOYING", "UNHEALTHY")
"""What Serve calls an application that has replicas, or will have them again by itself: also while the last
of those before finish, and after a machine died."""

_MEASURED = Path.home() / ".cache" / "easel" / "machine.json"
"""Where a machine of the cluster keeps what was found out about it."""

_SOURCES = tuple(Path(folder) for folder in (*engine.__path__, *grammar.__path__))
"""The packages whose code runs in replicas."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds that ``more``, or ``fewer``, replicas must have been wanted for: a model takes long to load.

    How many are wanted is counted over the last ``over`` seconds.
    """

    more: float = 10.0
    fewer: float = 600.0
    over: float = 30.0


@dataclass(frozen=True, slots=True)
class Cluster:
    """Which cluster: ``address`` as ``host:port``, "" for this machine's own, which is started if need be.

    ``least`` and ``most`` bound the replicas; ``most`` 0: as many as there are GPUs, or one.
    """

    address: str = ""
    least: int = 1
    most: int = 0
    pace: Pace = Pace()


class Named(RequestRouter):  # type: ignore[misc]
    """Routes each call to the replica that its first argument names, and tells of those that there are."""

    async def choose_replicas(
        self, candidate_replicas: Sequence[Any], pending_request: Any = None
    ) -> list[Any]:
        """The one that is named; any for a call that names none. A call for one that is gone fails.

        Serve would ask for it again and again, and hear nothing else meanwhile: it pauses only where that
        is said, and ends only when there is a choice.
        """
        if pending_request is None or not pending_request.args:
            return [list(candidate_replicas)]
        pending_request.routing_context.should_backoff = True
        name = pending_request.args[0]
        found = [each for each in candidate_replicas if each.replica_id.unique_id == name]
        if not found and not pending_request.future.done():
            pending_request.future.set_exception(WorkerDied("The renderer is gone."))
        return [found or list(candidate_replicas)]

    def update_replicas(self, replicas: list[Any]) -> None:
        """Replicas have come, gone, or have news."""
        super().update_replicas(replicas)
        sightings.tell({each.replica_id.unique_id: each.routing_stats for each in replicas})


class RayPool:
    """Keeps the protocol `Pool`. ``stall`` and ``command`` as with one's own machine."""

    def __init__(
        self,
        setup: Setup,
        hearing: Hearing,
        *,
        cluster: Cluster,
        command: Sequence[str] = (),
        stall: float = 600.0,
    ) -> None:
        self.setup, self.hearing = setup, hearing
        self._cluster, self._command, self._stall = cluster, tuple(command), stall
        self.handle: Any = None
        self._connecting: asyncio.Task[None] | None = None
        self._workers: dict[str, RemoteWorker] = {}
        self._greetings: dict[str, asyncio.Task[None]] = {}
        self._replicas: sightings.Sighting = {}
        told = repr((setup.device, setup.settings, self._command, stall, cluster, _program()))
        self._version = hashlib.sha256(told.encode()).hexdigest()[:16]

    def want(self, more: int) -> None:
        """Joins the cluster, if that was not done yet; how many replicas there are is Serve's business."""
        if self._connecting is None:
            self._connecting = asyncio.create_task(self._connect(), name="cluster")

    def know(self, registry: Registry) -> None:
        """Tells all replicas; those to come are told when they are greeted."""
        self.setup = replace(self.setup, registry=registry)
        for worker in self._workers.values():
            worker.send(Know(registry))

    def alive(self) -> int:
        """How many replicas are ready."""
        return len(self._workers)

    def pids(self) -> tuple[int, ...]:
        """They are no processes of this machine."""
        return ()

    async def close(self) -> None:
        """Lets go of the cluster. Replicas stay for the next front, unless the cluster was this one's own."""
        sightings.stop(self)
        tasks = [*self._greetings.values(), *(task for each in self._workers.values() for task in each.calls)]
        tasks += [self._connecting] if self._connecting is not None else []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.to_thread(self._part)

    def _part(self) -> None:
        """Lets go of the handle first: its threads outlive a cluster, and would begin one of their own."""
        if self.handle is not None:
            self.handle.shutdown()
        ray.shutdown()

    def lost(self, worker: RemoteWorker) -> None:
        """What a worker process had in hand is lost. Its replica, if it lives, starts another one."""
        if worker.ended:
            return
        self.drop(worker)
        if not worker.leaving:
            self._greet(worker.name)

    def drop(self, worker: RemoteWorker) -> None:
        """A worker process is no more."""
        worker.ended = True
        if self._workers.get(worker.name) is worker:
            del self._workers[worker.name]
        for task in worker.calls - {asyncio.current_task()}:
            task.cancel()
        self.hearing.ended(worker)

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()

        def seen(replicas: sightings.Sighting) -> None:
            loop.call_soon_threadsafe(self._seen, replicas)

        sightings.listen(self, seen)
        while self.handle is None:
            try:
                self.handle = await asyncio.to_thread(self._deployed)
            except Exception as error:
                _LOG.error("the cluster cannot be used (%s); again in %.0f s", error, _AGAIN)
                self.hearing.gave_up()
                await asyncio.sleep(_AGAIN)
        self._seen(self._replicas)

    def _deployed(self) -> Any:
        """The handle of the application, set up anew where it does not run as it should. Takes its time."""
        if not ray.is_initialized():
            _join(self._cluster.address)
        serve.start(proxy_location=ProxyLocation.Disabled)
        running = serve.status().applications.get(_APPLICATION)
        if running is not None and running.status in _THERE:
            handle = serve.get_app_handle(_APPLICATION)
            with contextlib.suppress(TimeoutError):  # nothing that could be replaced
                asked = handle.options(method_name="version").remote()
                if asked.result(timeout_s=_ANSWERING) == self._version:
                    return handle
            handle.shutdown()
        gpus = int(ray.cluster_resources().get("GPU", 0)) if self.setup.device != "cpu" else 0
        least, pace = self._cluster.least, self._cluster.pace
        deployment = serve.deployment(
            Replica,
            name="worker",
            max_ongoing_requests=_MOST_CALLS,
            ray_actor_options={"num_cpus": 1, "num_gpus": min(1, gpus)},
            autoscaling_config=AutoscalingConfig(
                min_replicas=least,
                max_replicas=self._cluster.most or max(least, gpus),
                target_ongoing_requests=_BUSY,
                upscale_delay_s=pace.more,
                downscale_delay_s=pace.fewer,
                look_back_period_s=pace.over,
                metrics_interval_s=pace.over / 3,
            ),
            health_check_period_s=_HEALTH,
            graceful_shutdown_timeout_s=_LAST_JOBS,
            request_router_config=RequestRouterConfig(
                request_router_class=Named,
                request_routing_stats_period_s=_NEWS,
            ),
        )
        app = deployment.bind(self.setup, self._command, self._stall, self._version, _MEASURED)
        # Not awaited as a whole: replicas that are set up otherwise may still have jobs to finish.
        [handle] = serve.run_many(
            [serve.RunTarget(app, name=_APPLICATION, route_prefix=None)], wait_for_applications_running=False
        )
        handle.options(method_name="version").remote().result()
        return handle

    def _seen(self, replicas: sightings.Sighting) -> None:
        """These are the replicas that there are: new ones that are set up so are greeted, others let go."""
        self._replicas = replicas
        if self.handle is None:
            return
        for name, news in replicas.items():
            worker = self._workers.get(name)
            if worker is not None and news:
                for report in news["reports"]:
                    worker.hear(report)
            elif worker is None and name not in self._greetings and news.get("version") == self._version:
                self._greet(name)
        for name in [name for name in self._greetings if name not in replicas]:
            self._greetings.pop(name).cancel()
        for worker in [worker for name, worker in self._workers.items() if name not in replicas]:
            worker.leave()

    def _greet(self, name: str) -> None:
        self._greetings[name] = asyncio.create_task(self._hello(name), name=f"hello {name}")

    async def _hello(self, name: str) -> None:
        """Has a replica's worker process start. It is asked again until it answers, or is no more."""
        while True:
            try:
                ready = await self.handle.options(method_name="hello").remote(name)
                break
            except Exception as error:
                _LOG.warning("replica %s does not answer (%s)", name, type(error).__name__)
            await asyncio.sleep(_HEALTH)
        del self._greetings[name]
        worker = self._workers[name] = RemoteWorker(name, self)
        self.hearing.came(worker, False)
        self.hearing.reported(worker, ready)
        worker.send(Know(self.setup.registry))


def _program() -> str:
    """What tells this version of the program from any other: a hash of all that replicas run of it."""
    digest = hashlib.sha256()
    for folder in _SOURCES:
        for file in sorted(folder.rglob("*.py")):
            digest.update(f"{file.relative_to(folder)} {file.stat().st_size}\n".encode() + file.read_bytes())
    return digest.hexdigest()


def _join(address: str) -> None:
    """Becomes part of a cluster. Raises OSError where there is none at that address."""
    quiet: dict[str, Any] = {"log_to_driver": False, "configure_logging": False}
    try:
        ray.init(address=address or "auto", **quiet)
    except ConnectionError:
        if address:
            raise
        ray.init(include_dashboard=False, **quiet)
