"""Who is told which replicas of a cluster there are.

A file of its own, because Ray copies the router's file by value into whatever makes a router: what that copy
imports is shared, what stands beside it is not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

__all__ = ["Sighting", "listen", "stop", "tell"]

Sighting: TypeAlias = dict[str, dict[str, Any]]
"""Each replica's name, and its news."""

_LISTENING: dict[str, Callable[[Sighting], None]] = {}


def listen(version: str, hear: Callable[[Sighting], None]) -> None:
    """Has ``hear`` called, by any thread, whenever replicas of a version come, go, or have news."""
    _LISTENING[version] = hear


def stop(version: str) -> None:
    """Ends that."""
    _LISTENING.pop(version, None)


def tell(version: str, replicas: Sighting) -> None:
    """Tells whoever listens, if anybody does in this process."""
    if version in _LISTENING:
        _LISTENING[version](replicas)
