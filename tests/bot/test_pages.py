"""`/history`: one's own pictures, page by page."""

import io
import re
import zipfile

import pytest
from PIL import ImageChops, ImageStat

from tests.bot.sketch import buttons, grid_of


async def page(world, who=None, **options):
    result = await (who or world.alice).slash(world.channel, "history", **options)
    assert result.ephemeral
    return result.response.message


def prompts(message):
    return re.findall(r"\*\*\d+\.\*\* (.*)", message.embeds[0].description) if message.embeds else []


async def test_pages_go_back_in_time_with_pictures(world):
    for number in range(7):
        await world.imagine(f"fox {number}")
    first = await page(world)
    assert prompts(first) == [f"fox {number}" for number in (6, 5, 4, 3, 2)]
    assert len(first.attachments) == 5
    assert [b.label for b in buttons(first)] == ["Next", "Export"]
    second = (await world.press(first, "Next")).response.message
    assert prompts(second) == ["fox 1", "fox 0"]
    assert [b.label for b in buttons(second)] == ["Previous", "Export"]
    back = (await world.press(second, "Previous")).response.message
    assert prompts(back) == prompts(first)


async def test_a_page_says_of_how_many_it_is_one_and_each_entry_what_it_is(world):
    grid = await world.imagine("a fox --ar 3:2")
    single = (await world.press(grid, "U2")).response.message
    await world.press(single, "Make Square")
    await world.press(grid, "V1")
    await world.press(single, "Upscale (Subtle)")
    await world.imagine("a cat")
    first = await page(world)
    assert first.content == "Your pictures, page 1 of 2"
    kinds = re.findall(r"^-# (.*?) · ", first.embeds[0].description, re.MULTILINE)
    assert kinds == ["grid", "upscale (subtle)", "variations (strong)", "zoom out", "upscale"]
    second = (await world.press(first, "Next")).response.message
    assert second.content == "Your pictures, page 2 of 2"
    found = await page(world, search="ca")
    assert found.content == "Your pictures with “ca”, page 1 of 1"
    assert prompts(found) == ["a cat"]


LARGEST = 512  # pixels of a thumbnail's longer side


@pytest.mark.parametrize("scale", [1, 12])
async def test_every_job_is_shown_by_its_grid_made_small(world, env, scale):
    world.engine.scale = scale
    grid = grid_of(await world.imagine("two foxes --ar 2:1 --seed 7"), env)
    shown = grid_of(await page(world), env)
    expected = grid.convert("RGB")
    expected.thumbnail((LARGEST, LARGEST))
    assert (shown.format, shown.size) == ("JPEG", expected.size)
    assert max(ImageStat.Stat(ImageChops.difference(shown, expected)).mean) < 16


async def test_search_is_by_words_and_its_pages_remember_it(world):
    for number in range(6):
        await world.imagine(f"a red fox {number}")
        await world.imagine(f"a blue cat {number}")
    first = await page(world, search="cat blue")
    assert prompts(first) == [f"a blue cat {number}" for number in (5, 4, 3, 2, 1)]
    await world.restart()
    second = (await world.press(first, "Next")).response.message
    assert prompts(second) == ["a blue cat 0"]


async def test_others_pictures_are_not_among_them(world):
    await world.imagine("a fox")
    assert prompts(await page(world, world.bob)) == []
    assert "no pictures" in (await page(world, world.bob)).content


async def test_a_picture_that_was_lost_leaves_its_line(world, settings):
    await world.imagine("a fox")
    for file in settings.easel_data.glob("pictures/*/*"):
        file.unlink()
    message = await page(world)
    assert prompts(message) == ["a fox"]
    assert message.attachments == []


async def test_only_favourites(world):
    await world.imagine("a red fox")
    grid = await world.imagine("a blue cat")
    single = (await world.press(grid, "U1")).response.message
    await world.press(single, "Favorite")
    assert prompts(await page(world, favorites=True)) == ["a blue cat"]


async def test_the_found_pictures_can_be_taken_along_as_a_zip(world, env):
    await world.imagine("a red fox")
    await world.imagine("a blue cat")
    result = await world.press(await page(world, search="cat"), "Export")
    assert result.ephemeral
    [attachment] = result.response.attachments
    with zipfile.ZipFile(io.BytesIO(env.backend.cdn.get(attachment.url))) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
    assert len(names) == 4
    assert all(name.startswith("alice_a_blue_cat_") for name in names)


async def test_without_favorites_it_says_that_there_are_none_of_those(world):
    await world.imagine("a fox")
    assert (await page(world, favorites=True)).content == "You have no favorites here yet."
    assert (await page(world, search="hen")).content == "You have no pictures with “hen” here yet."
