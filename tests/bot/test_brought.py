"""Pictures that people bring do not stay where nothing comes of them, and do where something does."""

from tests.bot.sketch import png
from tests.bot.test_deleting import files

MINE = ("mine.png", png(48, 32))


async def test_a_picture_that_is_asked_about_is_not_kept(world):
    told = await world.slash("ask", question="what is this?", image=MINE)
    assert told.response.attachments
    assert files(world) == set()


async def test_a_picture_whose_prompt_is_refused_is_not_kept(world, operator):
    for prompt in ("http://127.0.0.1/a.png a fox", "a fox --tile --edit"):
        refused = await world.slash("imagine", prompt=prompt, image=MINE)
        assert refused.ephemeral
        assert files(world) == set()
    await world.slash("easel limit", pictures=2)
    refused = await world.slash("imagine", prompt="a fox", image=MINE)
    assert refused.response.embeds[0].title == "Daily limit"
    assert files(world) == set()


async def test_a_picture_that_cannot_be_described_is_not_kept(world):
    refused = await world.slash("describe", image=("small.png", png(2, 2)))
    assert refused.response.embeds[0].title == "Invalid picture"
    assert files(world) == set()


async def test_a_picture_that_a_job_needs_stays_when_it_is_brought_again_in_vain(world):
    await world.slash("imagine", prompt="a fox", image=MINE)
    kept = files(world)
    assert len(kept) == 5
    await world.slash("imagine", prompt="http://127.0.0.1/a.png a fox", image=MINE)
    assert files(world) == kept


async def test_a_picture_that_is_brought_while_its_last_job_is_deleted_stays(world):
    hub = world.bot.hub
    await world.slash("imagine", prompt="a fox", image=MINE)
    [job] = await hub.history.page(world.alice.id)
    [name] = await hub.jobs.inputs(job.id)
    async with hub.pictures.holding(hub.jobs.unneeded):
        unneeded = await hub.jobs.delete(job.id)
        brought = await hub.uploads.keep(MINE[1])
        await hub.pictures.delete(unneeded)
        assert brought.name == name
        assert await hub.pictures.read(name)
    assert files(world) == set()
