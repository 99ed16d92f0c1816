"""What somebody may do in a server at this moment, as Discord says: what they read, where they may ask.

Knows nothing of what depends on it.
"""

from __future__ import annotations

import logging

import aiohttp
import discord

from bot.jobs.channels import Channel
from bot.surface.hub import HubClient

__all__ = ["asking", "readable", "roles"]

log = logging.getLogger(__name__)


async def readable(client: HubClient, user_id: int, guild_id: int) -> frozenset[int]:
    """The ids of the channels and open threads that a member may read.

    None where they are no member, the bot is not in that server itself, or Discord does not answer. Private
    threads are left out.
    """
    member = await _member(client, user_id, guild_id)
    if member is None:
        return frozenset()
    guild = member.guild
    channels = {each.id for each in guild.channels if _reads(each, member)}
    threads = {each.id for each in guild.threads if each.parent_id in channels and not each.is_private()}
    return frozenset(channels | threads)


async def asking(client: HubClient, user_id: int, guild_id: int, channel_id: int) -> Channel | None:
    """The channel as somebody may ask for jobs in it; None where they may not use commands or write there."""
    member = await _member(client, user_id, guild_id)
    channel = None if member is None else member.guild.get_channel_or_thread(channel_id)
    if member is None or channel is None:
        return None
    allowed = channel.permissions_for(member)
    thread = isinstance(channel, discord.Thread)
    writes = allowed.send_messages_in_threads if thread else allowed.send_messages
    if not (allowed.view_channel and allowed.use_application_commands and writes):
        return None
    return Channel(
        id=channel.id,
        guild_id=guild_id,
        name=channel.name,
        server=member.guild.name,
        roles=_ids(member),
        parent_id=channel.parent_id if isinstance(channel, discord.Thread) else None,
    )


async def roles(client: HubClient, user_id: int, guild_id: int) -> tuple[int, ...]:
    """The ids of the roles that somebody has in a server; none where they are no member."""
    member = await _member(client, user_id, guild_id)
    return () if member is None else _ids(member)


async def _member(client: HubClient, user_id: int, guild_id: int) -> discord.Member | None:
    """Ask Discord; None where they are no member, the bot is not there itself, or gets no answer."""
    guild = client.get_guild(guild_id)
    if guild is None:
        return None
    try:
        return await guild.fetch_member(user_id)
    except discord.NotFound:
        return None
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        log.warning("Discord does not say who is in a server: %s", error)
        return None


def _ids(member: discord.Member) -> tuple[int, ...]:
    return tuple(role.id for role in member.roles)


def _reads(channel: discord.abc.GuildChannel, member: discord.Member) -> bool:
    allowed = channel.permissions_for(member)
    return allowed.view_channel and allowed.read_message_history
