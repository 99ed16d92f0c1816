"""The real `easel bot` process beside a Discord of its own, over real HTTP and WebSocket."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bench.bot import TOKEN, Bot, running
from playground import Person, Playground, Remote

PATIENCE = 120.0
"""Seconds for a render to come: a bound against hanging, not a measurement."""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def playground() -> AsyncIterator[Playground]:
    async with Playground(token=TOKEN) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def discord(playground: Playground) -> AsyncIterator[Remote]:
    async with Remote(playground.url) as remote:
        yield remote


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def bot(
    playground: Playground, discord: Remote, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Bot]:
    async with running(playground, discord, tmp_path_factory.mktemp("easel")) as bot:
        yield bot


@pytest.fixture(scope="module")
def ada(discord: Remote) -> Person:
    return discord.person("ada")


@pytest.fixture(scope="module")
def lin(discord: Remote) -> Person:
    return discord.person("lin")
