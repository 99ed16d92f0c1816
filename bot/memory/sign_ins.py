"""The ways into the studio: links that work once within ten minutes, and the sessions that they start.

Only hashes of links and sessions are kept, so that a copy of the database lets nobody in. Knows nothing of
pages, cookies or Discord.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from aiosqlite import Connection

from bot.memory.database import Database
from bot.memory.people import User, remember

__all__ = ["LINK_SECONDS", "SESSION_SECONDS", "Session", "SignIns"]

LINK_SECONDS = 600.0  # that a link waits to be followed
SESSION_SECONDS = 30 * 24 * 3600.0  # after which one signs in anew
MOST_SESSIONS = 20  # of a user at a time: the oldest end, so that the table cannot be filled by asking
MOST_LINKS = 20  # of a user that wait to be followed


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in. ``guild_id``: the server in which they asked for the link."""

    user_id: int
    name: str
    guild_id: int | None = None


class SignIns:
    """The tables of links and sessions. ``clock`` gives seconds since 1970."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def link(self, user: User, guild_id: int | None = None) -> str:
        """A new token that lets this user in, once and within ten minutes."""
        token = secrets.token_urlsafe(32)
        async with self._database.transaction() as tx:
            await remember(tx, user)
            await tx.execute("DELETE FROM sign_in_links WHERE expires < ?", (self._clock(),))
            await tx.execute(
                "INSERT INTO sign_in_links VALUES (?, ?, ?, ?)",
                (_hash(token), user.id, guild_id, self._clock() + LINK_SECONDS),
            )
            await tx.execute(_SURPLUS.format(table="sign_in_links"), (user.id, user.id, MOST_LINKS))
        return token

    async def whose(self, token: str) -> int | None:
        """The id of the user whom a link would let in; it still works afterwards. None: nobody."""
        row = await self._database.row(
            "SELECT user_id FROM sign_in_links WHERE hash = ? AND expires >= ?",
            (_hash(token), self._clock()),
        )
        return int(row["user_id"]) if row else None

    async def enter(self, token: str) -> str | None:
        """Use a link up: the token of the new session, or None where the link lets nobody in (any more)."""
        async with self._database.transaction() as tx:
            rows = list(
                await tx.execute_fetchall(
                    "DELETE FROM sign_in_links WHERE hash = ? RETURNING user_id, guild_id, expires",
                    (_hash(token),),
                )
            )
            if not rows or rows[0]["expires"] < self._clock():
                return None
            return await self._begin(tx, rows[0]["user_id"], rows[0]["guild_id"])

    async def begin(self, user: User) -> str:
        """Sign a user in without a link; the token of the new session."""
        async with self._database.transaction() as tx:
            await remember(tx, user)
            return await self._begin(tx, user.id, None)

    async def session(self, token: str) -> Session | None:
        """Who is signed in with a session's token; None where nobody is (any more)."""
        row = await self._database.row(
            "SELECT user_id, name, guild_id FROM sessions JOIN users ON users.id = user_id"
            " WHERE hash = ? AND expires >= ?",
            (_hash(token), self._clock()),
        )
        return Session(row["user_id"], row["name"], row["guild_id"]) if row else None

    async def leave(self, token: str) -> None:
        """End one session."""
        async with self._database.transaction() as tx:
            await tx.execute("DELETE FROM sessions WHERE hash = ?", (_hash(token),))

    async def end(self, user_id: int) -> None:
        """End all sessions of a user, and have their links let nobody in."""
        async with self._database.transaction() as tx:
            await tx.execute("DELETE FROM sessions WHERE user_id = ?", (user_id,))
            await tx.execute("DELETE FROM sign_in_links WHERE user_id = ?", (user_id,))

    async def _begin(self, tx: Connection, user_id: int, guild_id: int | None) -> str:
        token = secrets.token_urlsafe(32)
        await tx.execute("DELETE FROM sessions WHERE expires < ?", (self._clock(),))
        await tx.execute(
            "INSERT INTO sessions VALUES (?, ?, ?, ?)",
            (_hash(token), user_id, guild_id, self._clock() + SESSION_SECONDS),
        )
        await tx.execute(_SURPLUS.format(table="sessions"), (user_id, user_id, MOST_SESSIONS))
        return token


_SURPLUS = (
    "DELETE FROM {table} WHERE user_id = ? AND hash NOT IN"
    " (SELECT hash FROM {table} WHERE user_id = ? ORDER BY expires DESC LIMIT ?)"
)
"""Leaves a user so many of the newest."""


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
