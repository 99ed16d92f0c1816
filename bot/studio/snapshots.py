"""Walls as they were when somebody opened them: what one scrolls through does not move under one's hand.

Knows nothing of what is on a wall.
"""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from bot.memory.walls import Filters, Wall

__all__ = ["Snapshot", "Snapshots"]

LIFETIME = 900.0  # seconds; who comes back later opens the wall anew
SAME = 2.0  # seconds for which whoever opens the same wall again gets the one that is there
MOST_PICTURES = 2_000_000  # of all walls in memory together: 16 MB
MOST_WALLS = 512


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A wall somebody opened: of their own pictures or (``shared``) of their servers', by what, when."""

    id: str
    user_id: int
    shared: bool
    filters: Filters
    wall: Wall
    opened: float


class Snapshots:
    """The walls that are open. ``clock`` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open: OrderedDict[str, Snapshot] = OrderedDict()

    def keep(self, user_id: int, shared: bool, filters: Filters, wall: Wall) -> Snapshot:
        """Keep a wall for whoever opened it; the oldest make room."""
        snapshot = Snapshot(secrets.token_urlsafe(12), user_id, shared, filters, wall, self._clock())
        self._open[snapshot.id] = snapshot
        while (
            len(self._open) > MOST_WALLS
            or sum(len(each.wall) for each in self._open.values()) > MOST_PICTURES
        ):
            self._open.popitem(last=False)
            if not self._open:
                break
        return snapshot

    def get(self, snapshot_id: str, user_id: int) -> Snapshot | None:
        """Somebody's own wall with that id; None where it is too old, or another's."""
        found = self._open.get(snapshot_id)
        if found is None or found.user_id != user_id or self._clock() - found.opened > LIFETIME:
            return None
        return found

    def same(self, user_id: int, shared: bool, filters: Filters) -> Snapshot | None:
        """The wall that somebody opened by the same filters a moment ago."""
        for each in reversed(self._open.values()):
            if self._clock() - each.opened > SAME:
                return None
            if (each.user_id, each.shared, each.filters) == (user_id, shared, filters):
                return each
        return None

    def changed(self, user_id: int) -> None:
        """Somebody's pictures are not what they were: none of their walls is given out as the same again."""
        for each in [each for each in self._open.values() if each.user_id == user_id]:
            self._open[each.id] = Snapshot(
                each.id, user_id, each.shared, each.filters, each.wall, each.opened - SAME
            )
