"""`/metrics` of the real bot, scraped while jobs come and go: it agrees with the database."""

import asyncio
import sqlite3
from collections import Counter
from contextlib import closing

import aiohttp
import pytest

from bench.bot import Bot
from playground import Playground, Remote
from tests.bot.test_metrics import values
from tests.e2e.conftest import PATIENCE

pytestmark = pytest.mark.asyncio(loop_scope="module")

ENDS = {3: "delivered", 4: "failed", 5: "cancelled"}
JOBS = 3


def ended(bot):
    """Jobs by outcome, as the database has them."""
    with closing(sqlite3.connect(f"file:{bot.data / 'easel.db'}?mode=ro", uri=True)) as database:
        rows = database.execute("SELECT status, count(*) FROM jobs WHERE status IN (3, 4, 5) GROUP BY status")
        return Counter({ENDS[status]: number for status, number in rows})


def finished(number):
    return lambda message: (
        bool(message.attachments) and "V4" in message.buttons and f"seed {number}" in message.content
    )


async def test_a_scrape_during_a_burst_agrees_with_the_database(
    playground: Playground, discord: Remote, tmp_path, unused_tcp_port
) -> None:
    address = f"127.0.0.1:{unused_tcp_port}"
    bot = Bot(playground, tmp_path, EASEL_METRICS=address, EASEL_LOG="json")
    await bot.start()
    await discord.bot_ready()
    ada = discord.person("ada")

    async def scraped(session):
        async with session.get(f"http://{address}/metrics") as answer:
            return values(await answer.text())

    def by_outcome(found):
        return Counter(
            {name: found.get(("easel_jobs_total", f'outcome="{name}"'), 0) for name in ENDS.values()}
        )

    try:
        async with aiohttp.ClientSession() as session, asyncio.timeout(3 * PATIENCE):
            for number in range(JOBS):
                await ada.slash("general", "imagine", prompt=f"a red fox --seed {number} --q .25")
            for number in range(JOBS):
                before, now, after = ended(bot), await scraped(session), ended(bot)
                told = by_outcome(now)
                assert all(told[name] <= after[name] for name in ENDS.values())
                assert all(before[name] - told[name] <= 1 for name in ENDS.values())  # a row, not yet counted
                await ada.wait_for(finished(number), PATIENCE)
            while by_outcome(now := await scraped(session)).total() < JOBS:
                pass  # a message stands a moment before its row says so
            assert by_outcome(now) == ended(bot) == Counter(delivered=JOBS)
    finally:
        await bot.aclose()
    assert now["easel_wait_seconds_count", 'lane="fast"'] == JOBS
    assert now["easel_pictures_total", 'model="pocket"'] == 4 * JOBS
    assert now["easel_rows_total", 'device="cpu"'] >= now["easel_forwards_total", 'device="cpu"']
    assert now["easel_discord_requests_total", 'status="200"'] > JOBS
