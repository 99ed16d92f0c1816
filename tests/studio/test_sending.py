"""Enter in the box of a prompt, in a real browser: one prompt is sent once, and only where it is meant."""

import asyncio

from tests.browser import expect, needs_chromium
from tests.studio.test_making_page import devtools, job, making, page, prompt  # noqa: F401 — fixtures as well

pytestmark = needs_chromium


async def told_apart(world, page, before):  # noqa: F811
    """How many jobs began, once one that was sent after them is done."""
    await prompt(page).fill("a green tree")
    await page.keyboard.press("Enter")
    await expect(job(page, "a green tree")).to_contain_text("Done")
    return len(world.engine.seen) - before - 1


async def test_enter_pressed_twice_sends_a_prompt_once(world, page) -> None:  # noqa: F811
    await making(page)
    before = len(world.engine.seen)
    asked, twice = [], asyncio.Event()

    async def slow_line(route) -> None:
        asked.append(route)
        await twice.wait()
        await route.continue_()

    await page.route("**/api/jobs", slow_line)
    await prompt(page).fill("a blue fish")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Draw", exact=True)).to_be_disabled()
    await page.keyboard.press("Enter")
    twice.set()
    await expect(job(page, "a blue fish")).to_contain_text("Done")
    await expect(page.get_by_role("button", name="Draw", exact=True)).to_be_enabled()
    assert await told_apart(world, page, before) == 1


async def test_enter_held_down_sends_a_prompt_once(world, page) -> None:  # noqa: F811
    await making(page)
    before = len(world.engine.seen)
    await prompt(page).fill("a blue fish")
    await page.keyboard.down("Enter")
    await expect(job(page, "a blue fish")).to_contain_text("Done")
    await page.keyboard.down("Enter")  # as a keyboard repeats it
    await page.keyboard.up("Enter")
    await expect(prompt(page)).to_have_value("a blue fish")
    assert await told_apart(world, page, before) == 1


async def test_a_new_line_is_typed_beside_what_may_follow(world, page) -> None:  # noqa: F811
    await making(page)
    before = len(world.engine.seen)
    await page.keyboard.type("a fish --ar")
    await expect(page.get_by_role("listbox", name="How it may go on")).to_be_visible()
    await page.keyboard.press("Shift+Enter")
    await expect(prompt(page)).to_have_value("a fish --ar\n")
    assert await told_apart(world, page, before) == 0


async def test_what_an_input_method_composes_is_not_sent(world, page) -> None:  # noqa: F811
    await making(page)
    before = len(world.engine.seen)
    await page.keyboard.type("a fish --ar")
    await expect(page.get_by_role("listbox", name="How it may go on")).to_be_visible()
    composing = "{ key: 'Enter', isComposing: true, bubbles: true, cancelable: true }"
    left = await prompt(page).evaluate(f"it => it.dispatchEvent(new KeyboardEvent('keydown', {composing}))")
    assert left  # to the input method, which it belongs to
    assert await told_apart(world, page, before) == 0
