"""What moderators have said: how much a channel may show, where they read; and what users have reported.

Thresholds and channels are read once and kept in memory, for every job asks. Knows nothing of Discord's
objects.
"""

from __future__ import annotations

import time

from bot.memory.database import Database

__all__ = ["Moderation"]


class Moderation:
    """``usual`` and ``adult`` are the scores above which pictures are hidden where a channel says nothing.

    ``adult`` is for channels with an age restriction. Call ``load`` once before asking.
    """

    def __init__(self, database: Database, usual: float, adult: float) -> None:
        self._database = database
        self._usual, self._adult = usual, adult
        self._thresholds: dict[int, float] = {}
        self._channels: dict[int, int] = {}

    async def load(self) -> None:
        """Read what is stored."""
        rows = await self._database.rows("SELECT * FROM thresholds")
        self._thresholds = {row["channel_id"]: row["hide_above"] for row in rows}
        rows = await self._database.rows("SELECT * FROM moderator_channels")
        self._channels = {row["guild_id"]: row["channel_id"] for row in rows}

    def hide_above(self, channel_id: int | None, parent_id: int | None, *, adult: bool) -> float:
        """The score above which a picture is hidden in a channel, or in a thread of ``parent_id``."""
        for each in (channel_id, parent_id):
            if each is not None and each in self._thresholds:
                return self._thresholds[each]
        return self._adult if adult else self._usual

    async def draw_line(self, channel_id: int, score: float | None) -> None:
        """Give a channel a threshold of its own; None takes it away."""
        async with self._database.transaction() as tx:
            await tx.execute("DELETE FROM thresholds WHERE channel_id = ?", (channel_id,))
            if score is not None:
                await tx.execute("INSERT INTO thresholds VALUES (?, ?)", (channel_id, score))
        await self.load()

    def channel_of(self, guild_id: int | None) -> int | None:
        """The channel in which a server's moderators read; None where they named none."""
        return self._channels.get(guild_id or 0)

    async def read_in(self, guild_id: int, channel_id: int | None) -> None:
        """Name that channel; None: no longer any."""
        async with self._database.transaction() as tx:
            await tx.execute("DELETE FROM moderator_channels WHERE guild_id = ?", (guild_id,))
            if channel_id is not None:
                await tx.execute("INSERT INTO moderator_channels VALUES (?, ?)", (guild_id, channel_id))
        await self.load()

    async def report(self, job_id: str, user_id: int, reason: str) -> bool:
        """Keep a user's report of a job; False where they have reported it before."""
        async with self._database.transaction() as tx:
            rows = await tx.execute_fetchall(
                "INSERT OR IGNORE INTO reports VALUES (?, ?, ?, ?) RETURNING job_id",
                (job_id, user_id, reason, time.time()),
            )
        return bool(list(rows))

    async def withdraw(self, job_id: str, user_id: int) -> None:
        """Forget a report that nobody could be told of."""
        async with self._database.transaction() as tx:
            await tx.execute("DELETE FROM reports WHERE (job_id, user_id) = (?, ?)", (job_id, user_id))
