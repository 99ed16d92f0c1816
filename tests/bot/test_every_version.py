"""What each version's database holds is there after the update, and the buttons of then do their work."""

import sqlite3
from contextlib import closing

import discord
import pytest
import simcord

from bot.memory.database import Database, pending_migrations
from bot.memory.records import Status
from bot.surface.client import EaselClient
from engine import Registry
from tests.bot.earlier import NEWEST, PEOPLE, made
from tests.bot.sketch import SketchEngine, buttons
from tests.bot.world import World

VERSIONS = range(1, NEWEST + 1)


async def pressed(world, action, job_id, index=0):
    """Alice presses a button of then, under a message that Discord still has."""
    result = await world.press_as_sent(f"easel:{action}:{job_id}:{index}")
    await world.env.settle()
    return result


def told(result):
    """All that an answer says to whoever pressed."""
    shown = [] if result.response is None else [result.response, *result.followups]
    return " ".join(message.content for message in shown)


async def status_and_prompt(world, job):
    return tuple(await world.database.row("SELECT status, prompt FROM jobs WHERE id = ?", (job["id"],)))


def applied(path):
    with closing(sqlite3.connect(path)) as database:
        return database.execute("SELECT count(*) FROM _yoyo_migration").fetchone()[0]


@pytest.fixture
async def earlier(request, tmp_path, settings):
    """Today's bot on the data of a version, and the rows that were in it. Its jobs are held."""
    rows, engine = made(request.param, tmp_path / "data"), SketchEngine()
    engine.held = True
    async with Database.opened(tmp_path / "data" / "easel.db") as database:
        env = simcord.Env(
            EaselClient(settings, Registry.load(), engine, database), shard_count=1, settle_timeout=60.0
        )
        engine.env = env
        world = World(env, engine, settings, database)
        assert {name: getattr(world, name).id for name in PEOPLE} == PEOPLE
        await env.start()
        yield world, rows
        await env.shutdown()
        await world.bot.hub.links.close()
        assert env.errors == []


@pytest.mark.parametrize(("earlier", "version"), [(n, n) for n in VERSIONS], indirect=["earlier"])
async def test_nothing_is_lost_and_every_button_of_a_grid_of_then_works(earlier, version, tmp_path):
    world, rows = earlier
    assert pending_migrations(tmp_path / "data" / "easel.db") == []
    kept = [(path.name, applied(path)) for path in (tmp_path / "data").glob("easel-before-*.db")]
    assert kept == ([] if version == NEWEST else [(f"easel-before-{version + 1:04}.db", version)])

    grid, single, gone, waiting = rows["jobs"]
    for job in (grid, single):
        now = await world.bot.hub.jobs.get(job["id"])
        assert (now.prompt, now.status, now.user_id) == (job["prompt"], Status.DELIVERED, PEOPLE["alice"])
    assert await status_and_prompt(world, gone) == (Status.DELETED, "")
    assert await world.bot.hub.history.count(PEOPLE["alice"], words="foxes") == 2
    files = [row["file"] for row in rows["pictures"] if row["job_id"] == grid["id"]]
    assert [picture.file for picture in await world.bot.hub.jobs.pictures(grid["id"])] == files

    shown = (await world.slash("settings")).response.message
    green = {b.label for b in buttons(shown) if b.style is discord.ButtonStyle.success}
    assert {"Stylize high", "Low Variation Mode"} < green

    world.engine.release()
    await world.env.settle()
    assert sum("a waiting fox" in message.content for message in world.messages()) == 1
    assert (await world.bot.hub.jobs.get(waiting["id"])).status is Status.DELIVERED

    for action, index, said in (
        ("upscale", 3, "Image #3"),
        ("vary", 1, "Variations (Subtle) by"),
        ("reroll", 0, "**two red foxes --ar 3:2** - <@"),
    ):
        await pressed(world, action, grid["id"], index)
        assert any(said in message.content for message in world.messages()), action
    assert "No longer among your favourites." in told(await pressed(world, "favourite", single["id"], 1))
    assert "Added to your favourites." in told(await pressed(world, "favourite", single["id"], 1))
    assert "Delete it all the same?" in told(await pressed(world, "delete", single["id"]))
    await pressed(world, "delete_anyway", single["id"])
    assert "Deleted." in told(await pressed(world, "delete", grid["id"]))
    for job in (grid, single):
        assert await status_and_prompt(world, job) == (Status.DELETED, "")
