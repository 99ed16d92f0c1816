"""How fast the playground's page is: ready after how long, and how smoothly a thousand messages scroll.

`python -m bench.page`. Headless Chromium on loopback, drawn without a GPU; every tenth message is a grid
with its buttons, each with pixels of its own. Needs Playwright and Chromium; knows nothing of bot and engine.
"""

import asyncio
import io
import os
import random
import shutil
import statistics
import sys
import time
from typing import Any

from PIL import Image
from rich.console import Console
from rich.table import Table

from playground import Playground
from playground.world import Message

VISITS, MESSAGES = 10, 1000
STEP = 100
"""Pixels a frame: a notch of the wheel in every frame, faster than anybody reads."""
READY_BAR, FRAME_BAR = 1000.0, 32.0
"""Milliseconds: the page is to be ready below the one, and 95 of 100 frames to come within the other."""

SCROLL_UP = """async (step) => {
    const node = document.getElementById("timeline");
    const frames = [];
    let last = performance.now();
    let still = 0;
    await new Promise((done) => {
        function frame() {
            const now = performance.now();
            frames.push(now - last);
            last = now;
            const before = node.scrollTop;
            node.scrollTop -= step;
            still = node.scrollTop === before ? still + 1 : 0;
            if (still < 30) requestAnimationFrame(frame); else done();
        }
        requestAnimationFrame(frame);
    });
    return frames.slice(1, -30);
}"""
SCROLL_END = "document.getElementById('timeline').scrollTo(0, 1e9)"
COUNT = "document.querySelectorAll('.messages > .message').length"
READY = """new Promise((done) => {
    const look = () => document.documentElement.dataset.ready ? done(performance.now()) : setTimeout(look, 1);
    look();
})"""

DECODED = """Promise.all([...document.images]
    .filter((image) => image.getBoundingClientRect().bottom > 0)
    .map((image) => image.decode().catch(() => null)))"""
"""The pictures in sight; one that is not is never fetched, and would be waited for without end."""


def main() -> None:
    """Prints the table."""
    asyncio.run(_measure())


async def _measure() -> None:
    try:
        from playwright.async_api import async_playwright
    except ImportError:
        sys.exit("bench.page needs the package playwright (make test installs it).")
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("bench.page needs Chromium: CHROMIUM=path, or chromium on the path.")
    async with Playground() as server, async_playwright() as driver:
        _fill(server)
        browser = await driver.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        ready = [await _visit(browser, server.url) for _ in range(VISITS)]
        page = await browser.new_page(viewport={"width": 1280, "height": 800})
        await _open(page, server.url)
        arriving = await page.evaluate(SCROLL_UP, STEP)
        count = await page.evaluate(COUNT)
        assert count == MESSAGES, f"{count} messages were loaded, not {MESSAGES}"
        await page.evaluate(SCROLL_END)
        there = await page.evaluate(SCROLL_UP, STEP)
        await browser.close()
    _print(ready, arriving, there)


def _fill(server: Playground) -> None:
    world, dice = server.world, random.Random(1)
    channel = next(each for each in world.channels.values() if each.name == "general")
    ada, bot = world.user_named("ada"), world.add_application(1 << 60, "Easel")
    assert ada is not None
    for n in range(MESSAGES):
        author = ada.id if n % 2 else bot.id
        words = f"message **{n}** with `code`, [a link](https://example.com) and words " * (1 + n % 4)
        message = Message(world.ids.next(), channel.id, author, words, created=time.time())
        if n % 10 == 0:
            files = server.hub.files
            message.attachments = [files.put(world.ids.next(), channel.id, "grid.png", _grid(dice))]
            message.components = [
                {
                    "type": 1,
                    "components": [
                        {"type": 2, "style": 2, "label": f"{row}{k}", "custom_id": f"{n}{row}{k}", "id": k}
                        for k in range(1, 5)
                    ],
                }
                for row in "UV"
            ]
        world.add_message(message)


def _grid(dice: random.Random) -> bytes:
    """A PNG as large as a grid, of soft colours."""
    small = Image.frombytes("RGB", (12, 8), dice.randbytes(12 * 8 * 3))
    buffer = io.BytesIO()
    small.resize((640, 416), Image.Resampling.BICUBIC).save(buffer, "PNG")
    return buffer.getvalue()


async def _open(page: Any, url: str) -> float:
    """Open the page; milliseconds from the navigation's start until it can be used, by its own clock."""
    await page.goto(url, wait_until="commit")
    ready = float(await page.evaluate(READY))
    await page.evaluate(DECODED)
    return ready


async def _visit(browser: Any, url: str) -> float:
    """A first visit, with nothing in the cache."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    try:
        return await _open(await context.new_page(), url)
    finally:
        await context.close()


def _print(ready: list[float], arriving: list[float], there: list[float]) -> None:
    table = Table("what", "count", "p50 ms", "p95 ms", "max ms", "bar ms", "", title="the page")
    rows = (
        ("ready, a first visit", ready, READY_BAR),
        (f"frames, scrolling up while {MESSAGES} messages arrive", arriving, FRAME_BAR),
        (f"frames, scrolling up through {MESSAGES} messages", there, FRAME_BAR),
    )
    for what, values, bar in rows:
        p95 = statistics.quantiles(values, n=20, method="inclusive")[-1]
        figures = (f"{each:.1f}" for each in (statistics.median(values), p95, max(values)))
        table.add_row(what, str(len(values)), *figures, f"p95 ≤ {bar:g}", "holds" if p95 <= bar else "FAILS")
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
