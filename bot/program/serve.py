"""The running bot: settings in, one process that stays until it is told to stop.

Puts database, engine and client together and takes them apart again in the opposite order. Knows nothing of
what they do in between.
"""

from __future__ import annotations

import asyncio
import ctypes
import logging
import signal
import sqlite3
import sys
from contextlib import AsyncExitStack

import aiohttp
import discord
from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL

from bot.config import BadSetting, Settings, unread
from bot.memory.database import Database, InUse, Unfit
from bot.program.metrics_page import served
from bot.program.studio import studio_of
from bot.program.wiring import engine_of, registry_of, signing_of
from bot.surface.client import EaselClient

__all__ = ["give_back_memory", "serve"]

log = logging.getLogger(__name__)

LONGEST_WAIT = 60.0  # seconds between two tries to reach Discord
M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8  # mallopt(3)
LARGE = 128 * 1024  # bytes of a buffer whose memory goes back at once


async def serve(settings: Settings) -> None:
    """Run the bot until SIGTERM or SIGINT. Raises BadSetting."""
    token = settings.discord_token.get_secret_value()
    if not token:
        raise BadSetting(
            "DISCORD_TOKEN: not set; make a bot on discord.com/developers and put its token into .env"
        )
    registry = registry_of(settings)
    for problem in (*unread(), *registry.problems):
        log.warning("%s", problem)
    signing = signing_of(settings)
    give_back_memory()
    _point_at(settings)
    stop = asyncio.Event()
    _on_signal(stop)
    async with AsyncExitStack() as life:
        database = await _open(settings, life)
        async with (
            engine_of(settings, registry) as engine,
            EaselClient(settings, registry, engine, database, signing=signing) as client,
            served(client, settings.easel_metrics),
            studio_of(client, database),
        ):
            await _until(stop, client, token)
            log.info("stopping; unfinished jobs stay queued")


async def _open(settings: Settings, life: AsyncExitStack) -> Database:
    """The database, open for as long as ``life``. Raises BadSetting where its folder cannot be used."""
    try:
        return await life.enter_async_context(Database.opened(settings.easel_data / "easel.db"))
    except (InUse, Unfit) as error:
        raise BadSetting(f"EASEL_DATA: {error}") from None
    except FileExistsError:
        raise BadSetting(f"EASEL_DATA: {settings.easel_data} is in the way: it is no folder") from None
    except (OSError, sqlite3.Error) as error:
        why = (isinstance(error, OSError) and error.strerror) or error
        raise BadSetting(f"EASEL_DATA: {settings.easel_data} cannot be used: {why}") from None


def _on_signal(stop: asyncio.Event) -> None:
    """Set ``stop`` on SIGTERM and SIGINT, also where a loop cannot listen to them (Windows)."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))


async def _until(stop: asyncio.Event, client: EaselClient, token: str) -> None:
    running = asyncio.create_task(_connect(client, token), name="discord")
    stopped = asyncio.create_task(stop.wait(), name="stop")
    try:
        await asyncio.wait({running, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
        await client.close()
    finally:
        running.cancel()
        stopped.cancel()
        await asyncio.gather(running, stopped, return_exceptions=True)


async def _connect(client: EaselClient, token: str) -> None:
    """Log in and stay connected; while Discord cannot be reached, try again."""
    wait = 1.0
    while not client.is_closed():
        try:
            if client.application_id is None:
                await client.login(token)
            await client.connect()
            return
        except discord.LoginFailure:
            raise BadSetting("DISCORD_TOKEN: Discord does not know this token") from None
        except (discord.GatewayNotFound, discord.HTTPException, aiohttp.ClientError, OSError) as error:
            log.warning("Discord cannot be reached (%s); again in %.0f s", error, wait)
        await asyncio.sleep(wait)
        wait = min(LONGEST_WAIT, wait * 2)


def give_back_memory() -> None:
    """Have the memory of pictures go back to the system as soon as they are no longer needed.

    glibc does that with large buffers only, and takes a buffer for large when no larger one was ever freed:
    after the first big picture all others are cut from the heap of the thread that is at work, and leave
    holes there that stay. A size that is set stays as it is; and one heap does for all threads, which
    otherwise have one each that keeps what it ever needed. Other libraries have no such settings.
    """
    if sys.platform == "win32":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, LARGE)
        mallopt(M_ARENA_MAX, 1)


def _point_at(settings: Settings) -> None:
    """Where discord.py finds Discord. It has no setting for this; these two attributes are where it looks."""
    Route.BASE = settings.discord_api_url
    if settings.discord_gateway_url is not None:
        DiscordWebSocket.DEFAULT_GATEWAY = URL(settings.discord_gateway_url)
