"""The operators' rules: limits of roles, the channels that are allowed, and whether new jobs are taken.

All of it is read once and kept in memory, for every interaction asks. Knows nothing of Discord's objects.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.memory.database import Database

__all__ = ["Limits", "Rules"]


@dataclass(frozen=True, slots=True)
class Limits:
    """How many jobs of one user may render, and wait, at a time."""

    running: int
    queued: int


class Rules:
    """What is allowed. Call ``load`` once before asking."""

    def __init__(self, database: Database, limits: Limits) -> None:
        self._database = database
        self._limits = limits
        self._roles: dict[int, Limits] = {}
        self._channels: dict[int, set[int]] = {}
        self.paused = False

    async def load(self) -> None:
        """Read what is stored."""
        roles = await self._database.rows("SELECT * FROM role_limits")
        self._roles = {row["role_id"]: Limits(row["running"], row["queued"]) for row in roles}
        self._channels = {}
        for row in await self._database.rows("SELECT * FROM channels"):
            self._channels.setdefault(row["guild_id"], set()).add(row["channel_id"])

    def limits(self, roles: Iterable[int]) -> Limits:
        """The most generous limits among a user's roles, else everyone's."""
        own = [self._roles[role] for role in roles if role in self._roles]
        if not own:
            return self._limits
        return Limits(max(limit.running for limit in own), max(limit.queued for limit in own))

    def allows(self, guild_id: int | None, *channels: int | None) -> bool:
        """Whether Easel answers in a channel (or a thread of it); a server that names none allows all."""
        named = self._channels.get(guild_id or 0)
        return not named or any(channel in named for channel in channels)

    def channels(self, guild_id: int | None) -> list[int]:
        """The channels that a server names; none: all are allowed."""
        return sorted(self._channels.get(guild_id or 0, ()))

    async def limit(self, role_id: int, limits: Limits | None) -> None:
        """Give a role limits of its own; None takes them away."""
        async with self._database.transaction() as tx:
            await tx.execute("DELETE FROM role_limits WHERE role_id = ?", (role_id,))
            if limits is not None:
                await tx.execute(
                    "INSERT INTO role_limits VALUES (?, ?, ?)", (role_id, limits.running, limits.queued)
                )
        await self.load()

    async def allow(self, guild_id: int, channel_id: int, *, allowed: bool) -> None:
        """Name a channel as one where Easel answers, or no longer."""
        async with self._database.transaction() as tx:
            await tx.execute("DELETE FROM channels WHERE channel_id = ?", (channel_id,))
            if allowed:
                await tx.execute("INSERT INTO channels VALUES (?, ?)", (channel_id, guild_id))
        await self.load()
