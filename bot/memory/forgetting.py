"""Everything that is kept of one user: given as one document, and removed for good, in small slices.

What others made of a user's pictures is theirs and stays, with the files that it needs. Rows that come while
it goes on, of a job that was asked for just before, are removed with the others. Knows the tables, nothing of
Discord or of where files lie.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from bot.memory import history
from bot.memory.database import Database, Row
from bot.memory.jobs import Jobs, emptied
from bot.memory.panels import WITH_PICTURE
from bot.memory.usage import Usage

__all__ = ["PersonalData"]

SLICE = 50  # rows of a transaction

_UNREADABLE = {"token", "original", "upload_limit", "hash"}
"""Columns that say nothing to anybody, or that nobody else may have."""

_JSON = {"spec", "plan", "notes", "data"}


class PersonalData:
    """What the tables hold of a user."""

    def __init__(self, database: Database, jobs: Jobs, usage: Usage) -> None:
        self._database = database
        self._jobs = jobs
        self._usage = usage

    async def document(self, user_id: int) -> dict[str, Any]:
        """Every row of a user's, by table; those of jobs with the names of their files."""
        found: dict[str, Any] = {}
        for table, column in _TABLES.items():
            rows = await self._database.rows(f"SELECT * FROM {table} WHERE {column} = ?", (user_id,))
            found[table] = [_readable(row) for row in rows]
        jobs: list[dict[str, Any]] = []
        async for row in self._rows_of_jobs(user_id):
            files = await self._database.rows(
                "SELECT position, file, width, height, seed FROM pictures WHERE job_id = ? ORDER BY position",
                (row["id"],),
            )
            inputs = await self._jobs.inputs(row["id"])
            jobs.append({**_readable(row), "pictures": [dict(file) for file in files], "inputs": inputs})
        return {**found, "jobs": jobs}

    async def jobs(self, user_id: int) -> list[str]:
        """The ids of a user's jobs that still hold something, in the order of asking."""
        rows = await self._database.rows(
            "SELECT seq, id FROM jobs WHERE user_id = :user AND status IN (2, 3) UNION ALL SELECT seq, id"
            " FROM jobs WHERE user_id = :user AND status NOT IN (2, 3) AND status < 6 ORDER BY seq",
            {"user": user_id},
        )
        return [row["id"] for row in rows]

    async def forget(self, user_id: int) -> AsyncIterator[list[str]]:
        """Remove all of a user's rows; after each slice the names of files that nothing needs any more.

        What they had today still counts.
        """
        described = await self._database.rows(
            "SELECT DISTINCT json_extract(data, '$.picture') AS picture FROM panels"
            f" WHERE user_id = ? AND {WITH_PICTURE}",
            (user_id,),
        )
        spent = await self._usage.today(user_id)
        while not await self._removed(user_id):
            for job_id in await self.jobs(user_id):
                yield await self._jobs.delete(job_id)
            while (files := await self._slice(user_id)) is not None:
                yield await self._jobs.unneeded(files)
            spent = await self._usage.today(user_id)
        self._usage.carry(user_id, *spent)
        yield await self._jobs.unneeded([row["picture"] for row in described])
        await self._overwrite()

    async def _removed(self, user_id: int) -> bool:
        """Remove what a user has besides jobs, once they have none; whether that is so."""
        async with self._database.transaction() as tx:
            if list(await tx.execute_fetchall("SELECT 1 FROM jobs WHERE user_id = ? LIMIT 1", (user_id,))):
                return False
            for table, column in _TABLES.items():
                if table != "users":
                    await tx.execute(f"DELETE FROM {table} WHERE {column} = ?", (user_id,))
            await tx.execute("DELETE FROM users WHERE id = ?", (user_id,))
        return True

    async def _slice(self, user_id: int) -> list[str] | None:
        """Remove some of a user's deleted jobs, None when there are no more; what files they still named.

        A heart, or a message that shows one, may have been noted after it was deleted. What others made of
        them stands alone then.
        """
        async with self._database.transaction() as tx:
            rows = list(await tx.execute_fetchall(_EMPTIED, (user_id, SLICE)))
            files: list[str] = []
            for row in rows:
                files += await emptied(tx, row["id"])
                await tx.execute("UPDATE jobs SET parent_id = NULL WHERE parent_id = ?", (row["id"],))
                await tx.execute("DELETE FROM jobs WHERE seq = ?", (row["seq"],))
        return files if rows else None

    async def _overwrite(self) -> None:
        """Have the index of words let go of what it was told to forget, and the log of the database too."""
        begun, more = False, True
        while more:
            async with self._database.transaction() as tx:
                more = await history.compact(tx, begun=begun)
            begun = True
        await self._database.checkpoint()

    async def _rows_of_jobs(self, user_id: int) -> AsyncIterator[Row]:
        for job_id in await self.jobs(user_id):
            row = await self._database.row("SELECT * FROM jobs WHERE id = ?", (job_id,))
            if row is not None:
                yield row


_TABLES = {
    "users": "id",
    "options": "user_id",
    "favourites": "user_id",
    "panels": "user_id",
    "folder_pictures": "user_id",
    "folders": "user_id",
    "sign_in_links": "user_id",
    "sessions": "user_id",
    "usage": "user_id",
    "daily_usage": "user_id",
    "reports": "user_id",
}
"""Where else than in jobs there are rows of a user's, and in which column their id stands."""

_EMPTIED = "SELECT seq, id FROM jobs WHERE user_id = ? AND status NOT IN (2, 3) AND status = 6 LIMIT ?"


def _readable(row: Row) -> dict[str, Any]:
    return {
        name: json.loads(row[name]) if name in _JSON else row[name]
        for name in row.keys()  # noqa: SIM118 — a row is no mapping
        if name not in _UNREADABLE
    }
