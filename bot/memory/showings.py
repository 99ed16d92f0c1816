"""Where jobs' messages stand: at first, and once more wherever `/show` put them up again.

Knows nothing of what the messages say.
"""

from __future__ import annotations

from aiosqlite import Connection

from bot.memory.database import Database
from bot.memory.records import JOBS, JobRecord, Place, Status, job_of

__all__ = ["Showings", "forget"]


class Showings:
    """The table of further places, and what it says together with the first ones."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, job_id: str, channel_id: int, message_id: int) -> None:
        """The job's message stands in one more place."""
        async with self._database.transaction() as tx:
            await tx.execute(
                "INSERT OR REPLACE INTO showings VALUES (?, ?, ?)", (message_id, job_id, channel_id)
            )

    async def of(self, job: JobRecord) -> list[Place]:
        """Every place where the job's message stands."""
        rows = await self._database.rows("SELECT * FROM showings WHERE job_id = ?", (job.id,))
        return [job.place, *(Place(row["channel_id"], message_id=row["message_id"]) for row in rows)]

    async def job_in(self, message_id: int) -> JobRecord | None:
        """The job that a message shows, unless it was deleted."""
        row = await self._database.row(
            f"{JOBS} WHERE jobs.id = coalesce((SELECT job_id FROM showings WHERE message_id = :message),"
            " (SELECT id FROM jobs WHERE message_id = :message)) AND status < :deleted",
            {"message": message_id, "deleted": int(Status.DELETED)},
        )
        return job_of(row) if row else None

    async def stands_in(self, job: JobRecord, channel_id: int | None) -> bool:
        """Whether the job's message stands in a channel, at first or again."""
        if job.place.channel_id == channel_id:
            return True
        where = (job.id, channel_id)
        sql = "SELECT 1 FROM showings WHERE job_id = ? AND channel_id = ? LIMIT 1"
        return await self._database.row(sql, where) is not None


async def forget(tx: Connection, job_id: str) -> None:
    """Forget where else a job's message stands, as part of a transaction."""
    await tx.execute("DELETE FROM showings WHERE job_id = ?", (job_id,))
