"""The studio of a bot in a virtual Discord, over real HTTP."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.program.studio import studio_of
from tests.bot.conftest import database, engine, env, world  # noqa: F401 — the fixtures are used here as well
from tests.bot.world import World, settings_in
from tests.studio.visiting import Visitor


@pytest.fixture
def settings(tmp_path, request, unused_tcp_port):
    changes = {"easel_studio": f"127.0.0.1:{unused_tcp_port}", **getattr(request, "param", {})}
    return settings_in(tmp_path / "data", **changes)


@pytest_asyncio.fixture
async def studio(world: World) -> AsyncIterator[str]:  # noqa: F811
    """Its address."""
    async with studio_of(world.bot, world.database):
        yield f"http://{world.settings.easel_studio}"


@pytest_asyncio.fixture
async def alice(world: World, studio: str) -> AsyncIterator[Visitor]:  # noqa: F811
    async with Visitor(world, studio) as visitor:
        await visitor.sign_in(world.alice)
        yield visitor


@pytest_asyncio.fixture
async def bob(world: World, studio: str) -> AsyncIterator[Visitor]:  # noqa: F811
    async with Visitor(world, studio) as visitor:
        await visitor.sign_in(world.bob)
        yield visitor


@pytest_asyncio.fixture
async def stranger(world: World, studio: str) -> AsyncIterator[Visitor]:  # noqa: F811
    """Somebody who is not signed in."""
    async with Visitor(world, studio) as visitor:
        yield visitor
