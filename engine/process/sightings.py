"""Who is told which replicas of a cluster there are.

A file of its own, because Ray copies the router's file by value into whatever makes a router: what that copy
imports is shared, what stands beside it is not.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeAlias

__all__ = ["Sighting", "listen", "stop", "tell"]

Sighting: TypeAlias = dict[str, dict[str, Any]]
"""Each replica's name, and its news."""

_LISTENING: dict[Hashable, Callable[[Sighting], None]] = {}


def listen(who: Hashable, hear: Callable[[Sighting], None]) -> None:
    """Has ``hear`` called, by any thread, whenever replicas come, go, or have news."""
    _LISTENING[who] = hear


def stop(who: Hashable) -> None:
    """Ends that."""
    _LISTENING.pop(who, None)


def tell(replicas: Sighting) -> None:
    """Tells all that listen in this process."""
    for hear in list(_LISTENING.values()):
        hear(replicas)
