"""Which replica a call goes to, as Ray Serve asks the router, without a cluster."""

from types import SimpleNamespace
from typing import Any

import pytest

from engine import WorkerDied

pytest.importorskip("ray", reason="the extra `cluster` is not installed")

from ray.serve.request_router import PendingRequest

from engine.process.cluster import Named

REPLICAS = [SimpleNamespace(replica_id=SimpleNamespace(unique_id=name)) for name in ("one", "two")]


async def chosen(*arguments: Any) -> tuple[list[str], PendingRequest]:
    """The replicas that a call with these arguments may go to, and what became of it."""
    call = PendingRequest(args=list(arguments), kwargs={}, metadata=None)
    router = Named.__new__(Named)  # it keeps nothing of its own
    [found] = await router.choose_replicas(REPLICAS, call)
    return [each.replica_id.unique_id for each in found], call


async def test_a_call_goes_to_the_replica_that_it_names() -> None:
    assert (await chosen("two", "a job"))[0] == ["two"]


async def test_a_call_that_names_none_goes_to_any() -> None:
    assert (await chosen())[0] == ["one", "two"]


async def test_a_call_for_a_replica_that_is_gone_fails_and_keeps_nobody_waiting() -> None:
    found, call = await chosen("gone", "a job")
    assert isinstance(call.future.exception(), WorkerDied)
    assert found  # Serve looks at what became of a call only where there is a choice
    assert call.routing_context.should_backoff  # and pauses only then


async def test_a_call_that_was_cancelled_meanwhile_stays_so() -> None:
    call = PendingRequest(args=["gone"], kwargs={}, metadata=None)
    call.future.cancel()
    assert await Named.__new__(Named).choose_replicas(REPLICAS, call) == [REPLICAS]
    assert call.future.cancelled()
