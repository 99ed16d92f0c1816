"""Takes the pictures of the documentation: the page beside the real bot, in headless Chromium.

`python -m playground.screenshots [--out FOLDER] [-- COMMAND]` starts a server and the bot, lets two people
use it, and writes `playground.png`, `playground-light.png` and `playground-narrow.png`. Needs Playwright and
Chromium.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playground.demo import bot_beside
from playground.person import Remote
from playground.server import Playground

WIDE: Any = {"width": 1280, "height": 860}
NARROW: Any = {"width": 390, "height": 844}
PROMPTS = ("a blue fish on a white background --seed 3", "a red house on grass --ar 3:2 --seed 7")
PATIENCE = 300.0


def main() -> None:
    """Parse the arguments and take the pictures."""
    parser = argparse.ArgumentParser(prog="python -m playground.screenshots", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/images"))
    parser.add_argument("bot", nargs="*", help="the command that starts the bot (default: easel bot)")
    arguments = parser.parse_args()
    command = arguments.bot or [str(Path(sys.executable).with_name("easel")), "bot"]
    arguments.out.mkdir(parents=True, exist_ok=True)
    asyncio.run(take(arguments.out, command))


async def take(out: Path, command: Sequence[str]) -> None:
    """Start everything, use it, take the pictures."""
    from playwright.async_api import async_playwright

    with tempfile.TemporaryDirectory() as folder:
        async with (
            Playground() as server,
            bot_beside(server, Path(folder), command),
            async_playwright() as driver,
        ):
            chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
            browser = await driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = await browser.new_page(viewport=WIDE, color_scheme="dark", device_scale_factor=1.5)
            async with Remote(server.url) as discord:
                await discord.bot_ready(PATIENCE)
                await _use(discord)
                await page.goto(server.url)
                await _picture(page, out / "playground.png")
                await page.get_by_role("button", name="Use light colours").click()
                await _picture(page, out / "playground-light.png")
                await page.set_viewport_size(NARROW)
                await _picture(page, out / "playground-narrow.png")
            await browser.close()


async def _use(discord: Remote) -> None:
    ada, lin = discord.person("ada"), discord.person("lin")
    await lin.say("general", "Who paints the first one? 🎨")
    grid = None
    for prompt in PROMPTS:
        used = await (ada if prompt is PROMPTS[-1] else lin).slash("general", "imagine", prompt=prompt)
        waiting = await used.message()
        grid = await ada.wait_changed(waiting, lambda message: "U1" in message.buttons, PATIENCE)
    assert grid is not None
    await lin.react(grid, "❤️")
    await ada.react(grid, "❤️")


async def _picture(page: Any, path: Path) -> None:
    await page.wait_for_selector("html[data-ready]")
    await page.locator(".timeline").evaluate("node => node.scrollTo(0, node.scrollHeight)")
    await page.evaluate("Promise.all([...document.images].map(image => image.decode().catch(() => null)))")
    await page.screenshot(path=path)
    print(path)


if __name__ == "__main__":
    main()
