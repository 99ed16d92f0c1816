"""Deleting one's job: what others need of it stays, everything else goes."""

import sqlite3

import discord
import pytest
import yoyo

from bot.memory.database import MIGRATIONS, Database
from tests.bot.sketch import buttons, png


def files(world):
    return {path.name for path in world.settings.easel_data.glob("pictures/*/*")}


async def delete(world, message, who=None):
    await (who or world.alice).context_menu(world.channel, "Cancel Job", message)
    await world.env.settle()


async def test_anothers_upscale_that_waits_is_drawn_though_the_grid_is_deleted(world, env):
    grid = await world.imagine("a fox --seed 7")
    world.engine.held = True
    await world.bob.slash(world.channel, "imagine", prompt="one")
    await world.bob.slash(world.channel, "imagine", prompt="two")
    await world.bob.slash(world.channel, "imagine", prompt="three")
    await world.press(grid, "U2", world.bob)
    await delete(world, grid)
    world.engine.release()
    await env.settle()
    [upscaled] = [m for m in world.messages() if "Image #2" in m.content]
    assert upscaled.attachments
    assert "Stopped" not in upscaled.content


@pytest.mark.parametrize(
    ("made", "again"), [("Upscale (Subtle)", "Redo Upscale (Subtle)"), ("Zoom Out 2x", "🔄")]
)
async def test_what_anothers_picture_was_made_from_stays_for_making_it_again(world, made, again):
    single = (await world.press(await world.imagine("a fox"), "U1")).response.message
    child = (await world.press(single, made, world.bob)).response.message
    await delete(world, single)
    result = await world.press(child, again, world.bob)
    assert not result.ephemeral
    assert result.response.message.attachments


async def test_a_file_goes_with_the_last_job_that_needs_it(world):
    grid = await world.imagine("a fox")
    tiles = files(world)
    upscaled = (await world.press(grid, "U3", world.bob)).response.message
    both = files(world)
    await delete(world, grid)
    assert len(files(world) & tiles) == 1
    assert both - tiles <= files(world)
    await delete(world, upscaled, world.bob)
    assert files(world) == set()


async def test_a_picture_that_two_jobs_share_stays_for_the_other(world):
    first = await world.imagine("a fox --seed 7")
    second = await world.imagine("a fox --seed 7")
    [job, other] = await world.bot.hub.history.page(world.alice.id)
    async with world.database.transaction() as tx:
        await tx.execute(
            "UPDATE pictures SET file = (SELECT file FROM pictures AS theirs"
            " WHERE theirs.job_id = ? AND theirs.position = pictures.position) WHERE job_id = ?",
            (other.id, job.id),
        )
    await delete(world, first)
    assert buttons(second)
    assert not (await world.press(second, "U1")).ephemeral


async def everything_readable(database):
    """Every text of every row, and every word that the index finds."""
    async with database.transaction() as tx:
        tables = await tx.execute_fetchall("SELECT name FROM sqlite_master WHERE type = 'table'")
        names = [row["name"] for row in tables if not row["name"].startswith(("job_words", "_", "yoyo"))]
        rows = [tuple(row) for name in names for row in await tx.execute_fetchall(f"SELECT * FROM {name}")]
        await tx.execute("CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab('main', 'job_words', 'row')")
        words = [row["term"] for row in await tx.execute_fetchall("SELECT term FROM vocabulary")]
        await tx.execute("DROP TABLE temp.vocabulary")
    return " ".join(map(str, [*rows, *words])).casefold()


async def test_nothing_readable_is_left_of_a_deleted_job_and_its_buttons_say_that_it_is_gone(world):
    single = (await world.press(await world.imagine("a Wombat --no gravel"), "U1")).response.message
    grid = world.messages()[0]
    await world.imagine("an aardvark")
    assert "wombat" in await everything_readable(world.database)
    for message in (single, grid):
        await delete(world, message)
    left = await everything_readable(world.database)
    assert "wombat" not in left
    assert "omb" not in left
    assert "gravel" not in left
    assert "aardvark" in left
    place = await world.bot.fetch_channel(world.channel.id)
    for message, label in ((single, "Vary (Subtle)"), (grid, "U2")):
        again = await place.send("the same once more", view=discord.ui.View.from_message(message))
        result = await world.press(again, label)
        assert result.ephemeral
        assert result.response.embeds[0].title == "No longer here"
    found = (await world.slash("history", search="aardvark")).response.message
    assert "aardvark" in found.embeds[0].description


async def test_an_upload_goes_with_the_last_job_that_starts_from_it(world):
    upload = ("mine.png", png(30, 30, 11))
    first = (await world.slash("imagine", prompt="a fox", image=upload)).response.message
    second = (await world.slash("imagine", prompt="a dog", image=upload)).response.message
    await delete(world, first)
    assert not (await world.press(second, "🔄")).ephemeral
    for message in world.messages():
        await delete(world, message)
    assert files(world) == set()


async def test_deleting_twice_takes_nothing_of_others_from_the_search(world):
    message = await world.imagine("a fox")
    [job] = await world.bot.hub.history.page(world.alice.id)
    await world.imagine("another fox")
    await delete(world, message)
    await world.bot.hub.jobs.delete(job.id)
    found = await world.bot.hub.history.page(world.alice.id, words="fox")
    assert [each.shown for each in found] == ["another fox"]


async def test_jobs_that_an_earlier_version_deleted_are_forgotten_at_the_start(tmp_path):
    path = tmp_path / "easel.db"
    backend = yoyo.get_backend(f"sqlite:///{path}")
    with backend.lock():
        steps = yoyo.read_migrations(str(MIGRATIONS)).filter(lambda step: step.id < "0008")
        backend.apply_migrations(backend.to_apply(steps))
    backend.connection.close()
    with sqlite3.connect(path) as old:
        old.execute("INSERT INTO users (id, name, created) VALUES (1, 'alice', 0)")
        for seq, (prompt, status) in enumerate((("a wombat", 6), ("an aardvark", 3)), 1):
            old.execute(
                "INSERT INTO jobs (seq, id, user_id, kind, prompt, shown, spec, plan, lane, status, created,"
                " channel_id, upload_limit)"
                " VALUES (?, ?, 1, 'imagine', ?, ?, '{}', '{}', 'fast', ?, 0, 1, 1)",
                (seq, f"job-{seq}", prompt, prompt, status),
            )
            words = " ".join(f"u1x{word}" for word in prompt.split())
            old.execute("INSERT INTO job_words (rowid, words) VALUES (?, ?)", (seq, words))
            old.execute("INSERT INTO inputs VALUES (?, 0, ?)", (f"job-{seq}", f"{seq}.png"))
    old.close()
    async with Database.opened(path) as database:
        left = await everything_readable(database)
        assert "wombat" not in left
        assert "aardvark" in left
        assert [row["file"] for row in await database.rows("SELECT file FROM inputs")] == ["2.png"]
