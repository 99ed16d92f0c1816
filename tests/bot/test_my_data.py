"""`/delete my data` and `/export my data`: everything that is kept of one user, and nothing of others'."""

import io
import json
import zipfile

import discord
import pytest

from tests.bot.sketch import buttons, png
from tests.bot.test_deleting import everything_readable, files


async def delete_all(world, who=None):
    asked = await (who or world.alice).slash(world.channel, "delete my data")
    assert asked.ephemeral
    return await world.press(asked.response.message, "Remove everything", who)


async def busy(world):
    """Alice has used everything there is to use."""
    upload = ("mine.png", png(30, 30, 11))
    await world.slash("imagine", prompt="a rabbit", image=upload)
    single = (await world.press(await world.imagine("an umbrella"), "U1")).response.message
    await world.press(single, "Favorite")
    await world.slash("describe", image=("other.png", png(40, 40, 13)))
    await world.slash("prefer option set", option="mine", value="--s 250")
    await world.slash("prefer suffix", new_value="--ar 3:2")
    await world.slash("history", search="umbrella")
    await world.press(single, "Delete")


async def rows_with(world, value):
    """The tables in which a value stands in some column."""
    async with world.database.transaction() as tx:
        tables = await tx.execute_fetchall("SELECT name FROM sqlite_master WHERE type = 'table'")
        names = [row["name"] for row in tables if not row["name"].startswith(("job_words", "_", "yoyo"))]
        return {
            name
            for name in names
            for row in await tx.execute_fetchall(f"SELECT * FROM {name}")
            if value in tuple(row)
        }


async def test_nothing_of_a_user_is_left_and_others_keep_theirs(world):
    await world.bob.slash(world.channel, "imagine", prompt="a butterfly")
    bobs = files(world)
    await busy(world)
    assert len(await rows_with(world, world.alice.id)) >= 6
    done = await delete_all(world)
    assert done.response.content == "Nothing is kept of you here any more."
    assert files(world) == bobs
    assert await rows_with(world, world.alice.id) == set()
    left = await everything_readable(world.database)
    for word in ("rabbit", "umbrella", "alice", f"u{world.alice.id}x"):
        assert word not in left
    assert "butterfly" in left
    raw = b"".join(path.read_bytes() for path in world.settings.easel_data.glob("easel.db*"))
    for word in (b"rabbit", b"umbrella", b"alice"):
        assert word not in raw
    assert b"butterfly" in raw
    found = await world.bob.slash(world.channel, "history", search="butterfly")
    assert "butterfly" in found.response.message.embeds[0].description


async def test_afterwards_one_begins_anew_with_the_defaults(world):
    await busy(world)
    await delete_all(world)
    assert (await world.imagine("a fox")).content == f"**a fox** - <@{world.alice.id}> (fast)"
    assert "4 images" in (await world.slash("info")).response.embeds[0].description


async def test_jobs_that_run_or_wait_are_cancelled(world, env):
    world.engine.held = True
    for number in range(5):
        await world.slash("imagine", prompt=f"fox {number}")
    await delete_all(world)
    world.engine.release()
    await env.settle()
    assert await rows_with(world, world.alice.id) == set()
    assert files(world) == set()
    assert sum(world.bot.hub.flow.live()) == 0
    assert all("Cancelled" in m.content or not m.attachments for m in world.messages())


async def test_a_job_that_is_drawn_while_everything_is_removed_keeps_nothing(world, env):
    world.engine.held = True
    await world.slash("imagine", prompt="a fox")
    async for gone in world.bot.hub.personal.forget(world.alice.id):
        await world.bot.hub.pictures.delete(gone)
    world.engine.release()
    await env.settle()
    assert await rows_with(world, world.alice.id) == set()
    assert await world.database.rows("SELECT * FROM pictures") == []
    assert files(world) == set()
    [message] = world.messages()
    assert "Cancelled" in message.content


async def test_what_was_noted_of_a_job_after_it_was_deleted_is_removed_too(world, operator):
    await world.slash("easel limit", pictures=10)
    grid = await world.imagine("a fox")
    hub = world.bot.hub
    [job] = await hub.history.page(world.alice.id)
    [picture, *_] = await hub.jobs.pictures(job.id)
    await hub.jobs.delete(job.id)
    async with world.database.transaction() as tx:
        for number in (4, 5):
            row = (job.id, number, picture.file, 8, 8, 9, number)
            await tx.execute("INSERT INTO pictures VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    await hub.favourites.turn(job, 1)
    await hub.showings.add(job.id, world.channel.id, grid.id)
    done = await delete_all(world)
    assert done.response.content == "Nothing is kept of you here any more."
    assert await rows_with(world, world.alice.id) == set()
    assert not hub.pictures.path(picture.file).exists()
    assert "6 of 10 pictures" in (await world.slash("info")).response.embeds[0].description


async def test_nothing_is_taken_of_somebody_whose_data_is_being_removed(world):
    with world.bot.hub.taking.closed(world.alice.id):
        refused = await world.slash("imagine", prompt="a fox")
        others = await world.bob.slash(world.channel, "imagine", prompt="a cat")
    assert "being removed" in refused.response.embeds[0].description
    assert others.response.message.attachments
    assert (await world.imagine("a fox")).attachments


async def test_old_buttons_say_that_it_is_gone(world):
    grid = await world.imagine("a fox")
    await delete_all(world)
    for label in ("U1", "V2", "🔄"):
        pressed = await world.press(grid, label)
        assert pressed.ephemeral
        assert pressed.response.embeds[0].title == "No longer here"


async def test_what_another_made_of_it_stays_theirs(world):
    grid = await world.imagine("a fox")
    upscaled = (await world.press(grid, "U2", world.bob)).response.message
    varied = (await world.press(upscaled, "Vary (Subtle)", world.bob)).response.message
    await delete_all(world)
    for message, label in ((varied, "U1"), (upscaled, "Zoom Out 2x"), (varied, "🔄")):
        again = await world.press(message, label, world.bob)
        assert again.response.message.attachments, label


async def test_nobody_else_answers_the_question(world):
    await world.imagine("a fox")
    [button] = buttons((await world.slash("delete my data")).response.message)
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label="as if it were mine", custom_id=button.custom_id))
    view.stop()
    forged = await world.bot.get_partial_messageable(world.channel.id).send("forged", view=view)
    pressed = await world.bob.click(forged, custom_id=button.custom_id)
    assert "somebody else" in pressed.response.embeds[0].description
    assert await rows_with(world, world.alice.id)


def archives(world, result):
    sent = [result.response, *result.followups]
    found = [attachment for message in sent for attachment in message.attachments]
    return [zipfile.ZipFile(io.BytesIO(world.env.backend.cdn.get(each.url))) for each in found]


async def test_an_export_holds_every_row_picture_and_upload(world):
    await world.bob.slash(world.channel, "imagine", prompt="a butterfly")
    bobs = files(world)
    await busy(world)
    result = await world.slash("export my data")
    assert result.ephemeral
    [archive] = archives(world, result)
    names = set(archive.namelist())
    you, jobs = (json.loads(archive.read(name)) for name in ("you.json", "jobs-1.json"))
    assert you["users"][0]["suffix"] == "--ar 3:2"
    assert [option["name"] for option in you["options"]] == ["mine"]
    assert [job["prompt"].split()[-1] for job in jobs] == ["rabbit", "umbrella", "umbrella"]
    assert you["favourites"][0]["job_seq"] == jobs[2]["seq"]
    assert not {"token"} & set(jobs[0])
    given = {name.partition("/")[2] for name in names if name.startswith(("pictures/", "inputs/"))}
    described = {panel["data"].get("picture") for panel in you["panels"]} - {None}
    assert given | described == files(world) - bobs
    assert "butterfly" not in archive.read("jobs-1.json").decode()
    for name in names:
        if name.endswith(".png"):
            [kept] = world.settings.easel_data.glob(f"pictures/*/{name.partition('/')[2]}")
            assert archive.read(name) == kept.read_bytes()


async def test_an_export_is_split_below_the_limit_and_says_what_did_not_fit(world, monkeypatch):
    monkeypatch.setattr("bot.surface.commands.my_data.ANYWHERE", 2**16 + 12_000)
    world.engine.scale = 8
    for number in range(12):
        await world.imagine(f"fox {number}")
    result = await world.slash("export my data")
    found = archives(world, result)
    assert len(found) == 5
    assert all(archive.fp.getbuffer().nbytes <= 2**16 + 12_000 for archive in found)
    pictures = [name for archive in found for name in archive.namelist() if not name.endswith(".json")]
    assert len(set(pictures)) == len(pictures)
    told = result.followups[-1].content
    assert f"{48 - len(pictures)} older pictures did not fit" in told


@pytest.mark.parametrize("command", ["delete my data", "export my data"])
async def test_whoever_has_nothing_gets_an_answer_all_the_same(world, command):
    result = await world.slash(command)
    assert result.ephemeral
    assert result.response.content
