"""`/easel`, and what the operators' rules mean for everybody else."""

import discord
import pytest

from bot.text.moderation import BannedWords


async def refused(result):
    assert result.ephemeral
    return result.response.embeds[0].description


async def test_others_may_not(world, operator):
    for command in ("easel queue", "easel pause", "easel drain", "easel models list"):
        assert "operators" in await refused(await world.bob.slash(world.channel, command))


async def test_their_commands_are_hidden_from_members_who_cannot_manage_the_server(world):
    commands = await world.bot.tree.fetch_commands()
    shown = {command.name: command.default_member_permissions for command in commands}
    assert shown.pop("easel") == discord.Permissions(manage_guild=True)
    assert set(shown.values()) == {None}


async def test_the_applications_owner_is_the_operator_by_default(world):
    owner = (await world.bot.application_info()).owner.id
    assert await world.bot.hub.gate.is_operator(owner)
    assert not await world.bot.hub.gate.is_operator(world.bob.id)


@pytest.mark.parametrize("settings", [{"easel_admins": "5, 6"}], indirect=True)
async def test_operators_can_be_named(world):
    assert await world.bot.hub.gate.is_operator(5)
    assert not await world.bot.hub.gate.is_operator((await world.bot.application_info()).owner.id)


async def test_a_pause_takes_no_new_jobs_and_lets_the_kept_ones_go_on(world, operator, env):
    world.engine.held = True
    await world.slash("imagine", prompt="a fox")
    await world.slash("easel pause")
    said = await world.slash("imagine", prompt="a cat")
    assert "No new jobs" in await refused(said)
    assert said.response.embeds[0].title == "Paused"
    world.engine.release()
    await env.settle()
    assert "(fast)" in world.messages()[0].content
    await world.slash("easel resume")
    assert (await world.imagine("a cat")).attachments


async def test_a_drain_with_nothing_to_do_says_so_and_takes_no_new_jobs(world, operator):
    await world.slash("easel drain")
    assert "No new jobs" in await refused(await world.slash("imagine", prompt="a cat"))


async def test_models_are_loaded_listed_and_unloaded(world, operator):
    await world.slash("easel models load", model="pocket")
    assert "🟢 `pocket`" in (await world.slash("easel models list")).response.content
    await world.slash("easel models unload", model="pocket")
    assert "⚪ `pocket`" in (await world.slash("easel models list")).response.content
    assert "not in memory" in await refused(await world.slash("easel models unload", model="pocket"))


async def test_a_model_in_use_stays(world, operator, env):
    await world.slash("easel models load", model="pocket")
    world.engine.in_use.add("pocket")
    await world.slash("easel models unload", model="pocket")
    await env.advance_time(10)
    assert "🟢 `pocket`" in (await world.slash("easel models list")).response.content


async def test_the_queue_is_listed(world, operator):
    world.engine.held = True
    await world.slash("imagine", prompt="a fox")
    assert "a fox" in (await world.slash("easel queue")).response.content


async def test_a_banned_user_is_refused_everything_until_unbanned(world, operator):
    grid = await world.imagine("a fox")
    await world.slash("easel ban", user=world.bob)
    assert "may not use" in await refused(await world.bob.slash(world.channel, "imagine", prompt="a fox"))
    assert "may not use" in await refused(await world.press(grid, "U1", world.bob))
    await world.slash("easel unban", user=world.bob)
    assert not (await world.press(grid, "U1", world.bob)).ephemeral


CHOICES = 8  # the one type of answer that Discord takes while somebody types


async def test_whoever_is_refused_gets_an_empty_list_while_typing(world, operator):
    elsewhere = world.guild.create_text_channel("elsewhere")

    async def typed(channel):
        choices = await world.bob.autocomplete(channel, "imagine", "prompt", "a fox --styl")
        sent = [what for kind, name, what in world.env.backend.transcript if name.endswith("/callback")]
        assert sent[-1]["type"] == CHOICES
        return choices

    assert await typed(world.channel)
    await world.slash("easel channel")
    assert await typed(elsewhere) == []
    assert await typed(world.channel)
    await world.slash("easel ban", user=world.bob)
    assert await typed(world.channel) == []


async def test_a_role_can_have_limits_of_its_own(world, operator, env):
    role = world.guild.create_role("patrons")
    patron = world.guild.add_member(env.create_user("carol"), roles=[role])
    await world.slash("easel limit", role=role, running=1, queued=0)
    world.engine.held = True
    await patron.slash(world.channel, "imagine", prompt="a fox")
    result = await patron.slash(world.channel, "imagine", prompt="a fox")
    assert result.response.embeds[0].title == "Queue full"
    await world.slash("easel limit", role=role)
    assert not (await patron.slash(world.channel, "imagine", prompt="a fox")).ephemeral


async def test_a_server_can_name_the_channels(world, operator):
    other = world.guild.create_text_channel("elsewhere")
    await world.slash("easel channel")
    said = await refused(await world.bob.slash(other, "imagine", prompt="a fox"))
    assert said == f"Easel does not answer in this channel. It does in <#{world.channel.id}>."
    assert not (await world.bob.slash(world.channel, "imagine", prompt="a fox")).ephemeral
    await world.restart()
    assert "does not answer" in await refused(await world.bob.slash(other, "imagine", prompt="a fox"))


@pytest.mark.parametrize("settings", [{"easel_banned_words": "Grue, bad thing"}], indirect=True)
@pytest.mark.parametrize("prompt", ["a GRUE", "a {fox, grue}", "a bad  thing::2 fox", "a fox --no grue"])
async def test_a_banned_word_is_named_and_nothing_is_rendered(world, prompt):
    result = await world.slash("imagine", prompt=prompt)
    assert result.ephemeral
    assert result.response.embeds[0].title == "Banned prompt detected"
    assert world.engine.seen == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a grue", "grue"),
        ("Ｇｒüｅ!", "grue"),
        ("gr\u200bue", "grue"),
        ("gruesome congrue", None),
        ("bad\n thing", "bad thing"),
        ("", None),
    ],
)
def test_words_are_found_however_they_are_written(text, found):
    assert BannedWords("grue,bad thing, ").first_in(text) == found
    assert BannedWords("").first_in(text) is None
