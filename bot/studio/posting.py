"""Where the jobs of the page may be posted, and with which roles their asker asks.

A channel is open to whoever could use Easel in it by a command at this moment: their rights there as Discord
says, and the operators' rules. Knows nothing of jobs.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import TypeAlias

from bot.jobs.channels import Channel
from bot.memory.records import Place
from bot.memory.rules import Rules
from bot.memory.walls import Walls
from bot.studio.answers import NotDone
from bot.studio.visitor import Visitor

__all__ = ["DIRECT", "Posting"]

Asking: TypeAlias = Callable[[int, int, int], Awaitable[Channel | None]]
"""The channel as a user may ask in it: their id, a server's, the channel's. None where they may not."""

DIRECT = "direct"  # what stands for the messages between the bot and one user
OFFERED = 8  # channels: those that were asked in last
FRESH = 30.0  # seconds for which Discord is not asked again
REMEMBERED = 2000  # answers


class Posting:
    """Says where a visitor may post. ``clock`` gives seconds."""

    def __init__(
        self,
        walls: Walls,
        rules: Rules,
        is_operator: Callable[[int], Awaitable[bool]],
        asking: Asking,
        roles: Callable[[int, int], Awaitable[Sequence[int]]],
        direct: Callable[[int], Awaitable[int]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._walls = walls
        self._rules = rules
        self._is_operator = is_operator
        self._asking = asking
        self._roles = roles
        self._direct = direct
        self._clock = clock
        self._known: OrderedDict[tuple[int, int], tuple[float, Channel | None]] = OrderedDict()

    async def offered(self, visitor: Visitor) -> list[Channel]:
        """The channels that a visitor last asked in and may still ask in."""
        found = await self._walls.channels(visitor.user_id, OFFERED)
        seen = [await self._open(visitor, guild_id, channel_id) for channel_id, guild_id in found]
        return [channel for channel in seen if channel is not None]

    async def place(self, visitor: Visitor, where: str, *, private: bool) -> tuple[Place, Sequence[int]]:
        """Where a job's message is to stand, and the roles that its asker has there.

        ``where`` is a channel's id, ``DIRECT``, or empty: on the page alone, as is what is ``private``.
        Raises NotDone for a channel that is not open to the visitor.
        """
        if where not in ("", DIRECT):
            channel = await self._channel(visitor, where)
            if channel is None:
                raise NotDone(HTTPStatus.FORBIDDEN, "You cannot use Easel in that channel (any more).")
            place = Place(0 if private else channel.id, channel.guild_id, original=False, private=private)
            return place, channel.roles
        roles = () if visitor.guild_id is None else await self._roles(visitor.user_id, visitor.guild_id)
        if where == DIRECT and not private:
            return Place(await self._direct(visitor.user_id), original=False), roles
        return Place(0, original=False, private=private), roles

    async def _channel(self, visitor: Visitor, where: str) -> Channel | None:
        return next((each for each in await self.offered(visitor) if str(each.id) == where), None)

    async def _open(self, visitor: Visitor, guild_id: int, channel_id: int) -> Channel | None:
        key = (visitor.user_id, channel_id)
        asked, channel = self._known.pop(key, (0.0, None))
        if self._clock() - asked > FRESH or not asked:
            asked, channel = self._clock(), await self._asking(visitor.user_id, guild_id, channel_id)
        self._known[key] = (asked, channel)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        if channel is None or self._rules.allows(guild_id, channel.id, channel.parent_id):
            return channel
        return channel if await self._is_operator(visitor.user_id) else None
