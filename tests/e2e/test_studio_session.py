"""The real bot's studio over real HTTP: a link from Discord, and a session that outlives the process."""

import re

import aiohttp
import pytest

from bench.bot import Bot
from playground import Playground, Remote

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_session_goes_on_after_a_restart(
    playground: Playground, discord: Remote, tmp_path, unused_tcp_port
) -> None:
    address = f"http://127.0.0.1:{unused_tcp_port}"
    bot = Bot(playground, tmp_path, EASEL_STUDIO=f"127.0.0.1:{unused_tcp_port}")
    await bot.start()
    await discord.bot_ready()
    try:
        answered = await discord.person("ada").slash("general", "studio")
        [message] = answered.messages
        assert message.ephemeral
        link = re.search(r"link=([\w-]+)", message.content)[1]
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
            async with http.post(
                f"{address}/api/enter", json={"link": link}, headers={"Origin": address}
            ) as entered:
                assert entered.status == 200
            assert await bot.stop() == 0
            await bot.start()
            async with http.get(f"{address}/api/session") as session:
                assert (await session.json())["name"] == "ada"
            async with http.get(f"{address}/") as page:
                assert "main.js" in await page.text()
    finally:
        await bot.aclose()
