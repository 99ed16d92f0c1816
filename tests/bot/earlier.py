"""Data folders as earlier versions left them: the tables of then, with rows that a bot of then wrote.

A version is the number of its last migration. Rows were recorded from bots of those versions, with the ids of
people and places as words in braces; a version that has none of its own was a step of a larger update, and
takes those of the version before. Pictures are made here: their pixels mean nothing to a button.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import yoyo

from bot.memory.database import MIGRATIONS
from bot.memory.history import indexed
from bot.text.words import words
from tests.bot.sketch import png

__all__ = ["NEWEST", "PEOPLE", "made"]

ROWS = Path(__file__).parent / "fixtures" / "rows"
NEWEST = max(int(path.name[:4]) for path in MIGRATIONS.glob("0*"))
PIECES = 10  # the version from which words are indexed by their pieces

FIRST = 1456074443980800000
PEOPLE = {"guild": FIRST + 2, "channel": FIRST + 5, "alice": FIRST + 6}
"""The ids that the virtual Discord gives to a server, its channel and the first of its members."""


def made(version: int, folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Leave the database and the pictures of a version in ``folder``; the rows that are in it, by table."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "easel.db"
    _migrated(path, version)
    rows, files = _rows(version), {}
    for row in rows["pictures"]:
        data = png(row["width"], row["height"], row["seed"] % 97 + 1)
        files[row["file"]] = name = f"{hashlib.sha256(data).hexdigest()[:40]}.png"
        kept = folder / "pictures" / name[:2] / name
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(data)
        row["bytes"] = len(data)
    for row in (*rows["pictures"], *rows["inputs"]):
        row["file"] = files[row["file"]]
    with closing(sqlite3.connect(path)) as database:
        there = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        rows = {table: found for table, found in rows.items() if table in there}
        for table, found in rows.items():
            for row in found:
                marks = ", ".join("?" * len(row))
                database.execute(
                    f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", tuple(row.values())
                )
        for row in rows["jobs"]:
            if row["prompt"]:
                said = _words(version, row["user_id"], row["prompt"])
                database.execute("INSERT INTO job_words (rowid, words) VALUES (?, ?)", (row["seq"], said))
        database.commit()
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    return rows


def _migrated(path: Path, version: int) -> None:
    backend = yoyo.get_backend(f"sqlite:///{path}")
    try:
        backend.execute("PRAGMA journal_mode = WAL")
        steps = yoyo.read_migrations(str(MIGRATIONS)).filter(lambda step: int(step.id[:4]) <= version)
        with backend.lock():
            backend.apply_migrations(backend.to_apply(steps))
    finally:
        backend.connection.close()


def _rows(version: int) -> dict[str, list[dict[str, Any]]]:
    recorded = sorted(ROWS.glob("*.json"))
    file = max((each for each in recorded if int(each.stem) <= version), default=recorded[0])
    rows = json.loads(file.read_text(encoding="utf-8"))
    named = {f"{{{name}}}": number for name, number in PEOPLE.items()}
    return {
        table: [{column: named.get(value, value) for column, value in row.items()} for row in found]
        for table, found in rows.items()
    }


def _words(version: int, user: int, prompt: str) -> str:
    if version >= PIECES:
        return indexed(user, prompt)
    return " ".join(f"u{user}x{word}" for word in dict.fromkeys(words(prompt)))
