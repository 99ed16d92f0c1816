"""Deleting one's job: what others need of it stays, everything else goes."""

import pytest

from tests.bot.sketch import buttons


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
