"""Every job and every picture, as rows: written as the job goes on, found again afterwards.

Knows the tables, nothing of Discord's objects, files or rendering.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence

from aiosqlite import Connection

from bot.memory import favourites, folders, history, showings, usage
from bot.memory.additions import Additions
from bot.memory.database import Database, execute_many
from bot.memory.panels import WITH_PICTURE
from bot.memory.people import User
from bot.memory.records import (
    JOBS,
    NAMED,
    JobKind,
    JobRecord,
    PictureRecord,
    Place,
    Status,
    job_of,
    picture_of,
)

__all__ = ["Jobs", "emptied"]


ENLARGED = (JobKind.UPSCALE, JobKind.UPSCALE_SUBTLE)
"""Jobs that draw nothing."""


class Jobs:
    """The tables of jobs, their pictures, and the pictures that they start from."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._additions = Additions(database)

    async def add(self, user: User, jobs: Sequence[JobRecord], inputs: Sequence[Sequence[str]]) -> None:
        """Keep new jobs, all or none. ``inputs``: for each, the file names of the pictures it starts from."""
        await self._additions.add(user, jobs, inputs)

    async def get(self, job_id: str) -> JobRecord | None:
        """The job with that id, unless it was deleted."""
        row = await self._database.row(f"{JOBS} WHERE jobs.id = ? AND status < ?", (job_id, Status.DELETED))
        return job_of(row) if row else None

    async def named(self, job_id: str | None, mark: int | None) -> JobRecord | None:
        """The job with that id, else the first whose pictures hold that mark, unless it was deleted."""
        row = await self._database.row(NAMED, {"job": job_id, "mark": mark})
        return job_of(row) if row else None

    async def unfinished(self) -> list[JobRecord]:
        """Every job that still needs something, in the order they were asked for."""
        rows = await self._database.rows(f"{JOBS} WHERE status < {int(Status.DELIVERED)} ORDER BY seq")
        return [job_of(row) for row in rows]

    async def inputs(self, job_id: str) -> list[str]:
        """File names of the pictures that a job starts from, in order."""
        rows = await self._database.rows(
            "SELECT file FROM inputs WHERE job_id = ? ORDER BY ordinal", (job_id,)
        )
        return [row["file"] for row in rows]

    async def sources(self, job_id: str) -> list[str]:
        """Those of its inputs that it is drawn from, without those that it refers to."""
        job, names = await self.get(job_id), await self.inputs(job_id)
        return names if job is None else names[: len(names) - job.plan.referred]

    async def referred(self, job_id: str) -> dict[str, str]:
        """File names of the pictures that a job refers to, by the links that it names them by."""
        job, names = await self.get(job_id), await self.inputs(job_id)
        if job is None or not job.plan.referred:
            return {}
        return dict(zip(job.plan.links, names[len(names) - job.plan.referred :], strict=True))

    async def pictures(self, job_id: str) -> list[PictureRecord]:
        """The job's pictures, in position order."""
        rows = await self._database.rows(
            "SELECT * FROM pictures WHERE job_id = ? ORDER BY position", (job_id,)
        )
        return [picture_of(row) for row in rows]

    async def moved(self, job_id: str, place: Place) -> None:
        """The job's message stands somewhere else now."""
        async with self._database.transaction() as tx:
            await tx.execute(
                "UPDATE jobs SET channel_id = ?, message_id = ?, original = ?, token = ? WHERE id = ?",
                (place.channel_id, place.message_id, place.original, place.token, job_id),
            )

    async def began(self, job_id: str) -> None:
        """The first step of the job is being rendered."""
        async with self._database.transaction() as tx:
            await tx.execute(
                "UPDATE jobs SET status = ? WHERE id = ? AND status < ?",
                (Status.RUNNING, job_id, Status.RUNNING),
            )

    async def rendered(
        self,
        job_id: str,
        pictures: Sequence[PictureRecord],
        seconds: float,
        notes: Sequence[str],
        mark: int | None = None,
    ) -> bool:
        """The pictures are safe on disk: keep them and the status in one transaction.

        False where the job was deleted meanwhile: nothing of it is kept then.
        """
        async with self._database.transaction() as tx:
            owners = list(
                await tx.execute_fetchall(
                    "UPDATE jobs SET status = ?, seconds = ?, notes = ?, finished = ?, mark = ?"
                    " WHERE id = ? AND status < ? RETURNING user_id, kind",
                    (
                        Status.RENDERED,
                        seconds,
                        json.dumps(list(notes)),
                        time.time(),
                        mark,
                        job_id,
                        Status.RENDERED,
                    ),
                )
            )
            if not owners:
                known = await tx.execute_fetchall(
                    "SELECT 1 FROM jobs WHERE id = ? AND status < ?", (job_id, Status.DELETED)
                )
                return bool(list(known))
            await execute_many(
                tx,
                "INSERT OR REPLACE INTO pictures (job_id, position, file, width, height, bytes, seed)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                [(p.job_id, p.position, p.file, p.width, p.height, p.bytes, p.seed) for p in pictures],
            )
            drawn = not any(owner["kind"] in ENLARGED for owner in owners)
            await usage.count(tx, [owner["user_id"] for owner in owners], len(pictures), seconds, drawn=drawn)
        return True

    async def ended(
        self, job_id: str, status: Status, reason: str = "", *, drawn: int = 0, seconds: float = 0.0
    ) -> None:
        """Nothing more will happen to the job; its interaction's token is forgotten.

        ``drawn``: so many pictures, which took so many ``seconds``, count for its owner's day without being
        given.
        """
        async with self._database.transaction() as tx:
            owners = await tx.execute_fetchall(
                "UPDATE jobs SET status = ?, reason = ?, token = NULL, finished = coalesce(finished, ?)"
                " WHERE id = ? AND status < ? RETURNING user_id",
                (status, reason, time.time(), job_id, status),
            )
            if drawn:
                await usage.spend(tx, [owner["user_id"] for owner in owners], drawn, seconds)

    async def delete(self, job_id: str) -> list[str]:
        """Forget all that the job held; the names of its files that nothing needs any more.

        Its id, owner and status stay, so that old buttons find out that it is gone; nothing readable does. A
        file stays while it is a picture or an input of another job, or stands behind a panel.
        """
        async with self._database.transaction() as tx:
            files = await emptied(tx, job_id)
            await history.forget(tx, job_id)
            await tx.execute(
                "UPDATE jobs SET status = :deleted, prompt = '', shown = '', spec = '{}', plan = '{}',"
                " mark = NULL, notes = '[]', reason = '', token = NULL, message_id = NULL,"
                " interaction_id = NULL"
                " WHERE id = :job",
                {"deleted": int(Status.DELETED), "job": job_id},
            )
            return [file for file in files if not await _needed(tx, file)]

    async def unneeded(self, files: Iterable[str]) -> list[str]:
        """Those of some files that no row needs."""
        async with self._database.transaction() as tx:
            return [file for file in files if not await _needed(tx, file)]

    async def files(self, prefix: str = "") -> set[str]:
        """The names, beginning with some hexadecimal digits, of every file that a row still needs."""
        rows = await self._database.rows(
            "SELECT file FROM pictures WHERE file BETWEEN :first AND :last"
            " UNION ALL SELECT file FROM inputs WHERE file BETWEEN :first AND :last"
            " UNION ALL SELECT json_extract(data, '$.picture') FROM panels"
            f" WHERE {WITH_PICTURE}"
            " AND json_extract(data, '$.picture') BETWEEN :first AND :last",
            {"first": prefix, "last": f"{prefix}g"},
        )
        return {row["file"] for row in rows}


async def emptied(tx: Connection, job_id: str) -> list[str]:
    """Remove all rows that belong to a job, as part of a transaction; the names of its files."""
    files = await tx.execute_fetchall(
        "SELECT file FROM pictures WHERE job_id = :job UNION SELECT file FROM inputs WHERE job_id = :job",
        {"job": job_id},
    )
    for table in ("pictures", "inputs", "reports"):
        await tx.execute(f"DELETE FROM {table} WHERE job_id = ?", (job_id,))
    await showings.forget(tx, job_id)
    await favourites.forget(tx, job_id)
    await folders.forget(tx, job_id)
    return [row["file"] for row in files]


async def _needed(tx: Connection, file: str) -> bool:
    """Whether a row still needs a file, as part of a transaction."""
    found = await tx.execute_fetchall(
        "SELECT 1 FROM pictures WHERE file = :file UNION ALL SELECT 1 FROM inputs WHERE file = :file"
        f" UNION ALL SELECT 1 FROM panels WHERE {WITH_PICTURE}"
        " AND json_extract(data, '$.picture') = :file"
        " LIMIT 1",
        {"file": file},
    )
    return bool(list(found))
