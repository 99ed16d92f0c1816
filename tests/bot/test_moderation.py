"""What may be shown where, what moderators are told of it, and what users report."""

from dataclasses import replace

import discord
import pytest

from engine import Failed, Finished, Hidden, Job
from tests.bot.sketch import SketchEngine, buttons
from tests.bot.test_verify import MarkingSketch


class Hiding(MarkingSketch):
    """A sketch whose third picture scores 0.8, and whose failures are those of a classifier."""

    async def submit(self, job: Job):
        async for event in super().submit(job):
            if isinstance(event, Finished) and job.hide_above < 0.8:
                hidden = (Hidden(3, "NudeNet", 0.8),)
                notes = ("NudeNet hid 1 of the 4 pictures.",)
                yield Finished(event.job_id, event.pictures, event.seconds, notes, hidden)
            elif isinstance(event, Failed):
                yield replace(event, kind="Unsafe")
            else:
                yield event


@pytest.fixture
def engine() -> SketchEngine:
    return Hiding()


@pytest.fixture
async def desk(world, operator):
    """The channel in which moderators read."""
    channel = world.guild.create_text_channel("moderators")
    await operator.slash(channel, "easel moderation log")
    return channel


def told(channel):
    """The titles and texts of what stands in a channel, oldest first."""
    messages = sorted(channel.history(), key=lambda message: message.id)
    return [f"{embed.title}\n{embed.description}" for message in messages for embed in message.embeds]


def restricted(world, name="restricted"):
    """A channel with an age restriction."""
    channel = world.guild.create_text_channel(name)
    world.bot.get_channel(channel.id).nsfw = True
    return channel


def said(result):
    return result.response.content or result.response.embeds[0].description


async def test_what_was_hidden_is_told_to_moderators_without_the_picture(world, desk, env):
    grid = await world.imagine("a red fox --seed 7")
    await env.settle()
    assert "NudeNet hid 1 of the 4 pictures." in grid.embeds[0].description
    [text] = told(desk)
    job = world.engine.seen[0]
    assert text.startswith("1 of 4 pictures hidden\n")
    assert "**Prompt** a red fox --seed 7" in text
    assert "#3: NudeNet, 0.80 where 0.60 may be shown" in text
    assert job.id in text
    assert f"<@{world.alice.id}>" in text
    assert all(not message.attachments for message in desk.history())


async def test_a_job_of_which_nothing_is_left_is_told_too(world, desk, env):
    world.engine.failure = "NudeNet let none of the pictures pass. Please try other words."
    await world.slash("imagine", prompt="a red fox")
    await env.settle()
    [text] = told(desk)
    assert text.startswith("All pictures hidden\n")
    assert "NudeNet let none" in text


async def test_a_stealth_jobs_prompt_is_not_told(world, desk, env):
    await world.slash("imagine", prompt="a secret fox --stealth")
    await env.settle()
    [text] = told(desk)
    assert "secret" not in text
    assert "only its owner sees it" in text


async def test_without_a_channel_for_it_nobody_is_told_and_the_job_is_delivered(world, operator, env):
    assert (await world.imagine("a red fox")).attachments
    await env.settle()
    assert len(world.messages()) == 1


async def test_moderators_can_be_told_nothing_any_more_also_after_a_restart(world, desk, operator, env):
    await world.restart()
    await world.imagine("a red fox")
    await env.settle()
    assert len(told(desk)) == 1
    await operator.slash(desk, "easel moderation log", enabled=False)
    await world.imagine("a red fox")
    await env.settle()
    assert len(told(desk)) == 1


async def test_channels_with_an_age_restriction_may_show_more(world):
    await world.slash("imagine", prompt="a fox")
    channel = restricted(world)
    result = await world.alice.slash(channel, "imagine", prompt="a fox")
    assert [job.hide_above for job in world.engine.seen] == [0.6, 1.0]
    assert not any("hid" in (embed.description or "") for embed in result.response.embeds)


@pytest.mark.parametrize(
    "settings", [{"easel_hide_above": 0.3, "easel_hide_above_adult": 0.9}], indirect=True
)
async def test_the_usual_thresholds_are_settings(world):
    await world.slash("imagine", prompt="a fox")
    await world.alice.slash(restricted(world), "imagine", prompt="a fox")
    assert [job.hide_above for job in world.engine.seen] == [0.3, 0.9]


async def test_a_channel_can_have_a_threshold_of_its_own_and_lose_it(world, operator):
    assert "above 0.25" in said(await world.slash("easel moderation hide", above=0.25))
    await world.slash("imagine", prompt="a fox")
    await world.restart()
    await world.slash("imagine", prompt="a fox")
    assert "Nothing is hidden" in said(await world.slash("easel moderation hide", above=1.0))
    await world.slash("imagine", prompt="a fox")
    assert "above 0.6" in said(await world.slash("easel moderation hide"))
    await world.slash("imagine", prompt="a fox")
    assert [job.hide_above for job in world.engine.seen] == [0.25, 0.25, 1.0, 0.6]


async def test_the_threshold_is_the_one_of_the_moment_of_asking(world, operator, env):
    world.engine.held = True
    await world.slash("imagine", prompt="a fox")
    await world.slash("easel moderation hide", above=0.1)
    await world.restart()
    world.engine.release()
    await env.settle()
    assert {job.hide_above for job in world.engine.seen} == {0.6}


async def test_others_may_change_none_of_it(world, operator):
    for command in ("easel moderation log", "easel moderation hide"):
        assert "operators" in said(await world.bob.slash(world.channel, command))


@pytest.mark.parametrize("settings", [{"easel_classifier": "nudenet"}], indirect=True)
async def test_a_job_from_where_more_may_be_shown_is_not_shown_elsewhere(world):
    channel = restricted(world)
    await world.alice.slash(channel, "imagine", prompt="a fox")
    job = world.engine.seen[0]
    assert "more may be shown than here" in said(await world.slash("show", job_id=job.id))
    again = await world.alice.slash(channel, "show", job_id=job.id)
    assert again.response.attachments


async def test_where_nobody_looks_it_is(world):
    channel = restricted(world)
    await world.alice.slash(channel, "imagine", prompt="a fox")
    assert (await world.slash("show", job_id=world.engine.seen[0].id)).response.attachments


async def report(world, text, who=None, reason="it is a fox"):
    return await (who or world.bob).slash(world.channel, "report", job=text, reason=reason)


def link(world, message):
    return f"https://discord.com/channels/{world.guild.id}/{world.channel.id}/{message.id}"


@pytest.mark.parametrize("by", ["id", "link", "old link"])
async def test_a_report_reaches_the_moderators_and_its_sender_is_told(world, desk, env, by):
    grid = await world.imagine("a red fox --seed 7")
    await env.settle()
    named = {
        "id": world.engine.seen[0].id,
        "link": link(world, grid),
        "old link": link(world, grid).replace("discord.com", "ptb.discordapp.com"),
    }[by]
    result = await report(world, named)
    assert result.ephemeral
    assert said(result).startswith("Reported.")
    text = told(desk)[-1]
    assert text.startswith("A job was reported\n")
    assert f"**Reported by** <@{world.bob.id}>: it is a fox" in text
    assert link(world, grid) in text


@pytest.mark.parametrize(
    "named", ["nothing", "https://discord.com/channels/1/2/3", "00000000-0000-0000-0000-000000000000"]
)
async def test_what_is_no_job_is_not_reported(world, desk, named):
    assert "known here" in said(await report(world, named))
    assert told(desk) == []


async def test_ones_own_job_and_the_same_one_twice_are_no_reports(world, desk, env):
    await world.imagine("a red fox")
    await env.settle()
    job_id = world.engine.seen[0].id
    assert "your own" in said(await report(world, job_id, world.alice))
    await report(world, job_id)
    assert "already" in said(await report(world, job_id))
    assert sum(text.startswith("A job was reported") for text in told(desk)) == 1


async def test_without_a_channel_the_operators_are_told_in_private(world, operator):
    await world.imagine("a red fox")
    assert said(await report(world, world.engine.seen[0].id)).startswith("Reported.")
    channel = await world.bot.create_dm(discord.Object(world.alice.id))
    [message] = [message async for message in channel.history()]
    assert "A job was reported" in message.embeds[0].title


async def test_a_moderator_removes_it_and_others_may_not(world, desk, env):
    grid = await world.imagine("a red fox")
    await env.settle()
    await report(world, link(world, grid))
    [asked] = [message for message in desk.history() if buttons(message)]
    refused = await world.press(asked, "Remove it", world.bob)
    assert "Only moderators" in said(refused)
    role = world.guild.create_role("mods", permissions=discord.Permissions(manage_messages=True))
    carol = world.guild.add_member(env.create_user("carol"), roles=[role])
    await world.press(asked, "Remove it", carol)
    await env.settle()
    assert world.messages() == []
    assert await world.bot.hub.jobs.get(world.engine.seen[0].id) is None
    [left] = [message for message in desk.history() if message.id == asked.id]
    assert f"Removed by <@{carol.id}>" in left.content
    assert buttons(left) == []


async def test_a_moderator_leaves_it(world, desk, env):
    grid = await world.imagine("a red fox")
    await env.settle()
    await report(world, link(world, grid))
    [asked] = [message for message in desk.history() if buttons(message)]
    await world.press(asked, "Leave it")
    assert len(world.messages()) == 1
    [left] = [message for message in desk.history() if message.id == asked.id]
    assert "Left as it is by" in left.content


async def test_a_checked_picture_is_reported_by_a_button(world, desk, env):
    grid = await world.imagine("a red fox --seed 7")
    await env.settle()
    checked = await world.bob.context_menu(world.channel, "Check picture", grid)
    await env.settle()
    pressed = await world.press(checked.response.message, "Report", world.bob)
    result = await world.bob.submit_modal(pressed, {"reason": "not a fox"})
    assert said(result).startswith("Reported.")
    assert "not a fox" in told(desk)[-1]
    own = await world.alice.context_menu(world.channel, "Check picture", grid)
    await env.settle()
    assert "Report" not in {button.label for button in buttons(own.response.message)}


async def test_reports_are_in_what_is_kept_of_a_user_and_go_with_it(world, desk, env):
    await world.imagine("a red fox")
    await env.settle()
    await report(world, world.engine.seen[0].id)
    document = await world.bot.hub.personal.document(world.bob.id)
    assert [row["reason"] for row in document["reports"]] == ["it is a fox"]
    async for _ in world.bot.hub.personal.forget(world.bob.id):
        pass
    assert (await world.bot.hub.personal.document(world.bob.id))["reports"] == []
