"""The database that an earlier version left opens, and every button under messages of then has its answer.

`python -m tests.bot.record NAME` makes the fixtures of a version; each that people have used has a name here.
What each button of the oldest one does in detail is in `test_earlier_buttons.py`.
"""

import json
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
import simcord

from bot.memory.database import Database, pending_migrations
from bot.surface.client import EaselClient
from engine import Registry
from tests.bot.sketch import SketchEngine
from tests.bot.world import World

FIXTURES = Path(__file__).parent / "fixtures"
VERSIONS = ("84a5f21",)
GONE = ("No longer here", "Sorry, something went wrong", "Not possible")
ONCE = {"confirm": ("Yes", "No")}  # a question is answered once
LAST = ("Delete",)


def ids_of(version):
    return json.loads((FIXTURES / f"custom-ids-{version}.json").read_text(encoding="utf-8"))


EACH = [
    (version, kind, labels)
    for version in VERSIONS
    for kind, found in ids_of(version).items()
    if kind != "people"
    for labels in ([(label,) for label in ONCE[kind]] if kind in ONCE else [tuple(found)])
]


@pytest.fixture
async def earlier(request, tmp_path, settings):
    """The same people in the same channel, with the bot of today, on the data of that version."""
    version, folder, engine = request.param, tmp_path / "data", SketchEngine()
    folder.mkdir()
    with closing(sqlite3.connect(folder / "easel.db")) as made:
        made.executescript((FIXTURES / f"easel-{version}.sql").read_text(encoding="utf-8"))
        made.execute("UPDATE panels SET created = ?", (time.time(),))  # old questions are forgotten
        made.commit()
    for file in (FIXTURES / f"pictures-{version}").glob("*.png"):
        (folder / "pictures" / file.name[:2]).mkdir(parents=True, exist_ok=True)
        shutil.copy(file, folder / "pictures" / file.name[:2] / file.name)
    engine.held = True
    async with Database.opened(folder / "easel.db") as database:
        assert pending_migrations(folder / "easel.db") == []
        client = EaselClient(settings, Registry.load(), engine, database)
        env = simcord.Env(client, shard_count=1, settle_timeout=60.0)
        engine.env = env
        world = World(env, engine, settings, database)
        then = ids_of(version)["people"]
        moved = {then["channel"]: world.channel.id, then["alice"]: world.alice.id}
        async with database.transaction() as tx:
            await tx.execute("PRAGMA defer_foreign_keys = ON")
            for table, column in (("jobs", "channel_id"), ("panels", "channel_id"), ("jobs", "user_id")):
                for old, new in moved.items():
                    await tx.execute(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", (new, old))
            for table, column in (
                ("users", "id"),
                *((t, "user_id") for t in ("panels", "usage", "favourites")),
            ):
                await tx.execute(
                    f"UPDATE {table} SET {column} = ? WHERE {column} = ?", (world.alice.id, then["alice"])
                )
        await env.start()
        yield world
        await env.shutdown()
        assert env.errors == []


async def pressed(world, custom_id):
    result = await world.press_as_sent(custom_id)
    await world.env.settle()
    return result


@pytest.mark.parametrize(
    ("earlier", "version", "kind", "labels"),
    [(version, version, kind, labels) for version, kind, labels in EACH],
    indirect=["earlier"],
)
async def test_every_button_of_then_has_its_answer(earlier, version, kind, labels):
    if kind != "waiting":
        earlier.engine.release()
    ids = ids_of(version)[kind]
    for label in sorted(labels, key=lambda label: label in LAST):
        result = await pressed(earlier, ids[label])
        assert result.acknowledged, label
        shown = [] if result.response is None else [result.response, *result.followups]
        titles = [embed.title for each in shown for embed in each.embeds]
        assert not set(titles) & set(GONE), (label, [embed.description for e in shown for embed in e.embeds])
        assert shown or result.modal, label
