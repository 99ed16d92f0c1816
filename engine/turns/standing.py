"""Where the jobs stand that no worker has yet, and when they will be done: told when it has changed enough.

How long a queue takes is told by the work in it and how much of it was done of late by all workers together.
Knows nothing of how its news travel. Pure: no clock; whoever calls says what time it is, in seconds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate

from engine.job import Queued
from engine.turns.capacity import Demand

__all__ = ["Standing"]

_EVERY = 1.0
"""Seconds between two announcements, while few wait."""

_JOBS_A_SECOND = 2000
"""Jobs looked at in a second at most: where many wait, announcements are rarer."""

_NEAR, _NEARER = 10, 0.8
"""Up to this place every change is told; further back only when a fifth of those ahead have gone."""

_RECENT = 60.0
"""Seconds after which work that was done counts a third."""


class Standing:
    """What those who wait were told, and how fast work has been done since somebody was there."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._told = -math.inf
        self._work = self._seconds = 0.0
        self._last: float | None = None

    def began(self, now: float) -> None:
        """A job has come where there was none: from now on seconds count."""
        self._last = now

    def done(self, cost: float, now: float, *, last: bool) -> None:
        """A job has ended that was worth ``cost``; ``last``: it leaves nothing to do."""
        passed = 0.0 if self._last is None else now - self._last
        fading = math.exp(-passed / _RECENT)
        self._work, self._seconds = self._work * fading + cost, self._seconds * fading + passed
        self._last = None if last else now

    def forget(self, job: str) -> None:
        """A job waits no more."""
        self._places.pop(job, None)

    def due(self, waiting: int, now: float) -> bool:
        """Whether it is time for an announcement, with so many waiting."""
        return waiting > 0 and now - self._told >= max(_EVERY, waiting / _JOBS_A_SECOND)

    def announce(self, order: Sequence[Demand], now: float) -> list[Queued]:
        """What those of ``order``, the next first, are to be told."""
        self._told = now
        pace = self._work / self._seconds if self._seconds else 0.0
        news = []
        ahead = accumulate(demand.cost for demand in order)
        for place, (demand, work) in enumerate(zip(order, ahead, strict=True), 1):
            told = self._places.get(demand.job)
            if told is None or (place != told if place <= _NEAR else place <= _NEARER * told):
                self._places[demand.job] = place
                news.append(Queued(demand.job, place, work / pace if pace else None))
        return news
