"""EASEL_PROXY: whatever is asked of Discord goes through it."""

import aiohttp
import pytest
from aiohttp import web
from discord.http import Route

from bot.memory.database import Database
from bot.program.discord_check import checked
from bot.surface.client import EaselClient
from engine import Registry
from playground import Playground
from tests.bot.sketch import SketchEngine
from tests.bot.world import settings_in

PASSED = ("Authorization", "Content-Type")
TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.abcdef.abcdefghijklmnopqrstuvwxyz"


@pytest.fixture
async def passed(unused_tcp_port):
    """A proxy on that port; the paths that went through it."""
    paths: list[str] = []

    async def forward(request: web.BaseRequest) -> web.Response:
        paths.append(request.url.path)
        async with (
            aiohttp.ClientSession() as session,
            session.request(
                request.method,
                request.url,
                data=await request.read(),
                headers={name: request.headers[name] for name in PASSED if name in request.headers},
            ) as answer,
        ):
            return web.Response(
                status=answer.status,
                body=await answer.read(),
                headers={"Content-Type": answer.headers["Content-Type"]},
            )

    server = web.ServerRunner(web.Server(forward))
    await server.setup()
    await web.TCPSite(server, "127.0.0.1", unused_tcp_port).start()
    yield paths
    await server.cleanup()


async def test_the_bot_and_its_doctor_reach_discord_through_it(
    passed, tmp_path, unused_tcp_port, monkeypatch
):
    async with Playground(token=TOKEN) as discord, Database.opened(tmp_path / "easel.db") as database:
        settings = settings_in(
            tmp_path,
            discord_token=TOKEN,
            discord_api_url=discord.api_url,
            easel_proxy=f"http://127.0.0.1:{unused_tcp_port}",
        )
        await checked(settings)
        assert passed.pop().endswith("/users/@me")
        monkeypatch.setattr(Route, "BASE", discord.api_url)
        client = EaselClient(settings, Registry.load(), SketchEngine(), database)
        await client.login(TOKEN)
        await client.close()
    assert any(path.endswith("/users/@me") for path in passed)
    assert any(path.endswith("/commands") for path in passed)
