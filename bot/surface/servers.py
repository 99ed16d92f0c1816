"""Whether somebody is in a server at this moment, as Discord says. Knows nothing of what depends on it."""

from __future__ import annotations

import logging

import aiohttp
import discord

from bot.surface.hub import HubClient

__all__ = ["is_member"]

log = logging.getLogger(__name__)


async def is_member(client: HubClient, user_id: int, guild_id: int) -> bool:
    """Ask Discord; no where the bot is not in that server itself, or gets no answer."""
    guild = client.get_guild(guild_id)
    if guild is None:
        return False
    try:
        await guild.fetch_member(user_id)
    except discord.NotFound:
        return False
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        log.warning("Discord does not say who is in a server: %s", error)
        return False
    return True
