"""How many requests somebody may make: a bucket that fills by itself. Knows nothing of what is asked."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["BRINGING", "ENTERING", "LOOKING", "MAKING", "OPENING", "REQUESTS", "Limit", "Limits"]

REMEMBERED = 4096  # buckets in memory; one that has not been used for longest is full again anyway


@dataclass(frozen=True, slots=True)
class Limit:
    """``burst`` requests at once, and ``rate`` more a second."""

    name: str
    rate: float
    burst: float


REQUESTS = Limit("requests", rate=150.0, burst=600.0)
"""Of a session. Scrolling through a wall at speed takes some hundred thumbnails in a second."""

OPENING = Limit("opening", rate=8.0, burst=40.0)
"""Of walls by somebody: each is a walk through all of somebody's pictures. A fast typist opens five."""

LOOKING = Limit("looking", rate=15.0, burst=60.0)
"""Of what somebody searches for as they type: each letter, a key that is held down as well."""

MAKING = Limit("making", rate=1.0, burst=20.0)
"""Of requests for jobs by somebody; how many jobs there may be is another matter, and said elsewhere."""

BRINGING = Limit("bringing", rate=0.5, burst=20.0)
"""Of pictures that somebody brings, and of things that are looked for in one: each keeps a thread busy."""

ENTERING = Limit("entering", rate=0.5, burst=30.0)
"""Of an address that is not signed in."""


class Limits:
    """The buckets of everybody who asks. ``clock`` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()

    def wait(self, limit: Limit, who: str) -> float:
        """Count a request; the seconds after which it would be answered, 0 for now."""
        now = self._clock()
        left, then = self._buckets.pop((limit.name, who), (limit.burst, now))
        left = min(limit.burst, left + (now - then) * limit.rate)
        refused = left < 1
        self._buckets[limit.name, who] = (left if refused else left - 1, now)
        if len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        return (1 - left) / limit.rate if refused else 0.0
