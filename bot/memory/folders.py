"""Folders that users put their pictures into. Knows nothing of what is in the pictures."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable
from dataclasses import dataclass

from aiosqlite import Connection

from bot.errors import Gone, Refusal
from bot.memory.database import Database, execute_many

__all__ = ["LONGEST_NAME", "MOST_FOLDERS", "Folder", "Folders", "forget"]

MOST_FOLDERS = 200  # of a user: as many as a menu can show
LONGEST_NAME = 60  # characters


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder, and how many pictures lie in it."""

    id: int
    name: str
    pictures: int


class Folders:
    """The tables of folders and of what lies in them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, user_id: int) -> list[Folder]:
        """A user's folders, by name."""
        rows = await self._database.rows(
            "SELECT id, name, (SELECT count(*) FROM folder_pictures WHERE folder_id = folders.id) AS pictures"
            " FROM folders WHERE user_id = ? ORDER BY name COLLATE NOCASE, id",
            (user_id,),
        )
        return [Folder(row["id"], row["name"], row["pictures"]) for row in rows]

    async def holding(self, user_id: int, job_seq: int, position: int) -> list[int]:
        """The ids of a user's folders in which a picture lies."""
        rows = await self._database.rows(
            "SELECT folder_id FROM folder_pictures WHERE (user_id, job_seq, position) = (?, ?, ?) ORDER BY 1",
            (user_id, job_seq, position),
        )
        return [row["folder_id"] for row in rows]

    async def add(self, user_id: int, name: str) -> int:
        """A new folder; its id. Raises Refusal."""
        name = _fit(name)
        async with self._database.transaction() as tx:
            [count] = await tx.execute_fetchall("SELECT count(*) FROM folders WHERE user_id = ?", (user_id,))
            if count[0] >= MOST_FOLDERS:
                raise Refusal(f"You have {MOST_FOLDERS} folders, and there cannot be more.")
            try:
                [row] = await tx.execute_fetchall(
                    "INSERT INTO folders (user_id, name, created) VALUES (?, ?, ?) RETURNING id",
                    (user_id, name, time.time()),
                )
            except sqlite3.IntegrityError:
                raise Refusal(f"You have a folder “{name}” already.") from None
        return int(row["id"])

    async def rename(self, user_id: int, folder_id: int, name: str) -> None:
        """Give a folder another name. Raises Refusal and Gone."""
        name = _fit(name)
        async with self._database.transaction() as tx:
            try:
                rows = await tx.execute_fetchall(
                    "UPDATE folders SET name = ? WHERE id = ? AND user_id = ? RETURNING 1",
                    (name, folder_id, user_id),
                )
            except sqlite3.IntegrityError:
                raise Refusal(f"You have a folder “{name}” already.") from None
            if not list(rows):
                raise Gone("That folder is no more.")

    async def delete(self, user_id: int, folder_id: int) -> None:
        """Remove a folder; the pictures in it stay. Raises Gone."""
        async with self._database.transaction() as tx:
            await _own(tx, user_id, folder_id)
            await tx.execute("DELETE FROM folder_pictures WHERE folder_id = ?", (folder_id,))
            await tx.execute("DELETE FROM folders WHERE id = ?", (folder_id,))

    async def put(self, user_id: int, folder_id: int, pictures: Iterable[tuple[int, int]]) -> None:
        """Put pictures, as their jobs' numbers and their positions, into a folder. Raises Gone."""
        async with self._database.transaction() as tx:
            await _own(tx, user_id, folder_id)
            await execute_many(
                tx,
                "INSERT OR IGNORE INTO folder_pictures (folder_id, user_id, job_seq, position)"
                " VALUES (?, ?, ?, ?)",
                [(folder_id, user_id, seq, position) for seq, position in pictures],
            )

    async def take(self, user_id: int, folder_id: int, pictures: Iterable[tuple[int, int]]) -> None:
        """Take pictures out of a folder. Raises Gone."""
        async with self._database.transaction() as tx:
            await _own(tx, user_id, folder_id)
            await execute_many(
                tx,
                "DELETE FROM folder_pictures WHERE (folder_id, job_seq, position) = (?, ?, ?)",
                [(folder_id, seq, position) for seq, position in pictures],
            )


async def forget(tx: Connection, job_id: str) -> None:
    """Take a job's pictures out of all folders, as part of a transaction."""
    await tx.execute(
        "DELETE FROM folder_pictures WHERE job_seq = (SELECT seq FROM jobs WHERE id = ?)", (job_id,)
    )


async def _own(tx: Connection, user_id: int, folder_id: int) -> None:
    rows = await tx.execute_fetchall(
        "SELECT 1 FROM folders WHERE id = ? AND user_id = ?", (folder_id, user_id)
    )
    if not list(rows):
        raise Gone("That folder is no more.")


def _fit(name: str) -> str:
    """A name as it is kept: in one line, without blanks around it. Raises Refusal."""
    fit = " ".join(name.split())
    if not fit:
        raise Refusal("A folder needs a name.")
    if len(fit) > LONGEST_NAME:
        raise Refusal(f"A folder's name has {LONGEST_NAME} characters at most.")
    return fit
