"""Chromium for tests, and what a hand does on the page.

`CHROMIUM` names the browser, else it is looked for on the path; where there is none, or no Playwright, tests
that want one are skipped with the reason. SCREENSHOTS=folder keeps a picture of each test.
"""

import contextlib
import io
import os
import re
import shutil
import subprocess
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from PIL import Image

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
playwright = pytest.importorskip("playwright.async_api", reason="Playwright is not installed")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")

SLOW = 60_000
"""Milliseconds that a busy machine may take for anything: a bound against hanging."""
expect = playwright.expect
expect.set_options(timeout=SLOW)


@contextlib.contextmanager
def chromium(profile: Path) -> Iterator[str]:
    """A Chromium of its own; gives the address it is driven through."""
    assert CHROMIUM is not None
    flags = ("--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", "--no-first-run")
    flags += ("--disable-background-timer-throttling", "--disable-renderer-backgrounding")
    flags += ("--disable-dev-shm-usage",)  # a container may have too little of it
    command = [CHROMIUM, *flags, f"--user-data-dir={profile}", "about:blank"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        listening = next(line for line in process.stderr if "listening on ws://" in line)
        drain = threading.Thread(target=process.stderr.read)
        drain.start()
        yield listening.split()[-1]
        process.terminate()
        drain.join()


@contextlib.asynccontextmanager
async def window(browser, url: str, test: str, expected: str = "") -> AsyncIterator:
    """A window with the page, as a new visitor has it; a complaint in its console fails the test.

    Those aside that have the ``expected`` text in them: a browser also complains where a server says no.
    """
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme="dark")
    context.set_default_timeout(SLOW)
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    await visit(page, url)
    yield page
    if folder := os.environ.get("SCREENSHOTS"):
        name = re.sub(r"\W+", "-", test.removeprefix("test_"))
        await page.screenshot(path=Path(folder) / f"{name}.png")
    await context.close()
    left = [each for each in complaints if not expected or expected not in each]
    assert not left, left


async def visit(page, url: str) -> None:
    """Open an address and wait until the page can be used."""
    await page.goto(url)
    await page.wait_for_selector("html[data-ready]")


def last(page):
    """The newest message."""
    return page.locator(".messages > .message").last


async def drop(page, name: str, picture: Image.Image) -> None:
    """Drop a file on the conversation."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    transfer = await page.evaluate_handle(
        """([name, bytes]) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
            return transfer;
        }""",
        [name, list(buffer.getvalue())],
    )
    for kind in ("dragenter", "dragover", "drop"):
        await page.dispatch_event("#main", kind, {"dataTransfer": transfer})


async def serious(page) -> list[str]:
    """What axe finds serious or critical on the page as it stands, once nothing fades in any more."""
    axe = pytest.importorskip("axe_playwright_python.async_playwright", reason="axe is not installed")
    await page.evaluate(
        """Promise.allSettled(document.getAnimations()
            .filter((each) => each.effect.getComputedTiming().endTime !== Infinity)
            .map((each) => each.finished))"""
    )
    results = (await axe.Axe().run(page)).response
    return [
        f"{found['id']}: {node['html'][:160]} {node['failureSummary'][:300]}"
        for found in results["violations"]
        if found["impact"] in ("serious", "critical")
        for node in found["nodes"]
    ]
