"""The playground's page before the real bot and the real model: what somebody sees who runs `make demo`."""

import os
import re
import signal
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from PIL import Image

from bench.bot import Bot
from playground import Message, Person, Playground, Remote
from tests.browser import chromium, drop, expect, last, needs_chromium, playwright, window
from tests.e2e.conftest import PATIENCE

pytestmark = [pytest.mark.asyncio(loop_scope="module"), needs_chromium]

GREEN = re.compile("success")


@pytest.fixture(scope="module")
def devtools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with chromium(tmp_path_factory.mktemp("chromium")) as address:
        yield address


@pytest_asyncio.fixture(loop_scope="module")
async def page(
    request: pytest.FixtureRequest, playground: Playground, bot: Bot, devtools: str
) -> AsyncIterator:
    """Ada's page, in #general."""
    async with playwright.async_playwright() as driver:
        browser = await driver.chromium.connect_over_cdp(devtools)
        async with window(browser, playground.url, request.node.name) as page:
            yield page


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def painted(bot: Bot, ada: Person) -> Message:
    """A grid that is there already."""
    used = await ada.slash("general", "imagine", prompt="a red house on grass --ar 3:2 --seed 7 --q 0.25")
    return await ada.remote.wait_until(
        lambda: next((m for m in used.messages if "V4" in m.buttons), None), PATIENCE, "the grid"
    )


def shown(page, message: Message):
    return page.locator(f"#m-{message.id}")


def grid_of(page, words: str):
    """The newest finished grid that says this."""
    return page.locator(".message", has_text=words).filter(has=page.get_by_role("button", name="U1")).last


async def settings(page):
    """A new panel of settings; those that were opened before stay on the page."""
    panels = page.locator(".message").filter(has=page.get_by_role("button", name="Remix mode"))
    before = await panels.count()
    await use(page, "/settings ")
    await expect(panels).to_have_count(before + 1)
    return panels.nth(before)


async def use(page, command: str) -> None:
    await page.keyboard.type(command)
    await page.keyboard.press("Enter")


async def picture_size(message) -> list[int]:
    """Width and height of a message's picture, once it is decoded."""
    image = message.locator(".gallery img")
    await expect(image).to_be_visible(timeout=PATIENCE * 1000)
    await image.scroll_into_view_if_needed()  # one that is out of sight is never fetched
    return await image.evaluate(
        "image => image.decode().then(() => [image.naturalWidth, image.naturalHeight])"
    )


async def test_a_typed_imagine_gives_a_grid_with_its_buttons(page) -> None:
    await use(page, "/imagine a blue fish --ar 3:2 --q 0.25 --seed 3")
    grid = page.locator(".message", has_text="a blue fish").last
    await expect(grid.locator(".content")).to_have_text(
        re.compile(r"^a blue fish --ar 3:2 --q 0\.25 --seed 3 - @Ada \(fast\)"), timeout=PATIENCE * 1000
    )
    for row, names in enumerate((["U1", "U2", "U3", "U4", "🔄"], ["V1", "V2", "V3", "V4"])):
        await expect(grid.locator(".row").nth(row).get_by_role("button")).to_have_text(names)
    assert await picture_size(grid) == [640, 416]
    await expect(grid.get_by_role("button", name="V4")).to_be_in_viewport()


async def test_u2_gives_one_large_picture(page, painted: Message) -> None:
    await shown(page, painted).get_by_role("button", name="U2").click()
    single = page.locator(".message", has_text="Image #2").last
    assert await picture_size(single) == [640, 416]
    await single.get_by_role("button", name=re.compile("^Open ")).click()
    await expect(page.get_by_role("dialog", name="Picture")).to_contain_text("640 × 416")


async def test_v3_gives_a_grid_of_variations(page, painted: Message) -> None:
    await shown(page, painted).get_by_role("button", name="V3").click()
    varied = grid_of(page, "Variations (Strong) by @Ada")
    assert await picture_size(varied) == [640, 416]
    await expect(varied.locator(".origin")).to_contain_text("a red house on grass")


async def test_the_arrows_roll_again(page, painted: Message) -> None:
    await shown(page, painted).get_by_role("button", name="🔄").click()
    rolled = page.locator(".message", has_text="a red house on grass --ar 3:2 --q 0.25 - @Ada").last
    await expect(rolled.get_by_role("button", name="V4")).to_be_visible(timeout=PATIENCE * 1000)


async def test_remix_opens_a_dialog_whose_prompt_is_edited(page, painted: Message, ada: Person) -> None:
    remix = (await settings(page)).get_by_role("button", name="Remix mode")
    await remix.click()
    await expect(remix).to_have_class(GREEN)
    await shown(page, painted).get_by_role("button", name="V1").click()
    dialog = page.get_by_role("dialog")
    field = dialog.get_by_label("prompt")
    await expect(field).to_have_value(re.compile("^a red house on grass"))
    await field.fill("a green house on grass --ar 3:2 --q 0.25")
    await dialog.get_by_role("button", name="Submit").click()
    await expect(dialog).to_be_hidden()
    await expect(grid_of(page, "a green house on grass")).to_be_visible(timeout=PATIENCE * 1000)
    await remix.click()
    await expect(remix).not_to_have_class(GREEN)


async def test_settings_show_what_is_set_and_the_next_prompt_has_it(page) -> None:
    panel = await settings(page)
    await expect(panel).to_contain_text("Only you can see this")
    high = panel.get_by_role("button", name="Stylize high")
    await high.click()
    await expect(high).to_have_class(GREEN)
    await expect(panel.locator(".embed")).to_contain_text("Stylize: --s 250")
    await use(page, "/imagine a purple star --q 0.25")
    await expect(page.locator(".message", has_text="a purple star").last).to_contain_text("--s 250")
    await panel.get_by_role("button", name="Reset Settings").click()
    await expect(high).not_to_have_class(GREEN)


async def test_describe_takes_a_dropped_picture(page) -> None:
    await page.keyboard.type("/describe ")
    await drop(page, "white.png", Image.new("RGB", (384, 256), "white"))
    await expect(page.get_by_text("white.png ·")).to_be_visible()
    await page.keyboard.press("Enter")
    described = page.locator(".message", has_text="1️⃣").last
    await expect(described.locator(".embed")).to_contain_text(
        re.compile(r"1️⃣.*--ar 3:2\s+2️⃣.*--ar 3:2\s+3️⃣.*--ar 3:2\s+4️⃣.*--ar 3:2", re.S),
        timeout=PATIENCE * 1000,
    )
    await expect(described.get_by_role("button", name=re.compile("^[1-4]️⃣$"))).to_have_count(4)


async def test_cancel_stops_a_job(page, bot: Bot, painted: Message) -> None:
    workers = bot.workers()
    for worker in workers:
        os.kill(worker, signal.SIGSTOP)
    await use(page, "/imagine a grey cloud that nobody needs")
    job = page.locator(".message", has=page.locator("strong", has_text="that nobody needs"))
    await job.get_by_role("button", name="Cancel").click()
    await expect(page.get_by_text("The job is being cancelled.")).to_be_visible()
    for worker in workers:
        os.kill(worker, signal.SIGCONT)
    await expect(job).to_contain_text("(Cancelled)", timeout=PATIENCE * 1000)
    await expect(job.get_by_role("button", name="U1")).to_have_count(0)


async def test_the_cross_takes_a_picture_away(page) -> None:
    await use(page, "/imagine a brown mushroom --q 0.25")
    grid = grid_of(page, "a brown mushroom")
    await expect(grid).to_be_visible(timeout=PATIENCE * 1000)
    await grid.hover()
    await grid.get_by_role("button", name="React with ❌").click()
    await expect(page.locator(".message", has_text="a brown mushroom")).to_have_count(0)


async def test_the_envelope_sends_the_pictures_home(page, painted: Message) -> None:
    await shown(page, painted).hover()
    await shown(page, painted).get_by_role("button", name="React with ✉️").click()
    await page.get_by_role("button", name="Direct messages, unread").click()
    await expect(page.get_by_role("heading", name="Easel", exact=True)).to_be_visible()
    await expect(last(page).locator(".gallery img")).to_have_count(4)


async def test_a_wrong_parameter_is_told_to_its_writer_alone(page, ada: Person, lin: Person) -> None:
    await use(page, "/imagine a cat --s 5000")
    told = last(page)
    await expect(told.locator(".embed-title")).to_have_text("Invalid parameter")
    await expect(told.locator(".embed-text")).to_contain_text("--s")
    await expect(told.locator(".embed-footer")).to_have_text("/imagine a cat --s 5000")
    await expect(told).to_contain_text("Only you can see this")
    assert not [m for m in await lin.messages("general") if "5000" in m.text]


async def test_a_parameter_is_completed_in_the_field(page) -> None:
    await page.keyboard.type("/imagine a cat --sty")
    suggestions = page.get_by_role("listbox", name="Suggestions for prompt").get_by_role("option")
    await expect(suggestions.first).to_be_visible()
    await suggestions.filter(has_text="--stylize").first.click()
    await page.keyboard.type("50 --q 0.25")
    await expect(page.get_by_role("combobox", name="prompt")).to_have_value("a cat --stylize 50 --q 0.25")
    await page.keyboard.press("Enter")
    await expect(page.locator(".message", has_text="a cat --s").last).to_contain_text("@Ada")


async def test_reload_keeps_the_channel_and_its_pictures(page, painted: Message) -> None:
    await page.reload()
    await page.wait_for_selector("html[data-ready]")
    await expect(page.get_by_role("heading", name="general", exact=True)).to_be_visible()
    await shown(page, painted).scroll_into_view_if_needed()
    assert await picture_size(shown(page, painted)) == [640, 416]
    await expect(shown(page, painted).get_by_role("button", name="U1")).to_be_enabled()


async def test_buttons_work_after_the_bot_was_started_again(page, bot: Bot, painted: Message) -> None:
    assert await bot.stop() == 0
    await expect(page.get_by_text("Easel is away")).to_be_visible()
    await bot.start()
    await expect(page.get_by_text("Easel is here")).to_be_visible()
    await shown(page, painted).get_by_role("button", name="U4").click()
    assert await picture_size(page.locator(".message", has_text="Image #4").last) == [640, 416]


async def test_nothing_was_sent_that_discord_would_refuse(bot: Bot, discord: Remote) -> None:
    assert await discord.refusals() == []
    assert not await discord.violations()
