"""Users' finished jobs, newest first: page by page, all of them or those with certain words or a heart.

A page is found in indexes alone and the walk stops where the page ends, however many jobs there are. Each
word is indexed as its owner's, so one user's search never walks through another's jobs.
"""

from __future__ import annotations

from collections.abc import Iterable

from aiosqlite import Connection

from bot.memory.database import Database
from bot.memory.records import COLUMNS, JobRecord, job_of
from bot.text.words import words as words_of

__all__ = ["History", "forget", "index", "indexed"]

_FINISHED = (
    "EXISTS (SELECT 1 FROM jobs INDEXED BY jobs_finished"
    " WHERE user_id = :user AND seq = {} AND status IN (2, 3))"
)


class History:
    """What `/history` looks through."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, user_id: int, *, words: str = "", favourites: bool = False, offset: int = 0, limit: int = 5
    ) -> list[JobRecord]:
        """A user's finished jobs, newest first; with ``words``, those whose prompt holds all of them."""
        values: dict[str, str | int] = {
            "user": user_id,
            "match": " AND ".join(indexed(user_id, words)),
            "limit": limit,
            "offset": offset,
        }
        seq, where = "seq", "jobs WHERE user_id = :user AND status IN (2, 3)"
        if values["match"]:
            seq, where = "rowid", f"job_words WHERE job_words MATCH :match AND {_FINISHED.format('rowid')}"
            if favourites:
                where += " AND EXISTS (SELECT 1 FROM favourites WHERE user_id = :user AND job_seq = rowid)"
        elif favourites:
            seq = "DISTINCT job_seq"
            where = f"favourites WHERE user_id = :user AND {_FINISHED.format('job_seq')}"
        rows = await self._database.rows(
            f"WITH page (seq) AS MATERIALIZED (SELECT {seq} FROM {where} ORDER BY 1 DESC LIMIT :limit"
            f" OFFSET :offset) SELECT {COLUMNS} FROM page JOIN jobs USING (seq)"
            " JOIN users ON users.id = jobs.user_id ORDER BY seq DESC",
            values,
        )
        return [job_of(row) for row in rows]


async def index(tx: Connection, jobs: Iterable[JobRecord]) -> None:
    """Make new jobs findable by the words of their prompts, as part of a transaction."""
    await tx.executemany(
        "INSERT INTO job_words (rowid, words) SELECT seq, ? FROM jobs WHERE id = ?",
        [(" ".join(indexed(job.user_id, job.prompt)), job.id) for job in jobs],
    )


async def forget(tx: Connection, job_id: str) -> None:
    """Take a job's words out of the index, as part of a transaction; before its prompt is forgotten."""
    rows = await tx.execute_fetchall(
        "SELECT seq, user_id, prompt FROM jobs WHERE id = ? AND status < 6", (job_id,)
    )
    # The index holds no texts: it is told what it was once given, and believes it.
    await tx.executemany(
        "INSERT INTO job_words (job_words, rowid, words) VALUES ('delete', ?, ?)",
        [(row["seq"], " ".join(indexed(row["user_id"], row["prompt"]))) for row in rows],
    )


def indexed(user_id: int, text: str) -> list[str]:
    """The words of a text as one user's, the way the index of words holds them."""
    return [f"u{user_id}x{word}" for word in dict.fromkeys(words_of(text))]
