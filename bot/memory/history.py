"""Users' finished jobs, newest first: page by page, all of them or those with certain words or a heart.

A page is found in indexes alone and the walk stops where the page ends, however many jobs there are. Words
are indexed by their pieces of one, two and three letters, so that a part of a word finds it as well: what is
longer is found by its pieces of three in a row. Each piece is indexed as its owner's, so one user's search
never walks through another's jobs.
"""

from __future__ import annotations

from collections.abc import Iterable

from aiosqlite import Connection

from bot.memory.database import Database, execute_many
from bot.memory.records import COLUMNS, JobRecord, job_of
from bot.text.words import words as words_of

__all__ = ["MOST_COUNTED", "History", "forget", "index", "indexed", "matching"]

MOST_COUNTED = 1000  # jobs; whoever finds more is told that there are more, and the walk stays short
_PIECE = 3  # letters
_MERGED = 64  # pages of the index that are rewritten at a time

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
        """A user's finished jobs, newest first; with ``words``, those whose prompt holds all of them.

        A word may stand for a part of one.
        """
        match = matching(user_id, words)
        values: dict[str, str | int] = {"user": user_id, "match": match, "limit": limit, "offset": offset}
        rows = await self._database.rows(
            f"WITH page (seq) AS MATERIALIZED ({_found(match, favourites)} ORDER BY 1 DESC LIMIT :limit"
            f" OFFSET :offset) SELECT {COLUMNS} FROM page JOIN jobs USING (seq)"
            " JOIN users ON users.id = jobs.user_id ORDER BY seq DESC",
            values,
        )
        return [job_of(row) for row in rows]

    async def count(self, user_id: int, *, words: str = "", favourites: bool = False) -> int:
        """How many jobs ``page`` would find, at most one more than ``MOST_COUNTED``."""
        match = matching(user_id, words)
        row = await self._database.row(
            f"SELECT count(*) AS number FROM ({_found(match, favourites)} LIMIT :most)",
            {"user": user_id, "match": match, "most": MOST_COUNTED + 1},
        )
        return int(row["number"]) if row else 0


def _found(match: str, favourites: bool) -> str:
    """The query for the numbers of all jobs that are looked for."""
    if match:
        hearted = " AND EXISTS (SELECT 1 FROM favourites WHERE user_id = :user AND job_seq = rowid)"
        return (
            f"SELECT rowid FROM job_words WHERE job_words MATCH :match AND {_FINISHED.format('rowid')}"
            + hearted * favourites
        )
    if favourites:
        return (
            f"SELECT DISTINCT job_seq FROM favourites WHERE user_id = :user AND {_FINISHED.format('job_seq')}"
        )
    return "SELECT seq FROM jobs WHERE user_id = :user AND status IN (2, 3)"


async def index(tx: Connection, jobs: Iterable[JobRecord]) -> None:
    """Make new jobs findable by the words of their prompts, as part of a transaction."""
    await execute_many(
        tx,
        "INSERT INTO job_words (rowid, words) SELECT seq, ? FROM jobs WHERE id = ?",
        [(indexed(job.user_id, job.prompt), job.id) for job in jobs],
    )


async def forget(tx: Connection, job_id: str) -> None:
    """Take a job's words out of the index, as part of a transaction; before its prompt is forgotten."""
    rows = await tx.execute_fetchall(
        "SELECT seq, user_id, prompt FROM jobs WHERE id = ? AND status < 6", (job_id,)
    )
    # The index holds no texts: it is told what it was once given, and believes it.
    await execute_many(
        tx,
        "INSERT INTO job_words (job_words, rowid, words) VALUES ('delete', ?, ?)",
        [(row["seq"], indexed(row["user_id"], row["prompt"])) for row in rows],
    )


async def compact(tx: Connection, *, begun: bool) -> bool:
    """Have the index drop some of what it has forgotten, as part of a transaction; whether there is more.

    Until then the forgotten words stand in it, marked as such. ``begun``: this goes on with an earlier call.
    """
    before = tx.total_changes
    pages = _MERGED if begun else -_MERGED  # below zero it begins to make one piece of all
    await tx.execute("INSERT INTO job_words (job_words, rank) VALUES ('merge', ?)", (pages,))
    return tx.total_changes - before > 1


def indexed(user_id: int, text: str) -> str:
    """A text's pieces as one user's, the way the index of words is given them.

    The pieces of three letters stand in a row, with a mark behind each word: a search for more letters is one
    for pieces in a row, and none goes from one word into the next. Then follow the shorter ones, each once.
    """
    words = words_of(text)
    rows = [piece for word in words for piece in (*_pieces(word, _PIECE), "")]
    shorter = [piece for word in words for size in range(1, _PIECE) for piece in _pieces(word, size)]
    return " ".join(f"u{user_id}x{piece}" for piece in (*rows, *dict.fromkeys(shorter)))


def matching(user_id: int, text: str) -> str:
    """What is asked of the index for all words of a text; empty where it has none."""
    rows = [_pieces(word, min(len(word), _PIECE)) for word in dict.fromkeys(words_of(text))]
    return " AND ".join('"' + " ".join(f"u{user_id}x{piece}" for piece in row) + '"' for row in rows)


def _pieces(word: str, size: int) -> list[str]:
    return [word[start : start + size] for start in range(len(word) - size + 1)]
