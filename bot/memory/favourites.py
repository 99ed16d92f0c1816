"""The pictures that users gave a heart. Knows nothing of what is in them."""

from __future__ import annotations

from collections.abc import Iterable

from aiosqlite import Connection

from bot.memory.database import Database, execute_many
from bot.memory.records import JobRecord

__all__ = ["Favourites", "forget"]


class Favourites:
    """The table of hearts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def turn(self, job: JobRecord, position: int) -> bool:
        """Turn the heart of one of the owner's pictures over; whether it is a favourite then."""
        heart = (job.user_id, job.seq, position)
        async with self._database.transaction() as tx:
            gone = await tx.execute_fetchall(
                "DELETE FROM favourites WHERE (user_id, job_seq, position) = (?, ?, ?) RETURNING 1", heart
            )
            if not list(gone):
                await tx.execute("INSERT INTO favourites VALUES (?, ?, ?)", heart)
                return True
        return False

    async def set(self, user_id: int, pictures: Iterable[tuple[int, int]], *, to: bool) -> None:
        """Give pictures of a user's, as their jobs' numbers and their positions, a heart, or take it away."""
        hearts = [(user_id, seq, position) for seq, position in pictures]
        sql = (
            "INSERT OR IGNORE INTO favourites VALUES (?, ?, ?)"
            if to
            else "DELETE FROM favourites WHERE (user_id, job_seq, position) = (?, ?, ?)"
        )
        async with self._database.transaction() as tx:
            await execute_many(tx, sql, hearts)


async def forget(tx: Connection, job_id: str) -> None:
    """Take the hearts of a job's pictures away, as part of a transaction."""
    await tx.execute("DELETE FROM favourites WHERE job_seq = (SELECT seq FROM jobs WHERE id = ?)", (job_id,))
