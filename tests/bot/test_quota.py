"""What a day gives, which models and lanes are open: told before it is refused, and kept over a restart."""

import pytest

from bot.memory.rules import Allowance
from engine import Lane
from tests.bot.test_operators import refused


async def info(world, who=None):
    return (await (who or world.alice).slash(world.channel, "info")).response.embeds[0].description


async def test_a_days_pictures_are_told_and_then_refused(world, operator):
    await world.slash("easel limit", pictures=10)
    assert "**Left Today**: 10 of 10 pictures" in await info(world)
    grid = await world.imagine("a fox")
    assert "**Left Today**: 6 of 10 pictures" in await info(world)
    second = await world.imagine("a cat")
    assert "2 of 10 pictures are left for today" in second.embeds[0].description
    said = await world.slash("imagine", prompt="a house")
    assert said.response.embeds[0].title == "Daily limit"
    assert "2 of 10 pictures left today, and this takes 4" in await refused(said)
    assert not (await world.press(grid, "U1")).ephemeral  # that very picture: nothing is drawn
    assert "**Left Today**: 2 of 10 pictures" in await info(world)
    assert not (await world.bob.slash(world.channel, "imagine", prompt="a fox")).ephemeral


async def test_jobs_that_run_count_and_a_burst_does_not_slip_through(world, operator, env):
    await world.slash("easel limit", pictures=10)
    world.engine.held = True
    taken = await world.slash("imagine", prompt="a {red, blue, green} fox")
    world.engine.release()
    await env.settle()
    assert len(world.engine.seen) == 2
    assert "2 of 3 jobs were taken" in taken.followups[-1].embeds[0].description
    assert "Daily limit" in (await world.slash("imagine", prompt="a fox")).response.embeds[0].title


async def test_a_failed_job_costs_nothing(world, operator):
    await world.slash("easel limit", pictures=4)
    world.engine.failure = "The model could not draw this."
    await world.imagine("a fox")
    assert "**Left Today**: 4 of 4 pictures" in await info(world)


async def test_a_job_that_is_cancelled_while_it_is_drawn_costs_what_it_would_have(world, operator, env):
    await world.slash("easel limit", pictures=12)
    world.engine.held = True
    for _ in range(2):
        await world.slash("imagine", prompt="a fox")
        await env.advance_time(2)
        await world.slash("cancel")
        world.engine.step()
        await env.settle()
    world.engine.release()
    assert "**Left Today**: 4 of 12 pictures" in await info(world)
    await world.imagine("a cat")
    assert "Daily limit" in (await world.slash("imagine", prompt="a fox")).response.embeds[0].title
    assert "4 images" in await info(world)  # given; cancelled ones are not
    [(spent,)] = [tuple(row) for row in await world.database.rows("SELECT seconds FROM daily_usage")]
    assert spent == pytest.approx(2 + 2 + 0.5, abs=0.3)  # two that were cancelled, and the cat


async def test_a_job_that_is_cancelled_while_it_waits_costs_nothing(world, operator, env):
    await world.slash("easel limit", pictures=40)
    world.engine.held = True
    for _ in range(world.settings.easel_running_per_user + 1):
        await world.slash("imagine", prompt="a fox")
    *begun, waiting = world.bot.hub.flow.under_way
    assert [job.id for job in world.engine.seen] == begun
    assert await world.bot.hub.flow.cancel(waiting, world.alice.id)
    world.engine.release()
    await env.settle()
    assert f"**Left Today**: {40 - 4 * len(begun)} of 40 pictures" in await info(world)


async def test_seconds_of_rendering_are_counted(world, operator):
    await world.slash("easel limit", gpu_seconds=1)
    for _ in range(2):
        await world.imagine("a fox")  # half a second each
    assert "**Left Today**: 0 of 1 GPU seconds" in await info(world)
    assert "GPU seconds left today" in await refused(await world.slash("imagine", prompt="a fox"))


async def test_the_next_day_begins_anew(world, operator):
    await world.slash("easel limit", pictures=4)
    await world.imagine("a fox")
    async with world.database.transaction() as tx:
        await tx.execute("UPDATE daily_usage SET day = day - 1")
    assert (await world.imagine("a cat")).attachments


async def test_a_model_that_is_not_open_is_refused_and_named(world, operator):
    await world.slash("easel limit", models="sdxl, sd-1.5")
    said = await refused(await world.slash("imagine", prompt="a fox"))
    assert said == "`pocket` is not open to you here. You may use: `sd-1.5`, `sdxl`."
    assert "**Open To You**: sd-1.5, sdxl" in await info(world)
    await world.slash("easel limit", user=world.alice, models="all")
    assert (await world.imagine("a fox")).attachments


async def test_a_lane_that_is_not_open_becomes_the_next_slower_one_and_is_told(world, operator):
    await world.slash("easel limit", lanes="relax, fast")
    message = await world.imagine("a fox --turbo")
    assert world.engine.seen[-1].lane is Lane.FAST
    assert "turbo is not open to you" in message.embeds[0].description
    assert "**Your Speeds**: fast, relax" in await info(world)


async def test_a_role_gives_more_than_everyone_has_and_a_users_own_rule_goes_first(world, operator, env):
    patrons, friends = world.guild.create_role("patrons"), world.guild.create_role("friends")
    carol = world.guild.add_member(env.create_user("carol"), roles=[patrons, friends])
    await world.slash("easel limit", pictures=4)
    await world.slash("easel limit", role=friends, pictures=8, lanes="relax")
    await world.slash("easel limit", role=patrons, pictures=40)
    assert "40 of 40 pictures" in await info(world, carol)
    assert "**Your Speeds**: relax" in await info(world, carol)
    await world.slash("easel limit", user=carol, pictures=6)
    assert "6 of 6 pictures" in await info(world, carol)
    await world.restart()
    assert "6 of 6 pictures" in await info(world, carol)
    await world.slash("easel limit", user=carol)
    assert "40 of 40 pictures" in await info(world, carol)
    await world.slash("easel limit", role=patrons)
    assert "8 of 8 pictures" in await info(world, carol)
    assert "4 of 4 pictures" in await info(world)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"models": "nothing"}, "nothing"),
        ({"lanes": "warp"}, "turbo, fast, relax"),
        ({"running": 2}, ".env"),
    ],
)
async def test_what_cannot_be_a_rule_is_said(world, operator, options, said):
    assert said in await refused(await world.slash("easel limit", **options))
    assert world.bot.hub.rules.allowance(world.alice.id, ()) == Allowance()


async def test_usage_is_listed_by_user_and_day(world, operator):
    await world.imagine("a fox")
    await world.bob.slash(world.channel, "imagine", prompt="a cat")
    await world.imagine("a house")
    async with world.database.transaction() as tx:
        await tx.execute("INSERT INTO daily_usage SELECT user_id, day - 1, 40, 9.0 FROM daily_usage")
    lines = (await world.slash("easel usage")).response.content.splitlines()
    assert [line.split(": ")[1] for line in lines] == [
        *("8 pictures, 1 s", "4 pictures, 0 s", "40 pictures, 9 s", "40 pictures, 9 s")
    ]
    only = (await world.slash("easel usage", user=world.bob, days=1)).response.content
    assert only.endswith(f"<@{world.bob.id}>: 4 pictures, 0 s")


async def test_removing_ones_data_gives_no_second_day(world, operator):
    await world.slash("easel limit", pictures=4)
    await world.imagine("a fox")
    asked = await world.slash("delete my data")
    await world.press(asked.response.message, "Remove everything")
    assert await world.database.rows("SELECT * FROM daily_usage") == []
    assert "0 of 4 pictures" in await refused(await world.slash("imagine", prompt="a fox"))
