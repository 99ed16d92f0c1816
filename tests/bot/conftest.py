"""A bot in a virtual Discord, ready to be spoken to."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import discord
import pytest
import simcord

from bot.config import Settings
from bot.errors import Refusal
from bot.memory.database import Database
from bot.surface.client import EaselClient
from engine import EngineError, Registry
from grammar import PromptError
from tests.bot.sketch import SketchEngine
from tests.bot.world import World, settings_in

TOLD = (
    Refusal,
    PromptError,
    EngineError,
    sqlite3.OperationalError,
    discord.app_commands.CheckFailure,
)
"""What a user is told of; the virtual Discord counts it as an error nevertheless."""


def _cause(error: BaseException) -> BaseException:
    return error.original if isinstance(error, discord.app_commands.CommandInvokeError) else error


@pytest.fixture
def engine() -> SketchEngine:
    return SketchEngine()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database.opened(tmp_path / "data" / "easel.db") as opened:
        yield opened


@pytest.fixture
def settings(tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    return settings_in(tmp_path / "data", **getattr(request, "param", {}))


@pytest.fixture
async def env(settings: Settings, engine: SketchEngine, database: Database) -> AsyncIterator[simcord.Env]:
    env = simcord.Env(EaselClient(settings, Registry.load(), engine, database), shard_count=1)
    engine.env = env
    await env.start()
    yield env
    bot = env.bot
    await env.shutdown()
    await bot.hub.links.close()
    unexpected = [error for error in env.errors if not isinstance(_cause(error), TOLD)]
    assert unexpected == []


@pytest.fixture
def world(env: simcord.Env, engine: SketchEngine, settings: Settings, database: Database) -> World:
    return World(env, engine, settings, database)


@pytest.fixture
async def operator(world):
    """Alice runs this bot; in this server its operators' commands are shown to Bob, too."""
    world.settings = settings_in(world.settings.easel_data, easel_admins=str(world.alice.id))
    await world.restart()
    [easel] = [command for command in await world.bot.tree.fetch_commands() if command.name == "easel"]
    world.guild.set_command_permissions(easel, {world.alice: True, world.bob: True})
    return world.alice
