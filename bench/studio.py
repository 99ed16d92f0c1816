"""The studio with a hundred thousand pictures: when it is ready, how smoothly it scrolls, how fast it finds.

`python -m bench.studio [--pictures N] [--load SECONDS]`. The real bot beside the playground, its page in
headless Chromium on loopback, drawn without a GPU. Last, 200 gallery requests a second while somebody uses
commands in Discord: are those still acknowledged at once? Needs Playwright and Chromium.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import io
import json
import os
import random
import re
import shutil
import socket
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import aiohttp
from PIL import Image
from rich.console import Console
from rich.table import Table

from bench.bot import TOKEN, Bot
from bot.memory.database import Database
from bot.memory.history import indexed
from engine import Registry, plan_imagine
from grammar import parse
from playground import Person, Playground, Remote

__all__ = ["hang", "main"]

VISITS = 8
SEARCHES = 24
FILES = 96
"""Different pictures; the others are the same files again, each under an id of its own."""
STEP = 120
"""Pixels a frame: faster than anybody looks."""
FRAMES = 600
RATE, SESSIONS = 200, 4
"""Gallery requests a second, and of how many browsers."""
READY_BAR, FRAME_BAR, SEARCH_BAR, ACK_BAR = 1000.0, 32.0, 100.0, 500.0
"""Milliseconds."""

WORDS = (
    *("red", "blue", "green", "fox", "fish", "hill", "house", "moon", "tree"),
    *("snow", "sea", "cat", "dog", "bird", "ship", "castle", "cloud", "river"),
)

SCROLL = """async ([step, count]) => {
    const node = document.querySelector(".wall");
    const frames = [];
    let last = performance.now();
    for (let done = 0; done < count; done += 1) {
        await new Promise(requestAnimationFrame);
        const now = performance.now();
        frames.push(now - last);
        last = now;
        node.scrollTop += step;
    }
    return frames.slice(1);
}"""
READY = """new Promise((done) => {
    const look = () => document.querySelector(".tile.loaded") ? done(performance.now()) : setTimeout(look, 1);
    look();
})"""
SEARCH = """async (words) => {
    const field = document.querySelector(".search");
    const wall = document.documentElement.dataset.wall;
    field.value = words;
    const began = performance.now();
    field.dispatchEvent(new Event("input"));
    const html = document.documentElement;
    const first = `.tile:not([hidden])[aria-label*="${words}"]`;
    while (html.dataset.wall === wall || !document.querySelector(first)) {
        await new Promise((done) => setTimeout(done, 1));
    }
    return performance.now() - began;
}"""


def main(arguments: list[str] | None = None) -> int:
    """Prints the table; 0 when every bar holds."""
    options = argparse.ArgumentParser(prog="python -m bench.studio", description=__doc__.splitlines()[0])
    options.add_argument("--pictures", type=int, default=100_000)
    options.add_argument("--load", type=float, default=20.0, help="seconds of gallery requests")
    given = options.parse_args([] if arguments is None else arguments)
    with tempfile.TemporaryDirectory(prefix="studio-") as folder:
        return asyncio.run(_measure(Path(folder), given.pictures // 4, given.load))


async def hang(database: Database, pictures: Path, user_id: int, name: str, jobs: int) -> None:
    """Give a user so many finished jobs of four pictures each, with files."""
    dice = random.Random(26)
    files = [_file(pictures, dice) for _ in range(FILES)]
    [spec] = parse("a red house")
    plan, said = json.dumps(plan_imagine(spec, Registry.load()).to_dict()), json.dumps(spec.to_dict())
    ids = [str(uuid.UUID(int=dice.getrandbits(128), version=4)) for _ in range(jobs)]
    prompts = [" ".join(dice.choices(WORDS, k=4)) for _ in range(jobs)]
    async with database.transaction() as tx:
        await tx.execute("INSERT INTO users (id, name, created) VALUES (?, ?, 0)", (user_id, name))
        await tx.executemany(
            "INSERT INTO jobs (seq, id, user_id, kind, prompt, shown, spec, plan, lane, status, created,"
            " finished, seconds, channel_id, upload_limit)"
            f" VALUES (?, ?, ?, 'imagine', ?, ?, '{said}', '{plan}', 'fast', 3, ?, ?, 2.5, 5, 10485760)",
            [
                (seq, job_id, user_id, prompt, prompt, 1.7e9 + seq, 1.7e9 + seq)
                for seq, (job_id, prompt) in enumerate(zip(ids, prompts, strict=True), 1)
            ],
        )
        await tx.executemany(
            "INSERT INTO job_words (rowid, words) VALUES (?, ?)",
            [(seq, indexed(user_id, prompt)) for seq, prompt in enumerate(prompts, 1)],
        )
        await tx.executemany(
            "INSERT INTO pictures VALUES (?, ?, ?, 512, 512, 400000, 1)",
            [(job_id, position, dice.choice(files)) for job_id in ids for position in (1, 2, 3, 4)],
        )


def _file(folder: Path, dice: random.Random) -> str:
    """A kept picture of soft colours; its name."""
    small = Image.frombytes("RGB", (8, 8), dice.randbytes(8 * 8 * 3))
    buffer = io.BytesIO()
    small.resize((512, 512), Image.Resampling.BICUBIC).save(buffer, "PNG", compress_level=1)
    name = f"{hashlib.sha256(buffer.getvalue()).hexdigest()[:40]}.png"
    (folder / name[:2]).mkdir(parents=True, exist_ok=True)
    (folder / name[:2] / name).write_bytes(buffer.getvalue())
    return name


async def _measure(folder: Path, jobs: int, load: float) -> int:
    try:
        from playwright.async_api import async_playwright
    except ImportError:
        sys.exit("bench.studio needs the package playwright (make test installs it).")
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("bench.studio needs Chromium: CHROMIUM=path, or chromium on the path.")
    port = _free_port()
    async with Playground(token=TOKEN) as server, Remote(server.url) as discord:
        ada = discord.person("ada")
        bot = Bot(server, folder, EASEL_STUDIO=f"127.0.0.1:{port}")
        async with Database.opened(bot.data / "easel.db") as database:
            await hang(database, bot.data / "pictures", ada.id, "ada", jobs)
        await bot.start()
        try:
            await discord.bot_ready()
            async with async_playwright() as driver:
                browser = await driver.chromium.launch(
                    executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
                )
                ready = [await _visit(browser, await _link(ada)) for _ in range(VISITS)]
                page = await browser.new_page(viewport={"width": 1280, "height": 800})
                await page.goto(await _link(ada))
                await page.wait_for_selector("html[data-wall]")
                frames = await page.evaluate(SCROLL, [STEP, FRAMES])
                found = [await page.evaluate(SEARCH, WORDS[n % len(WORDS)]) for n in range(SEARCHES)]
                await browser.close()
            acks, answers = await _under_load(ada, f"http://127.0.0.1:{port}", load)
        finally:
            await bot.aclose()
    return _print(4 * jobs, ready, frames, found, acks, answers)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


async def _link(person: Person) -> str:
    answered = await person.slash("general", "studio")
    found = re.search(r"http\S+?/enter\?[\w=&/-]+", answered.messages[-1].text)
    assert found is not None
    return found[0]


async def _visit(browser: Any, link: str) -> float:
    """A first visit with an empty cache: milliseconds from the page's navigation until a picture is seen."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    try:
        page = await context.new_page()
        await page.goto(link)
        await page.wait_for_selector("html[data-wall]")
        await page.goto("about:blank")
        await page.goto(link.partition("/enter")[0] + "/", wait_until="commit")
        return float(await page.evaluate(READY))
    finally:
        await context.close()


async def _under_load(ada: Person, address: str, seconds: float) -> tuple[list[float], list[float]]:
    """Milliseconds until commands were acknowledged, and until gallery requests were answered."""
    async with contextlib.AsyncExitStack() as stack:
        sessions = [
            await stack.enter_async_context(_session(await _link(ada), address)) for _ in range(SESSIONS)
        ]
        walls = [await (await http.get(f"{address}/api/wall")).json() for http in sessions]
        dice, took = random.Random(2), list[float]()

        async def ask(number: int) -> None:
            http, wall = sessions[number % SESSIONS], walls[number % SESSIONS]
            path = f"thumbnails/{dice.choice(wall['pictures'])['id']}"
            if number % 10 == 0:
                path = f"api/wall/{wall['wall']}?offset={dice.randrange(0, wall['total'], 120)}&limit=120"
            began = time.perf_counter()
            async with http.get(f"{address}/{path}") as answer:
                await answer.read()
                answer.raise_for_status()
                took.append(1000 * (time.perf_counter() - began))

        async def crowd() -> None:
            began, asked = time.monotonic(), list[asyncio.Task[None]]()
            while (passed := time.monotonic() - began) < seconds:
                asked += [asyncio.create_task(ask(n)) for n in range(len(asked), int(passed * RATE))]
                await asyncio.sleep(0.01)
            await asyncio.gather(*asked)

        loading = asyncio.create_task(crowd())
        acks = []
        while not loading.done():
            used = await ada.slash("general", "info")
            acks.append(1000 * (used.acked_after if used.acked_after is not None else float("inf")))
            await asyncio.sleep(0.05)
        await loading
    return acks, took


@contextlib.asynccontextmanager
async def _session(link: str, address: str) -> AsyncIterator[aiohttp.ClientSession]:
    """A browser that has followed a link."""
    token = re.search(r"link=([\w-]+)", link)
    assert token is not None
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        entered = await http.post(
            f"{address}/api/enter", json={"link": token[1]}, headers={"Origin": address}
        )
        entered.raise_for_status()
        yield http


def _print(
    pictures: int,
    ready: Sequence[float],
    frames: Sequence[float],
    found: Sequence[float],
    acks: Sequence[float],
    answers: Sequence[float],
) -> int:
    table = Table(
        "what", "count", "p50 ms", "p95 ms", "p99 ms", "max ms", "bar", "", title=f"{pictures} pictures"
    )
    rows = (
        ("ready, with an empty cache", ready, "p95", READY_BAR),
        ("frames while scrolling", frames, "p95", FRAME_BAR),
        ("search, from the letter to the first picture", found, "p95", SEARCH_BAR),
        (f"acks in Discord at {RATE} gallery requests a second", acks, "p99", ACK_BAR),
        ("answers to these requests", answers, "", 0.0),
    )
    held = True
    for what, values, which, bar in rows:
        cut = statistics.quantiles(values, n=100, method="inclusive")
        figures = {"p50": statistics.median(values), "p95": cut[94], "p99": cut[98], "max": max(values)}
        holds = not which or figures[which] <= bar
        held = held and holds
        said = (f"{which} ≤ {bar:g}", "holds" if holds else "FAILS") if which else ("", "")
        table.add_row(what, str(len(values)), *(f"{each:.1f}" for each in figures.values()), *said)
    Console(width=130).print(table)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
