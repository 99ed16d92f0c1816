"""How many jobs of one user may wait and render: whoever comes is admitted, begins, or stands in line.

Knows nothing of what a job does when it is its turn.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager

from bot.errors import QueueFull
from bot.jobs.updates import Run
from bot.memory.rules import Limits

__all__ = ["Admission", "Lines"]


class Admission:
    """Room for some jobs of one user's: one at first, as many as fit once their number is known."""

    def __init__(self, coming: Counter[int], user_id: int, most: int, open_: Counter[int]) -> None:
        self._coming = coming
        self._open = open_
        self._user_id = user_id
        self._most = most
        self._held = 1
        coming[user_id] += 1

    def widen(self, wanted: int) -> int:
        """Hold room for ``wanted`` jobs, or for as many as there is room for; how many, at least one."""
        free = self._most - self._open[self._user_id] - self._coming[self._user_id]
        more = max(0, min(wanted - self._held, free))
        self._held += more
        self._coming[self._user_id] += more
        return min(wanted, self._held)

    def started(self) -> None:
        """One of them has entered its line and needs the room here no longer."""
        self._held -= 1
        _decrease(self._coming, self._user_id)

    def end(self) -> None:
        """Give back what was not needed."""
        for _ in range(self._held):
            self.started()


class Lines:
    """One line of waiting jobs a user. ``limits`` are everyone's."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._open: Counter[int] = Counter()  # jobs that have entered and not left
        self._coming: Counter[int] = Counter()  # jobs that are admitted and have not entered yet
        self._busy: Counter[int] = Counter()  # jobs that have begun
        self._shares: dict[int, int] = {}  # how many may, where a role says otherwise
        self._waiting: dict[int, deque[Run]] = {}
        self._idle = asyncio.Event()
        self._idle.set()

    @contextmanager
    def admitted(self, user_id: int, limits: Limits) -> Iterator[Admission]:
        """Room for at least one more job of the user's, held until the body has started it.

        Raises QueueFull when the user has as many jobs as may wait.
        """
        room = limits.queued + limits.running - self._open[user_id] - self._coming[user_id]
        if room < 1:
            raise QueueFull(
                "Your job queue is full. Please wait for a job to finish first, then resubmit this one."
            )
        self._shares[user_id] = limits.running
        admission = Admission(self._coming, user_id, limits.queued + limits.running, self._open)
        self._idle.clear()
        try:
            yield admission
        finally:
            admission.end()
            self._settle(user_id)

    def enter(self, run: Run) -> bool:
        """Whether a job may begin at once; else it stands in its user's line."""
        user_id = run.job.user_id
        self._open[user_id] += 1
        self._idle.clear()
        if self._may_begin(user_id):
            self._busy[user_id] += 1
            return True
        self._waiting.setdefault(user_id, deque()).append(run)
        return False

    def pass_by(self, run: Run) -> None:
        """A job leaves the line before its turn, because it will end at once; nobody begins in its place."""
        self._waiting[run.job.user_id].remove(run)
        self._busy[run.job.user_id] += 1

    def leave(self, run: Run) -> None:
        """A job that had begun is at its end."""
        _decrease(self._open, run.job.user_id)
        _decrease(self._busy, run.job.user_id)
        self._settle(run.job.user_id)

    def next(self, user_id: int) -> Run | None:
        """Whoever is next in a user's line and begins now, unless as many have begun as may."""
        if not (line := self._waiting.get(user_id)):
            self._waiting.pop(user_id, None)
            return None
        if not self._may_begin(user_id):
            return None
        self._busy[user_id] += 1
        return line.popleft()

    async def idle(self) -> None:
        """Come back when there is no job that is not finished."""
        await self._idle.wait()

    def _may_begin(self, user_id: int) -> bool:
        return self._busy[user_id] < self._shares.get(user_id, self._limits.running)

    def _settle(self, user_id: int) -> None:
        if not self._open[user_id]:
            self._shares.pop(user_id, None)
        if not self._open and not self._coming:
            self._idle.set()


def _decrease(counter: Counter[int], key: int) -> None:
    counter[key] -= 1
    if not counter[key]:
        del counter[key]
