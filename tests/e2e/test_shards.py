"""Where Discord recommends more than one shard, the bot opens as many, and answers on each."""

import contextlib
from pathlib import Path

from bench.bot import TOKEN, Bot
from playground import Playground, Remote, Settings


async def test_the_bot_opens_as_many_shards_as_discord_recommends(tmp_path: Path) -> None:
    async with (
        Playground(token=TOKEN, settings=Settings(shards=2)) as server,
        Remote(server.url) as discord,
        contextlib.aclosing(Bot(server, tmp_path, DISCORD_GATEWAY_URL="")) as bot,
    ):
        await bot.start()
        await discord.bot_returned(identified=2)
        assert (await discord.gateway())["connected"] == 2
        ada = discord.person("ada")
        for channel in ("general", "dm"):
            assert not (await ada.slash(channel, "info")).failed
