"""What goes wrong around the bot: a full disk, a locked database, a clock that jumps. It says so, goes on."""

import errno
import os
import sqlite3
import time

import pytest

from bot.memory.records import Status


def refusal(result):
    assert result.ephemeral
    [embed] = result.response.embeds
    return embed


async def limit_pages(world, pages):
    async with world.database.transaction() as tx:
        await tx.execute(f"PRAGMA max_page_count = {pages}")


async def test_a_database_without_room_refuses_in_words_and_takes_jobs_again_when_there_is_some(world):
    await world.imagine("a fox")
    [pages] = await world.database.row("PRAGMA page_count")
    await limit_pages(world, pages)
    long = "a fox with " + "very " * 1000 + "long fur"
    embed = refusal(await world.slash("imagine", prompt=long))
    assert (embed.title, embed.footer.text[:16]) == ("Disk full", "/imagine a fox w")
    assert len(world.messages()) == 1
    await limit_pages(world, 2**30)
    assert (await world.imagine(long)).attachments


async def test_a_disk_that_fills_while_pictures_are_kept_ends_that_job_alone(
    world, env, monkeypatch, settings
):
    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        await world.slash("imagine", prompt="a fox")
    [message] = world.messages()
    assert "(Stopped)" in message.content
    assert "no space left" in message.embeds[0].description
    assert [path for path in settings.easel_data.glob("pictures/*/*") if path.is_file()] == []
    assert (await world.imagine("a cat")).attachments


async def test_a_locked_database_delays_a_job_that_is_under_way_and_refuses_new_ones(world, env):
    world.engine.held = True
    await world.slash("imagine", prompt="a fox")
    async with world.database.transaction() as tx:
        await tx.execute("PRAGMA busy_timeout = 20")
    other = sqlite3.connect(world.settings.easel_data / "easel.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert "busy" in refusal(await world.slash("imagine", prompt="a cat")).description
    world.engine.release()
    await env.advance_time(2)
    other.execute("ROLLBACK")
    other.close()
    await env.advance_time(60)
    [message] = world.messages()
    assert message.content.endswith("(fast)")
    rows = await world.database.rows("SELECT status FROM jobs")
    assert [row["status"] for row in rows] == [Status.DELIVERED]


@pytest.mark.parametrize("jump", [-86400.0, 86400.0 * 365])
async def test_a_clock_that_jumps_changes_neither_order_nor_delivery(world, env, monkeypatch, jump):
    await world.imagine("the first fox")
    world.engine.held = True
    await world.slash("imagine", prompt="the second fox")
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + jump)
    world.engine.release()
    await env.settle()
    await world.imagine("the third fox")
    await world.restart()
    await env.settle()
    page = await world.bot.hub.history.page(world.alice.id)
    assert [job.prompt for job in page] == ["the third fox", "the second fox", "the first fox"]
    assert all(message.content.endswith("(fast)") for message in world.messages())
