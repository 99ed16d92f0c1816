"""How much each user has been given, ever and day by day: counted as it happens, never added up later.

Deleting a job takes nothing back. What was drawn and not given, as a job that is drawn again for a proof or
cancelled while it is drawn, counts for its day alone. Knows nothing of jobs. A day is one of UTC.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from aiosqlite import Connection

from bot.memory.database import Database, execute_many

__all__ = ["DAY", "DayOfUser", "Usage", "count", "spend"]

DAY = 24 * 3600  # seconds


@dataclass(frozen=True, slots=True)
class DayOfUser:
    """What was drawn for one user on one day, which began ``began`` seconds after 1970."""

    user_id: int
    began: int
    pictures: int
    seconds: float


class Usage:
    """The tables of pictures and seconds by user, and by user and day."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._carried: dict[int, tuple[int, int, float]] = {}

    async def of(self, user_id: int) -> tuple[int, float]:
        """How many pictures a user has ever been given, and the seconds they took to render."""
        row = await self._database.row("SELECT * FROM usage WHERE user_id = ?", (user_id,))
        return (row["pictures"], row["seconds"]) if row else (0, 0.0)

    async def today(self, user_id: int) -> tuple[int, float]:
        """The same of today alone, with what was drawn for them and not given."""
        sql = "SELECT pictures, seconds FROM daily_usage WHERE (user_id, day) = (?, ?)"
        row = await self._database.row(sql, (user_id, _today()))
        day, pictures, seconds = self._carried.get(user_id, (0, 0, 0.0))
        if day != _today():
            self._carried.pop(user_id, None)
            pictures, seconds = 0, 0.0
        return (pictures + row["pictures"], seconds + row["seconds"]) if row else (pictures, seconds)

    def carry(self, user_id: int, pictures: int, seconds: float) -> None:
        """A user's rows were removed: so much, which they had today, still counts, in memory alone."""
        self._carried[user_id] = (_today(), pictures, seconds)

    async def spend(self, user_id: int, pictures: int, seconds: float) -> None:
        """So much was drawn for a user, and not given."""
        async with self._database.transaction() as tx:
            if list(await tx.execute_fetchall("SELECT 1 FROM users WHERE id = ?", (user_id,))):
                await spend(tx, [user_id], pictures, seconds)

    async def days(self, days: int, user_id: int | None = None, limit: int = 25) -> list[DayOfUser]:
        """For whom what was drawn on the last ``days`` days, the newest day and the most pictures first."""
        rows = await self._database.rows(
            "SELECT * FROM daily_usage WHERE day > :since AND (:user IS NULL OR user_id = :user)"
            " ORDER BY day DESC, pictures DESC LIMIT :limit",
            {"since": _today() - days, "user": user_id, "limit": limit},
        )
        return [DayOfUser(row["user_id"], row["day"] * DAY, row["pictures"], row["seconds"]) for row in rows]


def _today() -> int:
    return int(time.time() // DAY)


async def count(
    tx: Connection, user_ids: Iterable[int], pictures: int, seconds: float, *, drawn: bool = True
) -> None:
    """Add to what users have been given, as part of a transaction.

    What was not ``drawn``, but only enlarged, counts for no day.
    """
    users = list(user_ids)
    await execute_many(
        tx,
        "INSERT INTO usage VALUES (?, ?, ?) ON CONFLICT (user_id) DO UPDATE"
        " SET pictures = pictures + excluded.pictures, seconds = seconds + excluded.seconds",
        [(user_id, pictures, seconds) for user_id in users],
    )
    if drawn:
        await spend(tx, users, pictures, seconds)


async def spend(tx: Connection, user_ids: Iterable[int], pictures: int, seconds: float) -> None:
    """Add to what was drawn for users today, whether they are given it or not, as part of a transaction."""
    await execute_many(
        tx,
        "INSERT INTO daily_usage VALUES (?, ?, ?, ?) ON CONFLICT (user_id, day) DO UPDATE"
        " SET pictures = pictures + excluded.pictures, seconds = seconds + excluded.seconds",
        [(user_id, _today(), pictures, seconds) for user_id in user_ids],
    )
