"""The one way by which drafts become jobs: is anything taken now, is there room, may they have it today?

The same for commands, buttons and the studio's page, so that nothing that one refuses is had from another.
Knows nothing of how drafts are made, nor of where the answer goes.
"""

from __future__ import annotations

from asyncio import Task
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import TypeAlias

from bot.errors import Refusal
from bot.jobs.draft import Draft
from bot.jobs.flow import JobFlow
from bot.jobs.lines import Admission
from bot.jobs.quota import Pass, Quota
from bot.memory.people import User
from bot.memory.records import JobRecord, Place
from bot.memory.rules import Rules
from engine import Plan

__all__ = ["Make", "Taking", "Way", "left_out"]

Make: TypeAlias = Callable[[User], Awaitable[Sequence[Draft]]]
"""Drafts what a user asks for."""

Holding: TypeAlias = Callable[[], AbstractAsyncContextManager[None]]


class Way:
    """One request's way in: what it asks for is kept, then started, while room is held for it."""

    def __init__(self, flow: JobFlow, room: Admission, quota: Pass, holding: Holding) -> None:
        self._flow = flow
        self._room = room
        self._quota = quota
        self._holding = holding

    async def keep(self, user: User, place: Place, make: Make) -> tuple[list[JobRecord], int]:
        """Keep as many of the drafts as there is room for; the jobs, and how many there would have been.

        Pictures that were brought for what is not kept do not stay. Raises TurnedAway, and what ``make``
        raises.
        """
        async with self._holding():
            drafts = await make(user)
            allowed = await self._quota.through(drafts)
            fitting = allowed[: self._room.widen(len(allowed))]
            return await self._flow.keep(user, place, fitting), len(drafts)

    async def draw(self, plan: Plan) -> None:
        """Have a plan drawn of which no job comes, as long as this request lasts. Raises TurnedAway."""
        await self._quota.drawn(plan)

    def start(self, job: JobRecord, message_id: int | None = None) -> Task[None]:
        """Set a kept job going; returns the telling of it."""
        telling = self._flow.start(job, message_id)
        self._room.started()
        return telling


class Taking:
    """Lets requests in. ``holding`` has what is kept in its body stay where a row needs it afterwards."""

    def __init__(self, rules: Rules, quota: Quota, flow: JobFlow, holding: Holding) -> None:
        self._rules = rules
        self._quota = quota
        self._flow = flow
        self._holding = holding
        self._closed: Counter[int] = Counter()

    @contextmanager
    def closed(self, user_id: int) -> Iterator[None]:
        """No way in for a user: all that is kept of them is being removed."""
        self._closed[user_id] += 1
        try:
            yield
        finally:
            self._closed -= Counter((user_id,))

    @contextmanager
    def admitted(self, user_id: int, roles: Sequence[int]) -> Iterator[Way]:
        """A way in for one request of a user with these roles. Raises QueueFull, and Refusal while closed."""
        if self._rules.paused:
            raise Refusal("No new jobs are taken at the moment. Please try again later.", "Paused")
        if self._closed[user_id]:
            raise Refusal("What is kept of you is being removed. Please try again when it is.", "Paused")
        with (
            self._flow.lines.admitted(user_id, self._rules.limits(roles)) as room,
            self._quota.pass_(user_id, roles) as quota,
        ):
            yield Way(self._flow, room, quota, self._holding)


def left_out(taken: int, asked: int) -> str:
    """What is said where there was no room for all; empty where there was."""
    if taken >= asked:
        return ""
    return (
        f"{taken} of {asked} jobs were taken, for more may not wait at a time, or be had today (`/info`)."
        " Ask for the others when some of these are finished."
    )
