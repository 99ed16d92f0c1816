"""The operators' rules: limits of roles, the channels that are allowed, and whether new jobs are taken.

All of it is read once and kept in memory, for every interaction asks. Knows nothing of Discord's objects.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar

from bot.memory.database import Database, Row
from engine import Lane

__all__ = ["ALL", "Allowance", "Limits", "Rules", "Subject"]

Subject: TypeAlias = tuple[Literal["everyone", "role", "user"], int]
"""Whom a rule is for; the id of everyone is 0."""

ALL = "*"


@dataclass(frozen=True, slots=True)
class Limits:
    """How many jobs of one user may render, and wait, at a time."""

    running: int
    queued: int


@dataclass(frozen=True, slots=True)
class Allowance:
    """What may be had a day, by which models, in which lanes; None: nothing is said, so there is no bound.

    ``all_models`` and ``all_lanes`` say that there is none, against what everyone is told.
    """

    pictures: int | None = None
    seconds: int | None = None
    models: frozenset[str] | None = None
    lanes: frozenset[Lane] | None = None
    all_models: bool = False
    all_lanes: bool = False


class Rules:
    """What is allowed. Call ``load`` once before asking."""

    def __init__(self, database: Database, limits: Limits) -> None:
        self._database = database
        self._limits = limits
        self._roles: dict[int, Limits] = {}
        self._channels: dict[int, set[int]] = {}
        self._allowances: dict[Subject, Allowance] = {}
        self.paused = False

    async def load(self) -> None:
        """Read what is stored."""
        roles = await self._database.rows("SELECT * FROM role_limits")
        self._roles = {row["role_id"]: Limits(row["running"], row["queued"]) for row in roles}
        self._channels = {}
        for row in await self._database.rows("SELECT * FROM channels"):
            self._channels.setdefault(row["guild_id"], set()).add(row["channel_id"])

        self._allowances = {
            (row["kind"], row["id"]): _allowance(row)
            for row in await self._database.rows("SELECT * FROM allowances")
        }

    def allowance(self, user_id: int, roles: Iterable[int]) -> Allowance:
        """What a user may have: their own rule, else the most generous of their roles', else everyone's."""
        own = [self._allowances.get(("user", user_id))]
        shared = [self._allowances.get(("role", role)) for role in roles]
        everyone = [self._allowances.get(("everyone", 0))]
        ranks = [[each for each in rank if each is not None] for rank in (own, shared, everyone)]
        return Allowance(
            _first([[each.pictures for each in rank] for rank in ranks]),
            _first([[each.seconds for each in rank] for rank in ranks]),
            _named([[(each.models, each.all_models) for each in rank] for rank in ranks]),
            _named([[(each.lanes, each.all_lanes) for each in rank] for rank in ranks]),
        )

    async def allot(
        self,
        subject: Subject,
        *,
        pictures: int | None = None,
        seconds: int | None = None,
        models: str | None = None,
        lanes: str | None = None,
    ) -> None:
        """Change what somebody is allowed, where a value is given; without any the rule is taken away."""
        given = {"pictures": pictures, "seconds": seconds, "models": models, "lanes": lanes}
        said = {name: value for name, value in given.items() if value is not None}
        async with self._database.transaction() as tx:
            if not said:
                await tx.execute("DELETE FROM allowances WHERE (kind, id) = (?, ?)", subject)
            else:
                await tx.execute("INSERT OR IGNORE INTO allowances (kind, id) VALUES (?, ?)", subject)
                names = ", ".join(f"{name} = ?" for name in said)
                await tx.execute(
                    f"UPDATE allowances SET {names} WHERE (kind, id) = (?, ?)", (*said.values(), *subject)
                )
        await self.load()

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


T = TypeVar("T")


def _allowance(row: Row) -> Allowance:
    models, lanes = (None if row[name] is None else row[name].split(",") for name in ("models", "lanes"))
    return Allowance(
        row["pictures"],
        row["seconds"],
        None if models in (None, [ALL]) else frozenset(models),
        None if lanes in (None, [ALL]) else frozenset(Lane(lane) for lane in lanes),
        models == [ALL],
        lanes == [ALL],
    )


def _first(ranks: Iterable[Iterable[int | None]]) -> int | None:
    """The largest number of the first rank that says any."""
    for rank in ranks:
        if said := [number for number in rank if number is not None]:
            return max(said)
    return None


def _named(ranks: Iterable[Iterable[tuple[frozenset[T] | None, bool]]]) -> frozenset[T] | None:
    """The names of the first rank that says any, together; None for all."""
    for rank in ranks:
        said = [(names, whole) for names, whole in rank if whole or names is not None]
        if any(whole for _, whole in said):
            return None
        if said:
            return frozenset().union(*(names for names, _ in said if names is not None))
    return None
