"""What becomes of a user's jobs, for whoever watches: each watch knows which jobs changed since it looked.

Only that is remembered, a name a job, however often it changes: whoever looks seldom sees the newest and
holds up nobody. Knows nothing of what a job looks like.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.memory.records import JobRecord

__all__ = ["Changes", "Watch"]

MOST = 1000  # jobs that a watch remembers as changed; with more it begins anew


class Watch:
    """The jobs of one user that changed since they were looked at."""

    def __init__(self) -> None:
        self.missed = False
        self.closed = False
        self._changed: dict[str, None] = {}
        self._news = asyncio.Event()

    def tell(self, job_id: str) -> None:
        """A job changed."""
        self._changed[job_id] = None
        if len(self._changed) > MOST:
            self._changed.clear()
            self.missed = True
        self._news.set()

    def close(self) -> None:
        """There will be no more news."""
        self.closed = True
        self._news.set()

    async def changed(self, wait: float) -> list[str]:
        """The ids of jobs that changed since the last call; none after so many seconds without news.

        Where there were too many, ``missed`` is set: everything is to be looked at anew.
        """
        try:
            async with asyncio.timeout(wait):
                await self._news.wait()
        except TimeoutError:
            return []
        if not self.closed:
            self._news.clear()
        changed = list(self._changed)
        self._changed.clear()
        return changed


class Changes:
    """All watches."""

    def __init__(self) -> None:
        self._watches: dict[int, set[Watch]] = {}
        self._listening: list[Callable[[JobRecord], None]] = []
        self._closed = False

    @contextmanager
    def watched(self, user_id: int) -> Iterator[Watch]:
        """A watch on the user's jobs meanwhile."""
        watch = Watch()
        if self._closed:
            watch.close()
        self._watches.setdefault(user_id, set()).add(watch)
        try:
            yield watch
        finally:
            self._watches[user_id].discard(watch)
            if not self._watches[user_id]:
                del self._watches[user_id]

    def listen(self, hear: Callable[[JobRecord], None]) -> None:
        """Has ``hear`` called with every job of anybody that changes; it returns at once."""
        self._listening.append(hear)

    def tell(self, job: JobRecord) -> None:
        """Something of a job is different now."""
        for hear in self._listening:
            hear(job)
        for watch in self._watches.get(job.user_id, ()):
            watch.tell(job.id)

    def close(self) -> None:
        """End all watches."""
        self._closed = True
        for watches in self._watches.values():
            for watch in watches:
                watch.close()
