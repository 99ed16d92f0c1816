"""Takes the pictures of the documentation: the page beside the real bot, in headless Chromium.

`python -m playground.screenshots [--out FOLDER] [-- COMMAND]` starts a server and the bot, lets two people
use it, and writes `playground.png` and its sisters. Needs Playwright and Chromium.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image

from playground import Message, NothingHappened, Remote
from playground.demo import bot_beside, last_words
from playground.server import Playground

WIDE: Any = {"width": 1160, "height": 780}
NARROW: Any = {"width": 390, "height": 844}
HERS = "a red mushroom on a white background --seed 3"
MINE = "a red house on grass --ar 3:2 --q 2 --seed 7"
"""Twice the usual steps: even a fast machine has something unfinished to show."""
CHANGE = "make the house blue"
MORE = (
    "a yellow moon at night --q 2",
    "an orange fish under water --ar 3:2 --q 2",
    "a black cat on a yellow background --q 2",
    "three balloons in the sky --ar 2:3 --q 2",
)
PATIENCE = 300.0  # seconds for a grid on a slow machine
HELD = 8.0
"""Seconds for which the bot's next edit is held up, so that a preview keeps still for its picture."""
DECODED = "Promise.all([...document.images].map(image => image.decode().catch(() => null)))"
LARGEST = 300_000
"""Bytes a picture may have; with fewer colours every one of them fits."""


def main() -> None:
    """Parse the arguments and take the pictures."""
    parser = argparse.ArgumentParser(prog="python -m playground.screenshots", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/images"))
    parser.add_argument("bot", nargs="*", help="the command that starts the bot (default: easel bot)")
    arguments = parser.parse_args()
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("The pictures are taken in Chromium: CHROMIUM=path, or chromium on the path.")
    arguments.out.mkdir(parents=True, exist_ok=True)
    asyncio.run(take(arguments.out, arguments.bot, chromium))


async def take(out: Path, command: Sequence[str], chromium: str) -> None:
    """Start everything, use it, take the pictures."""
    # Here, as it is a development dependency: everything else of this package works without it.
    from playwright.async_api import async_playwright

    with tempfile.TemporaryDirectory() as folder:
        async with (
            Playground() as server,
            bot_beside(server, Path(folder), command),
            async_playwright() as driver,
            Remote(server.url) as discord,
        ):
            browser = await driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = await browser.new_page(viewport=WIDE, color_scheme="dark")
            page.set_default_timeout(PATIENCE * 1000)
            await discord.bot_ready(PATIENCE)
            await page.goto(server.url)
            await page.wait_for_selector("html[data-ready]")
            try:
                await _Session(page, discord, out).run()
            except NothingHappened as error:
                sys.exit(f"{error} The last the bot said:\n\n{last_words(Path(folder))}")
            await browser.close()


@dataclass(frozen=True, slots=True)
class _Session:
    """Ada before her page, Lin somewhere else, and the pictures of what they do."""

    page: Any
    discord: Remote
    out: Path

    async def run(self) -> None:
        lin, ada = self.discord.person("lin"), self.discord.person("ada")
        await lin.say("general", "Who paints the next one? 🎨")
        await lin.slash("general", "imagine", prompt=HERS)
        await lin.wait_for(_finished, PATIENCE)
        grid = await self._paint()
        for person in (lin, ada):
            await person.react(grid, "❤️")
        await self._picture("playground")
        await self.page.get_by_role("button", name="Use light colours").click()
        await self._picture("playground-light")
        await self.page.get_by_role("button", name="Use dark colours").click()
        await self._narrow()
        await self._change(grid)
        await self._remix(grid)
        await self._studio(grid)

    async def _narrow(self) -> None:
        """Another window, on something like a telephone."""
        page = await self.page.context.browser.new_page(
            viewport=NARROW, color_scheme="dark", device_scale_factor=1.5
        )
        await page.goto(self.page.url)
        await page.wait_for_selector("html[data-ready]")
        await replace(self, page=page)._picture("playground-narrow")
        await page.close()

    async def _paint(self) -> Message:
        """Type a prompt, take a picture of its preview, give the finished grid."""
        await self._use(f"/imagine {MINE}")
        ada = self.discord.person("ada")
        shown = await ada.wait_for(lambda m: MINE in m.content and bool(m.attachments), PATIENCE)
        if _finished(shown):
            print("no preview was shown: the machine is too fast for its picture", flush=True)
            return shown
        await self.discord.inject("PATCH /webhooks/*", 200, delay=HELD)
        await self._picture("playground-preview")
        return await ada.wait_for(lambda m: MINE in m.content and _finished(m), PATIENCE)

    async def _change(self, grid: Message) -> None:
        """Say what is to change in a picture, and take a picture of both."""
        ada = self.discord.person("ada")
        await ada.click(grid, "U1")
        single = await ada.wait_for(lambda m: "Image #1" in m.content and "Edit" in m.buttons, PATIENCE)
        await ada.submit_modal(await ada.click(single, "Edit"), {"prompt": CHANGE})
        await ada.wait_for(lambda m: CHANGE in m.content and _finished(m), PATIENCE)
        await self._picture("playground-edit")

    async def _remix(self, grid: Message) -> None:
        """Switch remixing on in the settings, and open its dialog."""
        await self._use("/settings ")
        remix = self.page.get_by_role("button", name="Remix mode")
        await remix.click()
        await self.page.locator(".button.success", has_text="Remix").wait_for()
        await self._picture("playground-settings")
        await self.page.locator(f"#m-{grid.id}").get_by_role("button", name="V2").click()
        await self.page.locator("dialog.modal").wait_for()
        await self._picture("playground-remix")

    async def _studio(self, grid: Message) -> None:
        """Fill the wall a little, and follow a link to the bot's own page."""
        ada = self.discord.person("ada")
        for prompt in MORE:
            await ada.slash("general", "imagine", prompt=prompt)
        await ada.click(grid, "U2")
        await ada.wait_for(lambda m: MORE[-1] in m.content and _finished(m), PATIENCE)
        answered = await ada.slash("general", "studio")
        link = re.search(r"http\S+?/enter\?[\w=&/-]+", answered.messages[-1].content)
        if link is None:
            sys.exit(f"/studio gave no link: {answered.messages[-1].content}")
        page = await self.page.context.browser.new_page(viewport=WIDE, color_scheme="dark")
        await page.goto(link[0])
        await page.wait_for_selector(".tile.loaded")
        await replace(self, page=page)._shot("studio")
        await page.get_by_role("listbox").focus()
        await page.keyboard.press("Enter")
        await page.wait_for_selector("img.large")
        await replace(self, page=page)._shot("studio-picture")
        await self._edit(page)
        await self._make(page)
        await page.close()

    async def _edit(self, page: Any) -> None:
        """Paint over a part of the picture, make the canvas larger, and wait for four of it."""
        await page.get_by_role("button", name="Edit", exact=True).click()
        canvas = page.locator("canvas.easel")
        box = await canvas.bounding_box()
        if box is None:
            sys.exit("The editor shows no picture.")
        middle, third = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 3)
        await page.mouse.move(middle - 120, third)
        await page.mouse.down()
        await page.mouse.move(middle + 120, third, steps=12)
        await page.mouse.up()
        await page.get_by_label("Larger to the left, in percent").fill("40")
        await page.get_by_label("Larger to the left, in percent").press("Tab")
        await page.get_by_role("button", name="Show all of it").click()
        await page.get_by_role("button", name="Draw four").click()
        await page.wait_for_selector(".edit .job figure img", timeout=PATIENCE * 1000)
        await replace(self, page=page)._shot("studio-editor")

    async def _make(self, page: Any) -> None:
        """A prompt that is being typed, beside what was drawn."""
        await page.get_by_role("link", name="Create").click()
        await page.wait_for_selector(".make .job figure img")
        await page.keyboard.type("two red foxes in the snow --ar 3:2 --st")
        await page.wait_for_selector(".completions li")
        await replace(self, page=page)._shot("studio-create")

    async def _use(self, command: str) -> None:
        await self.page.keyboard.type(command)
        await self.page.keyboard.press("Enter")

    async def _picture(self, name: str) -> None:
        await self.page.mouse.move(0, 0)
        await self.page.locator(".timeline").evaluate("node => node.scrollTo(0, node.scrollHeight)")
        await self._shot(name)

    async def _shot(self, name: str) -> None:
        await self.page.evaluate(
            "Promise.all([...document.images].map(image => image.decode().catch(() => null)))"
        )
        path = self.out / f"{name}.png"
        path.write_bytes(small(await self.page.screenshot(animations="disabled")))
        print(f"{path}  {path.stat().st_size // 1024} KiB", flush=True)


def _finished(message: Message) -> bool:
    return "U1" in message.buttons


def small(png: bytes) -> bytes:
    """The picture with so few colours that it is small enough for a repository."""
    with Image.open(io.BytesIO(png)) as image:
        whole = image.convert("RGB")
    for colours in (256, 128, 64):
        if len(png) <= LARGEST:
            break
        buffer = io.BytesIO()
        whole.quantize(colours, Image.Quantize.MEDIANCUT).save(buffer, "PNG", optimize=True)
        png = buffer.getvalue()
    return png


if __name__ == "__main__":
    main()
