"""`python -m tests.bot.record NAME`: what this version keeps and sends, as fixtures for all later ones.

Uses the bot in a virtual Discord, and writes its database as SQL, its pictures, and every custom id under
its messages, by what the message is. Run once for each version that people have used; `test_versions.py`
presses them all.
"""

import asyncio
import json
import shutil
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import simcord

from bot.memory.database import Database
from bot.memory.history import indexed
from bot.surface.client import EaselClient
from engine import Registry
from tests.bot.sketch import SketchEngine, buttons, png
from tests.bot.world import World, settings_in

FIXTURES = Path(__file__).parent / "fixtures"


def ids(message):
    return {str(b.label or b.emoji): b.custom_id for b in buttons(message)}


async def used(world):
    """Somebody uses all that has buttons; the custom ids by message. The last job stays unfinished."""
    found = {}
    grid = await world.imagine("two red foxes --ar 3:2 --seed 7")
    found["grid"] = ids(grid)
    single = (await world.press(grid, "U1")).response.message
    found["single"] = ids(single)
    found["upscaled"] = ids((await world.press(single, "Upscale (Subtle)")).response.message)
    described = await world.slash("describe", image=("mine.png", png(30, 20, 11)))
    found["describe"] = ids(described.response.message)
    found["shorten"] = ids(
        (await world.slash("shorten", prompt="a very big red fox, in snow")).response.message
    )
    found["unknown"] = ids((await world.slash("imagine", prompt="a zeppelin")).response.message)
    found["confirm"] = ids((await world.slash("imagine", prompt="a fox --r 6")).response.message)
    found["help"] = ids((await world.slash("help")).response.message)
    for number in range(3):
        await world.imagine(f"a cat --seed {number}")
    found["history"] = ids((await world.slash("history")).response.message)
    found["settings"] = ids((await world.slash("settings")).response.message)
    world.engine.held = True
    found["waiting"] = ids((await world.slash("imagine", prompt="a blue house --seed 3")).response.message)
    return found


def dumped(database):
    """The database as SQL. The index of words holds no texts to be dumped: it is given them again."""
    for line in database.iterdump():
        if "job_words" not in line and "writable_schema" not in line:
            yield line
    [index] = database.execute("SELECT sql FROM sqlite_master WHERE name = 'job_words'").fetchone()
    yield f"{index};"
    for seq, user, prompt in database.execute("SELECT seq, user_id, prompt FROM jobs").fetchall():
        yield f"INSERT INTO job_words (rowid, words) VALUES ({seq}, '{indexed(user, prompt)}');"


async def recorded(name):
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        engine, settings = SketchEngine(), settings_in(data)
        async with Database.opened(data / "easel.db") as database:
            env = simcord.Env(EaselClient(settings, Registry.load(), engine, database), shard_count=1)
            engine.env = env
            await env.start()
            world = World(env, engine, settings, database)
            found = await used(world)
            people = {"guild": world.guild.id, "channel": world.channel.id, "alice": world.alice.id}
            await env.shutdown()
        with closing(sqlite3.connect(data / "easel.db")) as made:
            (FIXTURES / f"easel-{name}.sql").write_text("\n".join(dumped(made)) + "\n", encoding="utf-8")
        said = json.dumps({"people": people, **found}, ensure_ascii=False, indent=1)
        (FIXTURES / f"custom-ids-{name}.json").write_text(said + "\n", encoding="utf-8")
        pictures = FIXTURES / f"pictures-{name}"
        pictures.mkdir(exist_ok=True)
        for file in (data / "pictures").glob("*/*.png"):
            shutil.copy(file, pictures / file.name)


if __name__ == "__main__":
    asyncio.run(recorded(sys.argv[1]))
