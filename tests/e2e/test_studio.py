"""The studio in a real browser, before the real bot and the real model: brush, canvas, words, a restart."""

import asyncio
import io
import re
from collections.abc import AsyncIterator, Callable, Iterator

import numpy as np
import pytest
import pytest_asyncio
from PIL import Image, ImageFilter

from bench.bot import Bot, running
from engine.pictures.mark import cleaned
from engine.pictures.psnr import psnr
from playground import Message, Person, Playground, Remote
from tests.browser import chromium, expect, needs_chromium, playwright, window
from tests.e2e.conftest import PATIENCE
from tests.e2e.pictures import picture
from tests.engine.tiny_clickers import clicker

pytestmark = [pytest.mark.asyncio(loop_scope="module"), needs_chromium]

LINK = re.compile(r"http\S+?/enter\?link=[\w-]+&open=[\w/-]+")
SEAM = 8
"""How far, in pixels, a seam may reach into what is kept."""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def bot(
    playground: Playground,
    discord: Remote,
    tmp_path_factory: pytest.TempPathFactory,
    unused_tcp_port_factory: Callable[[], int],
) -> AsyncIterator[Bot]:
    """A bot that has a (tiny, random) model of the Segment Anything kind."""
    address, folder = f"127.0.0.1:{unused_tcp_port_factory()}", tmp_path_factory.mktemp("easel")
    clicker("sam2", folder / "sam2")
    models = folder / "models.toml"
    models.write_text(
        f"[[segmenter]]\nname = 'sam2'\ntitle = 'SAM 2'\nsource = '{folder / 'sam2'}'\nclicks = true\n"
    )
    settings = {"EASEL_STUDIO": address, "EASEL_MODELS_FILE": str(models)}
    async with running(playground, discord, folder, **settings) as bot:
        yield bot


@pytest.fixture(scope="module")
def devtools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with chromium(tmp_path_factory.mktemp("chromium")) as address:
        yield address


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def house(bot: Bot, ada: Person) -> Message:
    """A single picture of a red house, in Discord."""
    used = await ada.slash("general", "imagine", prompt="a red house on grass --seed 7 --q 0.5")
    grid = await ada.remote.wait_until(
        lambda: next((m for m in used.messages if "V4" in m.buttons), None), PATIENCE, "the grid"
    )
    pressed = await ada.click(grid, "U1")
    return await ada.remote.wait_until(
        lambda: next((m for m in pressed.messages if "Vary (Region)" in m.buttons), None),
        PATIENCE,
        "a picture",
    )


@pytest_asyncio.fixture(loop_scope="module")
async def page(request: pytest.FixtureRequest, ada: Person, house: Message, devtools: str) -> AsyncIterator:
    """Ada's editor before the house; where the bot is killed, its browser may complain of that."""
    lost = "net::ERR_" if "killed" in request.node.name else ""
    pressed = await ada.click(house, "Open in the studio")
    link = LINK.search(pressed.messages[-1].content)
    assert link is not None
    async with playwright.async_playwright() as driver:
        browser = await driver.chromium.connect_over_cdp(devtools)
        address = link[0].replace("open=picture", "open=edit")
        async with window(browser, address, request.node.name, lost) as page:
            await expect(page.get_by_role("button", name="Draw four")).to_be_visible()
            yield page


def cards(page):
    return page.locator("section:not([hidden])").get_by_role("article")


async def kept(page, address: str) -> Image.Image:
    """A picture's file, fetched as the page would, without the mark that no two pictures share."""
    data = await page.evaluate(
        "async (address) => [...new Uint8Array(await (await fetch(address)).arrayBuffer())]", address
    )
    return cleaned(picture(bytes(data)))


async def drawn(page, number: int) -> Image.Image:
    """The first picture of the newest job, once there are so many."""
    await expect(cards(page)).to_have_count(number)
    newest = cards(page).first
    await expect(newest.locator("figure img")).to_have_count(4, timeout=PATIENCE * 1000)
    address = await newest.locator("figure a").first.get_attribute("href")
    return await kept(page, f"/pictures/{address.removeprefix('#picture/')}")


async def before(page) -> Image.Image:
    """The picture that is edited, at the size that the model drew."""
    whole = await kept(page, f"/pictures/{page.url.split('#edit/')[1]}")
    return whole.resize((256, 256), Image.Resampling.BOX)


async def test_only_the_roof_changes_that_was_brushed(page) -> None:
    """The other prompt makes sure that the roof does."""
    canvas = page.locator("canvas.easel")
    box = await canvas.bounding_box()
    side = min(box["width"], box["height"]) - 96  # as large as the picture is shown
    left, top = (box["x"] + (box["width"] - side) / 2, box["y"] + (box["height"] - side) / 2)
    await page.get_by_role("slider", name="Brush size").fill("100")
    await page.mouse.move(left + 0.3 * side, top + 0.3 * side)
    await page.mouse.down()
    await page.mouse.move(left + 0.7 * side, top + 0.3 * side, steps=8)
    await page.mouse.up()
    field = page.locator("section:not([hidden])").get_by_role("combobox", name="Prompt", exact=True)
    await field.fill("a yellow circle --q 0.5")
    await page.get_by_role("button", name="Draw four").click()
    after, source = await drawn(page, 1), await before(page)
    pixels, old = (np.asarray(each, dtype=np.float64) for each in (after, source))
    reach = 100 / 2 / 2 + SEAM  # half of the brush, in the pixels of 256
    rows = slice(round(0.3 * 256 - reach), round(0.3 * 256 + reach))
    columns = slice(round(0.3 * 256 - reach), round(0.7 * 256 + reach))
    outside = np.ones((256, 256), dtype=bool)
    outside[rows, columns] = False
    error = np.mean((pixels[outside] - old[outside]) ** 2)
    assert 10 * np.log10(255**2 / error) >= 40
    assert psnr(after.crop((85, 65, 170, 88)), source.crop((85, 65, 170, 88))) < 30


async def test_the_canvas_goes_on_to_the_left_and_the_picture_stays(page) -> None:
    await page.get_by_label("Larger to the left, in percent").fill("40")
    await page.get_by_label("Larger to the left, in percent").press("Tab")
    await page.get_by_role("button", name="Draw four").click()
    after, source = await drawn(page, 2), await before(page)
    assert after.size == (368, 256)
    assert psnr(after.crop((112 + SEAM, 0, 368, 256)), source.crop((SEAM, 0, 256, 256))) >= 40


async def test_the_roof_is_selected_by_its_name(page) -> None:
    await page.get_by_label("Select by words").fill("the roof")
    await page.get_by_label("Select by words").press("Enter")
    said = page.get_by_text("of the picture is drawn anew")
    await expect(said).to_be_visible(timeout=PATIENCE * 1000)
    share = int(re.search(r"(\d+)%", await said.inner_text())[1])
    assert 2 <= share <= 40


async def test_what_a_click_finds_is_drawn_anew_and_nothing_else(page) -> None:
    """The mask is the model's own: served, laid over the picture, and sent with the job."""
    await page.get_by_role("button", name="Select by click").click()
    await expect(page.get_by_text("takes the patch of one colour")).to_be_hidden()
    box = await page.locator("canvas.easel").bounding_box()
    bodies: asyncio.Queue[bytes] = asyncio.Queue()

    async def passed_on(route) -> None:  # what a page reads as a blob, a browser does not keep for others
        answered = await route.fetch()
        bodies.put_nowait(await answered.body())
        await route.fulfill(response=answered)

    await page.route("**/selections", passed_on)
    await page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    found = Image.open(io.BytesIO(await asyncio.wait_for(bodies.get(), PATIENCE)))
    source = await before(page)
    mask = found.convert("L").resize((256, 256), Image.Resampling.BOX)
    share = np.asarray(mask).mean() / 255
    assert 0.01 < share < 0.99
    said = page.get_by_text("of the picture is drawn anew")
    assert int(re.search(r"(\d+)%", await said.inner_text())[1]) == pytest.approx(100 * share, abs=1)
    field = page.locator("section:not([hidden])").get_by_role("combobox", name="Prompt", exact=True)
    await field.fill("a yellow circle --q 0.5")
    count = await cards(page).count()
    await page.get_by_role("button", name="Draw four").click()
    pixels, old = (np.asarray(each, dtype=np.float64) for each in (await drawn(page, count + 1), source))
    reach = mask.filter(ImageFilter.MaxFilter(2 * SEAM + 1))
    outside, inside = np.asarray(reach) == 0, np.asarray(mask) == 255
    assert outside.any()
    assert psnr(pixels[outside], old[outside]) >= 40
    assert psnr(pixels[inside], old[inside]) < 40


async def test_a_job_goes_on_after_the_bot_was_killed_in_the_middle(page, bot: Bot, discord: Remote) -> None:
    await page.get_by_label("Larger to the right, in percent").fill("30")
    await page.get_by_label("Larger to the right, in percent").press("Tab")
    await page.get_by_role("button", name="Draw four").click()
    newest = cards(page).first
    await expect(newest).to_have_attribute("data-status", re.compile("queued|running"))
    await bot.kill()
    await bot.start()
    await discord.bot_ready()
    await expect(newest.locator("figure img")).to_have_count(4, timeout=2 * PATIENCE * 1000)
    await expect(newest).to_contain_text("Done")


async def test_nothing_was_sent_that_discord_would_refuse(bot: Bot, discord: Remote) -> None:
    assert await discord.refusals() == []
    assert not await discord.violations()
