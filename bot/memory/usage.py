"""How much each user has been given: counted as it happens, so that nobody adds up a lifetime for `/info`.

Deleting a job takes nothing back. Knows nothing of jobs.
"""

from __future__ import annotations

from collections.abc import Iterable

from aiosqlite import Connection

from bot.memory.database import Database, execute_many

__all__ = ["Usage", "count"]


class Usage:
    """The table of pictures and seconds by user."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, user_id: int) -> tuple[int, float]:
        """How many pictures a user has ever been given, and the seconds they took to render."""
        row = await self._database.row("SELECT * FROM usage WHERE user_id = ?", (user_id,))
        return (row["pictures"], row["seconds"]) if row else (0, 0.0)


async def count(tx: Connection, user_ids: Iterable[int], pictures: int, seconds: float) -> None:
    """Add to what users have been given, as part of a transaction."""
    await execute_many(
        tx,
        "INSERT INTO usage VALUES (?, ?, ?) ON CONFLICT (user_id) DO UPDATE"
        " SET pictures = pictures + excluded.pictures, seconds = seconds + excluded.seconds",
        [(user_id, pictures, seconds) for user_id in user_ids],
    )
