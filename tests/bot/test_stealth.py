"""`--stealth`: a job and all that is made from it are for its owner's eyes only."""

import discord
import pytest

from tests.bot.sketch import buttons, png
from tests.bot.test_edits import saved_editor, with_editor

EPHEMERAL = 64


def sent_openly(world):
    """Every message that was ever posted where others read it."""
    transcript = world.env.backend.transcript
    created = [what for kind, name, what in transcript if (kind, name) == ("GATEWAY", "MESSAGE_CREATE")]
    return [
        message
        for message in created
        if message["channel_id"] == str(world.channel.id) and not message.get("flags", 0) & EPHEMERAL
    ]


async def test_waiting_progress_and_grid_are_for_the_owner_alone(world, env):
    world.engine.held = True
    result = await world.slash("imagine", prompt="a fox --stealth")
    assert result.ephemeral
    world.engine.release()
    await env.settle()
    message = result.response.message
    assert message.content.startswith("**a fox --stealth** - ")
    assert message.attachments
    assert world.messages() == []
    assert sent_openly(world) == []


@pytest.mark.parametrize(
    "labels",
    [["U2"], ["V1"], ["🔄"], ["U1", "Upscale (Subtle)", "Redo Upscale (Creative)"], ["U1", "Zoom Out 2x"]],
)
async def test_what_is_made_from_it_is_private_too(world, labels):
    message = await world.imagine("a fox --stealth")
    for label in labels:
        result = await world.press(message, label)
        assert result.ephemeral
        message = result.response.message
        assert message.attachments
    assert world.messages() == []
    assert sent_openly(world) == []


async def test_each_of_several_jobs_is_private(world, env):
    await world.slash("imagine", prompt="a {red, green, blue} fox --stealth")
    await env.settle()
    assert len(world.engine.seen) == 3
    assert sent_openly(world) == []


async def test_once_the_token_is_dead_it_comes_by_direct_message(world, env):
    world.engine.held = True
    await world.slash("imagine", prompt="a fox --stealth")
    await env.advance_time(16 * 60)
    world.engine.release()
    await env.settle()
    [job] = await world.bot.hub.history.page(world.alice.id)
    assert job.place.channel_id == (await world.bot.create_dm(discord.Object(world.alice.id))).id
    message = await (await world.bot.fetch_channel(job.place.channel_id)).fetch_message(job.place.message_id)
    assert message.attachments
    assert sent_openly(world) == []


async def test_nobody_else_reaches_it_by_its_buttons(world):
    private = await world.imagine("a fox --stealth")
    place = await world.bot.fetch_channel(world.channel.id)
    forged = await place.send("forged", view=discord.ui.View.from_message(private))
    result = await world.press(forged, "U1", world.bob)
    assert result.response.embeds[0].title == "No longer here"
    assert len(world.engine.seen) == 1


async def test_show_of_it_is_private_and_deleting_leaves_a_word(world):
    private = await world.imagine("a fox --stealth")
    [job] = await world.bot.hub.history.page(world.alice.id)
    assert (await world.slash("show", job_id=job.id)).ephemeral
    single = (await world.press(private, "U1")).response.message
    assert (await world.press(single, "Delete")).response.content == "Deleted."


async def test_public_is_the_reverse_of_the_users_own_default(world):
    panel = (await world.slash("settings")).response.message
    await world.press(panel, "Stealth mode")
    result = await world.slash("imagine", prompt="a fox")
    assert result.ephemeral
    assert result.response.content.startswith("**a fox --stealth** - ")
    assert sent_openly(world) == []
    assert not (await world.slash("imagine", prompt="a fox --public")).ephemeral
    assert len(sent_openly(world)) == 1
    again = (await world.slash("settings")).response.message
    assert "Stealth mode" in {b.label for b in buttons(again) if b.style.name == "success"}


async def test_the_commands_of_midjourney_settle_who_sees_what_comes(world):
    assert "You alone see" in (await world.slash("stealth")).response.content
    assert (await world.slash("imagine", prompt="a fox")).ephemeral
    info = (await world.slash("info")).response.message.embeds[0].description
    assert "**Visibility Mode**: Stealth" in info
    assert "Everybody in the channel" in (await world.slash("public")).response.content
    assert (await world.imagine("a cat")).content.startswith("**a cat** - ")
    assert len(world.messages()) == 1


@pytest.mark.parametrize("label", ["U2", "V1", "🔄"])
async def test_what_its_user_makes_of_a_public_picture_is_private_once_they_are_seen_by_nobody(world, label):
    grid = await world.imagine("a fox")
    await world.bob.slash(world.channel, "stealth")
    assert (await world.press(grid, label, world.bob)).ephemeral
    assert len(sent_openly(world)) == 1
    assert not (await world.press(grid, label)).ephemeral


async def test_a_prompt_that_says_public_is_seen_by_everybody_all_the_same(world):
    await world.slash("stealth")
    grid = await world.imagine("a fox --public")
    assert len(sent_openly(world)) == 1
    assert not (await world.press(grid, "🔄")).ephemeral


async def test_a_picture_that_is_brought_to_be_changed_is_private_by_the_settings_too(world):
    await world.slash("stealth")
    upload = ("mine.png", png(48, 48, 11))
    with_editor(world, saved_editor(world.settings.easel_data / "editor"))
    assert (await world.slash("edit", image=upload, prompt="make it night")).ephemeral
    assert (await world.slash("retexture", image=upload, prompt="a house of glass")).ephemeral
    assert sent_openly(world) == []


async def test_what_describe_and_shorten_answer_is_private_by_the_settings_too(world):
    upload, words = ("mine.png", png(30, 30, 11)), "a very big red fox, in snow"
    assert not (await world.slash("describe", image=upload)).ephemeral
    assert not (await world.slash("shorten", prompt=words)).ephemeral
    assert (await world.slash("shorten", prompt=f"{words} --stealth")).ephemeral
    await world.slash("stealth")
    described = await world.slash("describe", image=upload)
    shortened = await world.slash("shorten", prompt=words)
    again = await world.press(described.response.message, "🔄")
    drawn = [await world.press(each.response.message, "1️⃣") for each in (described, shortened, again)]
    assert all(each.ephemeral for each in (described, shortened, again, *drawn))
    assert len(sent_openly(world)) == 2
