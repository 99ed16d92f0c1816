"""The pictures that users gave a heart. Knows nothing of what is in them."""

from __future__ import annotations

from aiosqlite import Connection

from bot.memory.database import Database
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


async def forget(tx: Connection, job_id: str) -> None:
    """Take the hearts of a job's pictures away, as part of a transaction."""
    await tx.execute("DELETE FROM favourites WHERE job_seq = (SELECT seq FROM jobs WHERE id = ?)", (job_id,))
