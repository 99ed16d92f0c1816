"""From one picture to the next, in a real browser, also when the server has let go of the wall."""

import re

from bot.program.studio import studio_of
from tests.browser import expect, needs_chromium, playwright, window
from tests.studio.test_page import devtools, link_of  # noqa: F401 — a fixture as well

pytestmark = needs_chromium

BROKEN = "Failed to load resource"
"""What the browser says in its console where the bot is not there, or the wall no more."""

FAR_ON = """async (by) => {
    const { neighbours } = await import("/page/neighbours.js");
    location.replace(`#picture/${(await neighbours.step(by)).id}`);
}"""
"""What so many presses of an arrow key do."""


async def test_the_next_picture_comes_after_a_restart(world, devtools) -> None:  # noqa: F811
    """Also where others were drawn meanwhile, so that all hang elsewhere."""
    for number in range(17):  # the page has the first sixty pictures already
        await world.imagine(f"fox number {number}")
    async with playwright.async_playwright() as driver:
        browser = await driver.chromium.connect_over_cdp(devtools)
        serving = studio_of(world.bot, world.database)
        await serving.__aenter__()
        async with window(browser, await link_of(world), "neighbours", BROKEN) as page:
            await page.wait_for_selector("html[data-wall]")
            await page.locator("#tile-0").click()
            prompt = page.get_by_label("About this picture").get_by_role("heading", level=2)
            await expect(prompt).to_have_text("fox number 16")
            await page.evaluate(FAR_ON, 59)
            await expect(prompt).to_have_text("fox number 2")
            await serving.__aexit__(None, None, None)
            await page.get_by_role("button", name="Next picture").click()
            await expect(page.locator(".notice.bad")).to_contain_text("does not answer")
            await world.imagine("another fox")
            async with studio_of(world.bot, world.database):
                await page.get_by_role("button", name="Next picture").click()
                await expect(prompt).to_have_text("fox number 1")
                await page.get_by_role("link", name="Back").click()
                await expect(page.get_by_text("72 pictures", exact=True)).to_be_visible()
                await page.keyboard.press("Home")
                await expect(page.locator("#tile-0")).to_have_accessible_name(re.compile("another fox"))
