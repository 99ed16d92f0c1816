"""A million jobs: how long do a page of one's history and a search for words take?

`python -m bench.history [--jobs N]`. Builds the database through the bot's own migrations in a temporary
folder, asks through the bot's own `History`, and prints percentiles; only SQLite caches anything.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bot.memory.database import Database
from bot.memory.history import History, indexed
from bot.memory.usage import Usage
from engine import Registry, plan_imagine
from grammar import parse

__all__ = ["main"]

USERS = 200
BUSY = 0.25  # the share of all jobs that one user has
ASKED = 400
CHUNK = 20_000
GOAL_MS = 20.0


def main(arguments: list[str] | None = None) -> int:
    """Prints the table; 0 when every p99 is within the goal."""
    options = argparse.ArgumentParser(prog="python -m bench.history", description=__doc__.splitlines()[0])
    options.add_argument("--jobs", type=int, default=1_000_000)
    given = options.parse_args([] if arguments is None else arguments)
    with tempfile.TemporaryDirectory(prefix="history-") as folder:
        return asyncio.run(_measure(given.jobs, Path(folder) / "easel.db", Console()))


async def _measure(jobs: int, path: Path, console: Console) -> int:
    dice = random.Random(1)
    words = _vocabulary(dice)
    async with Database.opened(path) as database:
        with console.status(f"keeping {jobs} jobs"):
            began = time.monotonic()
            await _fill(database, jobs, words, dice)
            console.print(f"{jobs} jobs kept in {time.monotonic() - began:.0f} s")
        history, usage = History(database), Usage(database)
        questions: dict[str, Callable[[], Awaitable[object]]] = {
            "the newest page": lambda: history.page(dice.randint(2, USERS)),
            "the newest page of who has a quarter of all": lambda: history.page(1),
            "page 200 of who has a quarter of all": lambda: history.page(1, offset=1000),
            "a common word": lambda: history.page(1, words=words[dice.randint(0, 9)]),
            "a rare word": lambda: history.page(1, words=words[dice.randint(1500, 1999)]),
            "two words": lambda: history.page(1, words=f"{words[dice.randint(0, 9)]} {dice.choice(words)}"),
            "two common words": lambda: history.page(1, words=" ".join(dice.sample(words[:10], 2))),
            "a part of a common word": lambda: history.page(1, words=words[dice.randint(0, 9)][1:4]),
            "one letter": lambda: history.page(1, words=words[dice.randint(0, 9)][0]),
            "how many there are of a common word": lambda: history.count(1, words=words[dice.randint(0, 9)]),
            "how many there are": lambda: history.count(1),
            "a word that is nowhere": lambda: history.page(1, words="nowhere"),
            "a word, page 100": lambda: history.page(1, words=words[dice.randint(0, 9)], offset=500),
            "favourites": lambda: history.page(1, favourites=True),
            "favourites with a word": lambda: history.page(
                1, words=words[dice.randint(0, 9)], favourites=True
            ),
            "/info: usage of who has a quarter of all": lambda: usage.of(1),
        }
        table = Table(title=f"History of {jobs} jobs, {ASKED} questions each")
        for heading in ("", "p50 ms", "p99 ms", "slowest ms"):
            table.add_column(heading, justify="left" if not heading else "right")
        worst = 0.0
        for name, ask in questions.items():
            took = sorted([await _timed(ask) for _ in range(ASKED)])
            p99 = took[int(0.99 * ASKED)]
            worst = max(worst, p99)
            table.add_row(name, f"{took[ASKED // 2]:.1f}", f"{p99:.1f}", f"{took[-1]:.1f}")
        console.print(table)
    return 0 if worst <= GOAL_MS else 1


async def _timed(ask: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await ask()
    return 1000 * (time.perf_counter() - began)


def _vocabulary(dice: random.Random) -> list[str]:
    """Two thousand words, the first ones the most common."""
    letters = "abcdefghijklmnoprstuvw"
    return ["".join(dice.choices(letters, k=dice.randint(3, 9))) for _ in range(2000)]


async def _fill(database: Database, jobs: int, words: list[str], dice: random.Random) -> None:
    [spec] = parse("a red house")
    plan = json.dumps(plan_imagine(spec, Registry.load()).to_dict())
    weights = [1 / (rank + 5) for rank in range(len(words))]
    async with database.transaction() as tx:
        await tx.executemany(
            "INSERT INTO users (id, name, created) VALUES (?, ?, 0)",
            [(user, f"user{user}") for user in range(1, USERS + 1)],
        )
        await tx.execute("INSERT INTO usage SELECT id, 4000000, 1e6 FROM users")
    for first in range(1, jobs + 1, CHUNK):
        rows = list(_rows(first, min(jobs + 1, first + CHUNK), words, weights, dice))
        async with database.transaction() as tx:
            await tx.executemany(
                "INSERT INTO jobs (seq, id, user_id, kind, prompt, shown, spec, plan, lane, status, created,"
                " finished, seconds, channel_id, message_id, upload_limit)"
                f" VALUES (?, ?, ?, 'imagine', ?, ?, ?, '{plan}', 'fast', 3, ?, ?, 2.5, 5, ?, 10485760)",
                [
                    (seq, _id(seq), user, prompt, prompt, json.dumps(spec.to_dict()), seq, seq, seq)
                    for seq, user, prompt in rows
                ],
            )
            await tx.executemany(
                "INSERT INTO job_words (rowid, words) VALUES (?, ?)",
                [(seq, indexed(user, prompt)) for seq, user, prompt in rows],
            )
            await tx.executemany(
                "INSERT INTO pictures VALUES (?, ?, ?, 256, 256, 90000, 1)",
                [
                    (_id(seq), position, f"{seq:036x}{position:04x}.png")
                    for seq, _, _ in rows
                    for position in (1, 2, 3, 4)
                ],
            )
            await tx.executemany(
                "INSERT INTO favourites VALUES (?, ?, 1)",
                [(user, seq) for seq, user, _ in rows if seq % 20 == 0],
            )


def _rows(
    first: int, end: int, words: list[str], weights: list[float], dice: random.Random
) -> Iterator[tuple[int, int, str]]:
    for seq in range(first, end):
        user = 1 if dice.random() < BUSY else dice.randint(2, USERS)
        yield seq, user, " ".join(dice.choices(words, weights, k=8)) + " --ar 3:2"


def _id(seq: int) -> str:
    return f"00000000-0000-4000-8000-{seq:012x}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
