"""Who may see which picture: its owner, and whoever may read the channel that its message stands in.

What only its owner sees (`--stealth`) nobody else does. What is not there and what may not be seen are
answered alike. Knows nothing of what is shown of a picture.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from bot.memory.walls import Tile, Walls
from bot.studio.answers import not_found
from bot.studio.visitor import Visitor

__all__ = ["Channels", "Sight"]

Channels: TypeAlias = Callable[[int, int], Awaitable[frozenset[int]]]
"""The ids of the channels that a user, by their id, may read in a server, by its id, at this moment."""

PICTURE_ID = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-([1-9]\d{0,2})")
FRESH = 300.0  # seconds for which Discord is not asked again who may read what
REMEMBERED = 2000  # people
MOST_SERVERS = 100  # of one person that Discord is asked about
AT_ONCE = 8  # questions to Discord of one person


class Sight:
    """What people may see. ``channels`` tells which of a server somebody may read, ``clock`` seconds."""

    def __init__(self, walls: Walls, channels: Channels, clock: Callable[[], float] = time.monotonic) -> None:
        self._walls = walls
        self._ask = channels
        self._clock = clock
        self._known: OrderedDict[tuple[int, int | None], tuple[float, frozenset[int]]] = OrderedDict()

    async def picture(self, visitor: Visitor, picture_id: str) -> Tile:
        """The picture with that id, if the visitor may see it. Raises NotDone."""
        match = PICTURE_ID.fullmatch(picture_id)
        tile = await self._walls.tile(match[1], int(match[2])) if match else None
        if tile is None or not await self.sees(visitor, tile):
            raise not_found()
        return tile

    async def own(self, visitor: Visitor, picture_id: str) -> Tile:
        """The same of one of the visitor's own pictures."""
        tile = await self.picture(visitor, picture_id)
        if tile.user_id != visitor.user_id:
            raise not_found()
        return tile

    async def sees(self, visitor: Visitor, tile: Tile) -> bool:
        """Whether a visitor may see a picture."""
        if tile.user_id == visitor.user_id:
            return True
        if tile.private or tile.guild_id is None:
            return False
        return tile.channel_id in await self.channels(visitor)

    async def channels(self, visitor: Visitor) -> frozenset[int]:
        """The ids of the channels that a visitor may read, in the servers in which they were met."""
        key = (visitor.user_id, visitor.guild_id)
        asked, found = self._known.get(key, (0.0, None))
        if found is None or self._clock() - asked > FRESH:
            found = await self._asked(visitor)
            self._known[key] = (self._clock(), found)
        self._known.move_to_end(key)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return found

    async def _asked(self, visitor: Visitor) -> frozenset[int]:
        servers = await self._walls.servers(visitor.user_id)
        if visitor.guild_id is not None:
            servers = [visitor.guild_id, *(each for each in servers if each != visitor.guild_id)]
        room = asyncio.Semaphore(AT_ONCE)

        async def ask(guild_id: int) -> frozenset[int]:
            async with room:
                return await self._ask(visitor.user_id, guild_id)

        found = await asyncio.gather(*(ask(guild_id) for guild_id in servers[:MOST_SERVERS]))
        return frozenset[int]().union(*found)
