"""Fingers and buttons over the editor's canvas, in a real browser: what paints, and what only moves."""

from tests.browser import expect, needs_chromium
from tests.studio.test_making_page import canvas, devtools, editing, page  # noqa: F401 — fixtures as well

pytestmark = needs_chromium

NOTHING = "Paint over a part, or make the canvas larger."


async def middle(page):  # noqa: F811
    box = await canvas(page).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


async def touch(page, *steps):  # noqa: F811
    """Put fingers through places, each step all that are down, and lift the last ones together."""
    session = await page.context.new_cdp_session(page)
    down: set[int] = set()
    for step in steps:
        kind = "touchStart" if step.keys() - down else "touchMove"
        down = set(step)
        points = [{"x": x, "y": y, "id": finger} for finger, (x, y) in step.items()]
        await session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    await session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def said(page):  # noqa: F811
    return page.locator(".editor-said")


async def test_two_fingers_zoom_and_paint_nothing(world, page) -> None:  # noqa: F811
    await editing(world, page)
    x, y = await middle(page)
    await touch(
        page,
        {0: (x - 40, y)},
        {0: (x - 44, y)},  # no finger keeps quite still until the other one comes
        {0: (x - 44, y), 1: (x + 40, y)},
        *({0: (x - apart, y), 1: (x + apart, y)} for apart in (60, 90, 120)),
    )
    await touch(page, {0: (x, y)})  # a tap paints; behind it nothing else is kept
    await expect(said(page)).to_contain_text("is drawn anew")
    await page.get_by_role("button", name="Undo").click()
    await expect(said(page)).to_have_text(NOTHING)
    await expect(page.get_by_role("button", name="Undo")).to_be_disabled()


async def test_one_finger_paints_from_where_it_came_down(world, page) -> None:  # noqa: F811
    await editing(world, page)
    x, y = await middle(page)
    await touch(page, *({0: (x + moved, y)} for moved in (0, 5, 30, 90)))
    share = await said(page).text_content()
    await page.get_by_role("button", name="Undo").click()
    await expect(said(page)).to_have_text(NOTHING)
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x + 90, y)
    await page.mouse.up()
    await expect(said(page)).to_have_text(share)


async def test_two_fingers_pick_nothing(world, page) -> None:  # noqa: F811
    await editing(world, page)
    await page.get_by_role("button", name="Select by click").click()
    x, y = await middle(page)
    await touch(page, {0: (x, y)}, {0: (x, y), 1: (x + 40, y)}, {0: (x - 40, y), 1: (x + 80, y)})
    await expect(said(page)).to_have_text(NOTHING)
    await touch(page, {0: (x, y)})
    await expect(said(page)).to_contain_text("is drawn anew")
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_role("button", name="Undo")).to_be_disabled()


async def test_the_right_button_paints_nothing(world, page) -> None:  # noqa: F811
    await editing(world, page)
    x, y = await middle(page)
    await page.mouse.click(x, y, button="right")
    await page.mouse.click(x, y)
    await expect(said(page)).to_contain_text("is drawn anew")
    await page.get_by_role("button", name="Undo").click()
    await expect(said(page)).to_have_text(NOTHING)
    await expect(page.get_by_role("button", name="Undo")).to_be_disabled()
