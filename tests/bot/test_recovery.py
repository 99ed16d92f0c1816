"""Nothing lost and nothing twice: restarts at bad moments, dead tokens, a Discord that stumbles."""

import asyncio
from dataclasses import replace

import discord
import pytest

from bot.memory.promises import Promise
from bot.memory.records import Status
from bot.surface.client import EaselClient
from tests.bot.sketch import png


async def the_job(world):
    rows = await world.database.rows("SELECT id FROM jobs ORDER BY seq")
    return [await world.bot.hub.jobs.get(row["id"]) for row in rows]


async def test_a_job_that_was_being_rendered_is_delivered_by_the_next_life(world, env):
    world.engine.held = True
    await world.slash("imagine", prompt="a fox")
    world.engine.held = False
    await world.restart()
    await env.settle()
    [message] = world.messages()
    assert message.content == f"**a fox** - <@{world.alice.id}> (fast)"
    assert len(world.engine.seen) == 2
    assert world.engine.seen[0].plan == world.engine.seen[1].plan


async def test_jobs_resume_in_the_order_asked(world, env):
    world.engine.held = True
    for number in range(5):
        await world.slash("imagine", prompt=f"fox {number}")
    asked = [job.id for job in await the_job(world)]
    world.engine.seen.clear()
    world.engine.held = False
    await world.restart()
    await env.settle()
    assert [job.id for job in world.engine.seen] == asked
    assert len(world.messages()) == 5


async def test_a_rendered_job_that_was_not_shown_yet_is_shown_without_rendering_again(world, env):
    await world.imagine("a fox")
    [job] = await the_job(world)
    await world.slash("imagine", prompt="another fox")  # its message will be the one that is set back
    job = (await the_job(world))[1]
    async with world.database.transaction() as tx:
        await tx.execute("UPDATE jobs SET status = 2 WHERE id = ?", (job.id,))
    message = next(m for m in world.messages() if "another fox" in m.content)
    await (
        world.bot.get_partial_messageable(world.channel.id)
        .get_partial_message(message.id)
        .edit(content="(99%)", attachments=[])
    )
    await world.restart()
    await env.settle()
    assert [m.content.split(" - ")[0] for m in world.messages()] == ["**a fox**", "**another fox**"]
    assert len(world.engine.seen) == 2


async def test_a_job_that_was_shown_but_not_marked_is_left_as_it_stands(world, env):
    before = await world.imagine("a fox")
    async with world.database.transaction() as tx:
        await tx.execute("UPDATE jobs SET status = 2")
    await world.restart()
    await env.settle()
    [after] = world.messages()
    assert [a.id for a in after.attachments] == [a.id for a in before.attachments]
    [job] = await the_job(world)
    assert job.status is Status.DELIVERED


async def test_a_message_that_was_posted_but_not_noted_is_found_again(world, env):
    await world.imagine("a fox")
    async with world.database.transaction() as tx:
        await tx.execute("UPDATE jobs SET status = 2, message_id = NULL, token = NULL")
    await world.restart()
    await env.settle()
    assert len(world.messages()) == 1


async def test_a_dead_token_means_delivery_through_the_channel(world, env):
    world.engine.held = True
    await world.slash("imagine", prompt="a fox")
    await env.advance_time(16 * 60)
    world.engine.release()
    await env.settle()
    [message] = world.messages()
    assert message.content == f"**a fox** - <@{world.alice.id}> (fast)"
    assert len(message.attachments) == 1


@pytest.mark.parametrize(("status", "code"), [(401, 50027), (404, 10015)])
async def test_discord_decides_that_a_token_is_dead(world, env, status, code):
    world.engine.held = True
    await world.slash("imagine", prompt="a fox")
    env.inject_error("PATCH", "/webhooks/*", status=status, code=code, times=None)
    world.engine.release()
    await env.settle()
    [message] = world.messages()
    assert message.content.endswith("(fast)")


async def test_a_progress_message_that_was_deleted_does_not_lose_the_grid(world, env):
    world.engine.held = True
    await world.slash("imagine", prompt="a fox")
    message = world.messages()[0]
    await world.bot.get_partial_messageable(world.channel.id).get_partial_message(message.id).delete()
    world.engine.release()
    await env.settle()
    [message] = world.messages()
    assert message.content.endswith("(fast)")


async def test_an_old_message_that_may_not_be_edited_is_replaced(world, env):
    world.engine.held = True
    await world.slash("imagine", prompt="a fox")
    env.inject_error("PATCH", "/webhooks/*", status=401, code=50027, times=None)
    env.inject_error("PATCH", "/channels/*", status=400, code=30046, times=None)
    world.engine.release()
    await env.settle()
    [message] = world.messages()
    assert message.content.endswith("(fast)")


async def test_a_replacement_that_was_posted_but_not_noted_is_not_posted_again(world, env):
    world.engine.held = True
    await world.slash("imagine", prompt="a fox")
    [waiting] = world.messages()
    env.inject_error("PATCH", "/webhooks/*", status=401, code=50027, times=None)
    env.inject_error("PATCH", f"/channels/{world.channel.id}/messages/{waiting.id}", status=400, code=30046)
    env.inject_error("DELETE", "/channels/*", status=403, code=50013, times=1)
    world.engine.release()
    await env.settle()
    posted = next(message for message in world.messages() if message.id != waiting.id)
    async with world.database.transaction() as tx:
        await tx.execute("UPDATE jobs SET status = 2, message_id = ?", (waiting.id,))
    env.inject_error("PATCH", f"/channels/{world.channel.id}/messages/{waiting.id}", status=400, code=30046)
    await world.restart()
    await env.settle()
    assert [message.id for message in world.messages()] == [posted.id]


async def test_delivery_outlasts_a_discord_that_fails(world, env):
    world.engine.held = True
    await world.slash("imagine", prompt="a fox")
    env.inject_error("PATCH", "/webhooks/*", status=503, times=3)
    world.engine.release()
    await env.settle()
    await env.advance_time(60)
    [message] = world.messages()
    assert message.content.endswith("(fast)")
    assert (await the_job(world))[0].status is Status.DELIVERED


async def test_a_job_that_outlives_its_token_in_an_archived_thread_is_posted_anew(world, env):
    world.engine.held = True
    await world.slash("imagine", prompt="a fox")
    await env.advance_time(16 * 60)
    env.inject_error("PATCH", f"/channels/{world.channel.id}/*", status=400, code=50083, times=None)
    world.engine.release()
    await env.settle()
    [message] = world.messages()
    assert message.content == f"**a fox** - <@{world.alice.id}> (fast)"
    assert len(message.attachments) == 1
    [job] = await the_job(world)
    assert (job.status, job.place.message_id) == (Status.DELIVERED, message.id)


async def test_a_thread_that_is_archived_while_the_token_lives_costs_no_job(world, env):
    world.engine.held = True
    await world.slash("imagine", prompt="a fox")
    env.inject_error("PATCH", "/webhooks/*", status=400, code=50083, times=None)
    env.inject_error("PATCH", f"/channels/{world.channel.id}/*", status=400, code=50083, times=None)
    world.engine.release()
    await env.settle()
    [message] = world.messages()
    assert len(message.attachments) == 1


async def test_a_rendered_job_that_nobody_can_be_shown_is_an_error_in_the_log(world, env, caplog):
    world.engine.held = True
    await world.slash("imagine", prompt="a fox")
    env.inject_error("PATCH", "/webhooks/*", status=401, code=50027, times=None)
    for method in ("PATCH", "POST"):
        env.inject_error(method, "/channels/*", status=403, code=50001, times=None)
    world.engine.release()
    await env.settle()
    [job] = await the_job(world)
    [said] = [record for record in caplog.records if "nowhere to go" in record.getMessage()]
    assert job.id in said.getMessage()
    assert said.levelname == "ERROR"


@pytest.mark.parametrize(("status", "code"), [(403, 50001), (400, 50083)])
async def test_where_the_bot_may_not_write_the_grid_comes_by_direct_message(world, env, status, code):
    world.engine.held = True
    await world.slash("imagine", prompt="a fox")
    env.inject_error("PATCH", "/webhooks/*", status=401, code=50027, times=None)
    env.inject_error("PATCH", f"/channels/{world.channel.id}/*", status=status, code=code, times=None)
    env.inject_error("POST", f"/channels/{world.channel.id}/*", status=status, code=code, times=None)
    world.engine.release()
    await env.settle()
    [job] = await the_job(world)
    assert job.status is Status.DELIVERED
    assert job.place.channel_id != world.channel.id


async def test_files_that_no_row_needs_are_swept_at_the_start(world, env, settings):
    await world.imagine("a fox")
    await world.bot.hub.pictures.keep(b"left behind")
    await world.restart()
    await env.settle()
    assert len(list(settings.easel_data.glob("pictures/*/*"))) == 4


async def test_a_burst_is_kept_before_it_is_acknowledged(world, env):
    world.engine.held = True
    await world.slash("imagine", prompt="a fox")
    [job] = await the_job(world)
    assert job.place.token is not None
    assert job.place == replace(job.place, message_id=world.messages()[0].id)


async def test_a_waiting_answer_that_was_never_noted_becomes_the_grid(world, env):
    world.engine.held = True
    await world.slash("imagine", prompt="a fox")
    message = world.messages()[0]
    await (
        world.bot.get_partial_messageable(world.channel.id)
        .get_partial_message(message.id)
        .edit(content="thinking", view=None)
    )
    async with world.database.transaction() as tx:
        await tx.execute("UPDATE jobs SET message_id = NULL")
    env.inject_error("PATCH", "/webhooks/*", status=401, code=50027, times=None)
    world.engine.held = False
    await world.restart()
    await env.settle()
    [message] = world.messages()
    assert message.content == f"**a fox** - <@{world.alice.id}> (fast)"


async def test_a_job_that_comes_while_the_start_looks_for_older_ones_is_rendered_once(
    world, env, monkeypatch
):
    ready, looked = asyncio.Event(), asyncio.Event()

    class Slow(EaselClient):
        async def wait_until_ready(self):
            await env.external_wait(ready.wait(), reason="the start is slow")
            asyncio.get_running_loop().call_soon(looked.set)

    async def defer_late(response, **options):
        ready.set()
        await env.external_wait(looked.wait(), reason="the start looks")
        return await defer(response, **options)

    defer = discord.InteractionResponse.defer
    monkeypatch.setattr(discord.InteractionResponse, "defer", defer_late)
    await world.restart(Slow)
    await world.slash("imagine", prompt="a fox")
    await env.settle()
    [message] = world.messages()
    assert message.content == f"**a fox** - <@{world.alice.id}> (fast)"
    assert len(world.engine.seen) == 1


@pytest.mark.parametrize("command", ["imagine", "describe"])
async def test_what_takes_long_is_noted_before_its_user_is_told_to_wait_and_no_longer_than_needed(
    world, env, monkeypatch, command
):
    noted = []

    async def slow(client, url):
        while not noted:
            noted.extend(await world.bot.hub.promises.open())
            await asyncio.sleep(0.01)
        return await fetch(client, url)

    fetch = type(world.bot.http).get_from_cdn
    monkeypatch.setattr(type(world.bot.http), "get_from_cdn", slow)
    result = await world.slash(
        command, image=("a.png", png()), **{"imagine": {"prompt": "a fox"}}.get(command, {})
    )
    await env.settle()
    assert result.response.attachments
    assert len(noted) == 1
    assert await world.bot.hub.promises.open() == []


@pytest.mark.parametrize("settings", [{"easel_keep": "30d"}], indirect=True)
async def test_a_step_of_the_start_that_fails_keeps_none_from_what_comes_behind_it(world, env, caplog):
    await world.imagine("an old fox")
    async with world.database.transaction() as tx:
        await tx.execute("UPDATE jobs SET created = 0")
        await tx.execute(
            "CREATE TRIGGER t BEFORE DELETE ON promises WHEN OLD.interaction_id = 17"
            " BEGIN SELECT RAISE(FAIL, 'no disk'); END"
        )
    for id in (17, 18):
        await world.bot.hub.promises.add(Promise(id, "a token of an earlier life"))
    await world.bot.hub.pictures.keep(b"left behind")
    await world.restart()
    await env.settle()
    assert "the answer to interaction 17 failed" in caplog.text
    assert [promise.interaction_id for promise in await world.bot.hub.promises.open()] == [17]
    [job] = await world.database.rows("SELECT status FROM jobs")
    assert job["status"] == Status.DELETED
    assert list(world.settings.easel_data.glob("pictures/*/*")) == []


@pytest.mark.parametrize("settings", [{"easel_keep": "30d"}], indirect=True)
async def test_what_is_too_old_and_cannot_be_removed_goes_an_hour_later(world, env, caplog):
    await world.imagine("a fox")
    async with world.database.transaction() as tx:
        await tx.execute("INSERT INTO panels VALUES ('p', ?, 1, 'shorten', '{}', 0)", (world.alice.id,))
        await tx.execute("CREATE TRIGGER t BEFORE DELETE ON panels BEGIN SELECT RAISE(FAIL, 'no disk'); END")
    await world.restart()
    await env.settle()
    assert "what is too old stays for another hour" in caplog.text
    async with world.database.transaction() as tx:
        await tx.execute("DROP TRIGGER t")
    await env.advance_time(3601)
    assert await world.database.rows("SELECT id FROM panels") == []


async def test_an_excuse_that_fails_keeps_nobody_else_from_theirs(world, env, caplog):
    async with world.database.transaction() as tx:
        await tx.execute(
            "CREATE TRIGGER t BEFORE DELETE ON promises WHEN OLD.interaction_id = 17"
            " BEGIN SELECT RAISE(FAIL, 'no disk'); END"
        )
    for number in (17, 18):
        await world.bot.hub.promises.add(Promise(number, "a token of an earlier life"))
    await world.restart()
    await env.settle()
    assert "the answer to interaction 17 failed" in caplog.text
    assert [promise.interaction_id for promise in await world.bot.hub.promises.open()] == [17]
