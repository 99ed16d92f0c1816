"""What the page shows when something could not be done, in a real browser: that it was not."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.browser import expect, needs_chromium, playwright, window
from tests.studio.test_making_page import devtools, making, prompt  # noqa: F401 — a fixture as well
from tests.studio.test_page import link_of

pytestmark = needs_chromium

BROKEN = "Failed to load resource"
"""What the browser says in its console where the line breaks, or the server says no."""


@pytest_asyncio.fixture
async def page(request: pytest.FixtureRequest, world, studio, devtools) -> AsyncIterator:  # noqa: F811
    """Alice's studio; in Discord she has a red house already."""
    await world.imagine("a red house on grass")
    async with playwright.async_playwright() as driver:
        browser = await driver.chromium.connect_over_cdp(devtools)
        async with window(browser, await link_of(world), request.node.name, BROKEN) as page:
            yield page


async def test_a_setting_that_was_not_taken_stays_as_it_is(world, page) -> None:
    await making(page)
    await page.get_by_text("Your settings").click()
    await page.context.set_offline(True)
    await page.get_by_label("Stealth").click()
    await expect(page.locator(".notice.bad").first).to_contain_text("does not answer")
    await expect(page.get_by_label("Stealth")).not_to_be_checked()
    await page.get_by_label("Speed").select_option("Relax")
    await expect(page.locator(".notice.bad")).to_have_count(2)
    await expect(page.get_by_label("Speed")).to_have_value("fast")
    await page.context.set_offline(False)
    async with page.expect_response("**/api/settings"):
        await page.get_by_label("Stealth").click()
    async with page.expect_response("**/api/settings"):
        await page.get_by_label("Speed").select_option("Relax")
    await page.reload()
    await page.get_by_text("Your settings").click()
    await expect(page.get_by_label("Stealth")).to_be_checked()
    await expect(page.get_by_label("Speed")).to_have_value("relax")
    assert (await world.bot.hub.people.get(world.alice.id, "alice")).stealth


async def test_sliders_go_on_following_the_prompt_when_a_setting_changes(world, page) -> None:
    await making(page)
    await prompt(page).fill("a fish --s 600 --ar 3:2")
    await page.get_by_text("Your settings").click()
    async with page.expect_response("**/api/settings") as answer:
        await page.get_by_label("High Variation Mode").click()
    assert (await answer.value).ok
    await page.evaluate("fetch('/api/session').then((answer) => answer.json())")  # comes after what that did
    await expect(page.get_by_role("slider", name="Stylize")).to_have_value("600")
    await expect(page.get_by_label("Proportion")).to_have_value("3:2")


async def first_picture(world, page) -> None:
    [newest] = await world.bot.hub.history.page(world.alice.id, limit=1)
    await page.evaluate(f"location.hash = 'picture/{newest.id}-1'")
    await page.get_by_role("button", name="Copy prompt").click()


async def test_without_a_clipboard_nothing_is_said_to_be_copied(world, page) -> None:
    """Behind plain http, on another machine than its own, a page has none."""
    await page.evaluate("Object.defineProperty(Navigator.prototype, 'clipboard', { value: undefined })")
    await first_picture(world, page)
    await expect(page.locator(".notice")).to_have_count(1)
    await expect(page.locator(".notice.bad")).to_contain_text("only behind https")


async def test_a_prompt_is_copied(world, page) -> None:
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await first_picture(world, page)
    await expect(page.locator(".notice")).to_have_text("The prompt is copied.")
    assert "a red house on grass" in await page.evaluate("navigator.clipboard.readText()")
