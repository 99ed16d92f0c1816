"""What follows a delivery cannot touch it: the automatic direct message fails in every way, the job stays."""

import pytest

from bot.memory.records import Status


async def stands(world):
    [message] = world.messages()
    assert message.content == f"**a fox** - <@{world.alice.id}> (fast)"
    assert len(message.attachments) == 1
    [job] = await world.bot.hub.history.page(world.alice.id)
    assert job.status is Status.DELIVERED


@pytest.mark.parametrize(("status", "code"), [(403, 50007), (404, 10003), (400, 50035), (500, 0), (503, 0)])
@pytest.mark.parametrize("route", ["/users/@me/channels", "/channels/*/messages"])
async def test_a_discord_that_takes_no_direct_message_leaves_the_job_delivered(
    world, env, route, status, code
):
    await world.slash("prefer auto_dm")
    env.inject_error("POST", route, status=status, code=code, times=None)
    await world.slash("imagine", prompt="a fox")
    await env.advance_time(120)
    await stands(world)


@pytest.mark.parametrize("error", [ConnectionResetError(104, "reset"), OSError(28, "full"), ValueError("x")])
async def test_whatever_a_listener_raises_leaves_the_job_delivered(world, env, error):
    heard = []

    async def listener(job):
        heard.append(job.id)
        raise error

    world.bot.hub.flow.on_delivery(listener)
    await world.slash("imagine", prompt="a fox")
    await env.settle()
    assert len(heard) == 1
    await stands(world)


async def test_a_file_that_is_lost_after_the_delivery_leaves_the_job_delivered(world, env):
    await world.slash("prefer auto_dm")

    async def lose(job):
        for picture in await world.bot.hub.jobs.pictures(job.id):
            await world.bot.hub.pictures.delete([picture.file])
        await world.bot.hub.direct_messages.after_delivery(job)

    world.bot.hub.flow.on_delivery(lose)
    await world.slash("imagine", prompt="a fox")
    await env.settle()
    await stands(world)
