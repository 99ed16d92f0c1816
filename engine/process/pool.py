"""Where the workers are, as the front sees it: they come, take orders, report, and end.

Two things keep this protocol: the processes of this machine, and a cluster's replicas. Knows nothing of jobs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from engine.planning.registry import Registry
from engine.process.wire import Order, Report, Setup

__all__ = ["EVERY", "Hearing", "MakePool", "Pool", "Worker"]

EVERY = 1 << 30
"""More workers than any pool has: all of them."""


class Worker(Protocol):
    """A worker that is ready: one device's."""

    def __hash__(self) -> int:
        """By identity: dictionaries hold workers."""
        ...

    def send(self, order: Order) -> None:
        """Has an order carried out; nothing happens when the worker has ended meanwhile."""
        ...


@dataclass(frozen=True, slots=True)
class Hearing:
    """Who is told of workers. ``came``: one is ready, and whether there will never be another beside it.

    ``reported`` gets what one says. ``leaving``: it finishes what it has and
    takes nothing more. ``ended``: what it had in hand will not be finished by it, and whoever is ready in its
    place comes anew. ``gave_up``: no worker can be started, again and again.
    """

    came: Callable[[Worker, bool], None]
    reported: Callable[[Worker, Report], None]
    leaving: Callable[[Worker], None]
    ended: Callable[[Worker], None]
    gave_up: Callable[[], None]


class Pool(Protocol):
    """All workers of a front."""

    def want(self, more: int) -> None:
        """So many more would find something to do now; while it is any, those that end are replaced."""
        ...

    def know(self, registry: Registry) -> None:
        """From now on these are the models that there are, for those at work and those to come."""
        ...

    def alive(self) -> int:
        """How many workers there are."""
        ...

    def pids(self) -> tuple[int, ...]:
        """The ids of those that are processes of this machine."""
        ...

    async def close(self) -> None:
        """Ends or leaves the workers, in a second or two."""
        ...


MakePool: TypeAlias = Callable[[Setup, Hearing], Pool]
