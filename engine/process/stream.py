"""The events of one job on their way to whoever asked for it. Knows no processes."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from engine.errors import EngineClosed
from engine.job import Event, is_final

__all__ = ["EventStream"]

_BACKLOG = 64
"""Events that a stream keeps for a reader who lags."""


class EventStream(AsyncIterator[Event]):
    """The events of one job. Of a reader who lags, old ones are dropped; the final one never is."""

    def __init__(self) -> None:
        self._events: deque[Event] = deque(maxlen=_BACKLOG)
        self._news = asyncio.Event()
        self._over = False
        self._closed = False

    def put(self, event: Event) -> None:
        """Adds an event; the final one ends the stream."""
        self._events.append(event)
        self._over = is_final(event)
        self._news.set()

    def close(self) -> None:
        """Ends the stream without a final event: its reader gets EngineClosed."""
        self._closed = True
        self._news.set()

    async def __anext__(self) -> Event:
        while not self._events:
            if self._over:
                raise StopAsyncIteration
            if self._closed:
                raise EngineClosed("The engine was closed.")
            self._news.clear()
            await self._news.wait()
        return self._events.popleft()
