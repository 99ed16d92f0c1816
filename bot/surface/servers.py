"""Which channels of a server somebody may read, as Discord says. Knows nothing of what depends on it."""

from __future__ import annotations

import logging

import aiohttp
import discord

from bot.surface.hub import HubClient

__all__ = ["readable"]

log = logging.getLogger(__name__)


async def readable(client: HubClient, user_id: int, guild_id: int) -> frozenset[int]:
    """The ids of the channels and open threads that a member may read.

    None where they are no member, the bot is not in that server itself, or Discord does not answer. Private
    threads are left out.
    """
    guild = client.get_guild(guild_id)
    if guild is None:
        return frozenset()
    try:
        member = await guild.fetch_member(user_id)
    except discord.NotFound:
        return frozenset()
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        log.warning("Discord does not say who is in a server: %s", error)
        return frozenset()
    channels = {each.id for each in guild.channels if _reads(each, member)}
    threads = {each.id for each in guild.threads if each.parent_id in channels and not each.is_private()}
    return frozenset(channels | threads)


def _reads(channel: discord.abc.GuildChannel, member: discord.Member) -> bool:
    allowed = channel.permissions_for(member)
    return allowed.view_channel and allowed.read_message_history
