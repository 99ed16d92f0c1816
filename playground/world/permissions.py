"""What someone may do in a channel, and who installed an application there."""

from __future__ import annotations

from playground.world.values import Channel, User
from playground.world.world import World

ALL_PERMISSIONS = (1 << 53) - 1
ADMINISTRATOR = 1 << 3
ADD_REACTIONS = 1 << 6
VIEW_CHANNEL = 1 << 10
SEND_MESSAGES = 1 << 11
MANAGE_MESSAGES = 1 << 13
EMBED_LINKS = 1 << 14
ATTACH_FILES = 1 << 15
READ_HISTORY = 1 << 16
USE_COMMANDS = 1 << 31
EVERYONE = (
    ADD_REACTIONS | VIEW_CHANNEL | SEND_MESSAGES | EMBED_LINKS | ATTACH_FILES | READ_HISTORY | USE_COMMANDS
)


def permissions(world: World, channel: Channel, user_id: int) -> int:
    """What a user may do in a channel, as permission bits."""
    denied = channel.bot_denied if world.users[user_id].bot else 0
    if channel.guild_id is None:
        return (EVERYONE if user_id in channel.recipients else 0) & ~denied
    guild = world.guilds[channel.guild_id]
    if user_id not in guild.members:
        return 0
    if user_id == guild.owner_id:
        return ALL_PERMISSIONS
    held = {guild.id, *guild.members[user_id]}
    bits = 0
    for each in guild.roles:
        bits |= each.permissions if each.id in held else 0
    return (ALL_PERMISSIONS if bits & ADMINISTRATOR else bits) & ~denied


def context(where: Channel, application_id: int) -> int:
    """0 in a guild, 1 in the bot's own direct messages, 2 between people."""
    if where.guild_id is not None:
        return 0
    return 1 if application_id in where.recipients else 2


def integration_owners(world: World, application_id: int, where: Channel, person: User) -> dict[str, str]:
    """Who installed the application here: `0` the guild, `1` the person."""
    owners: dict[str, str] = {}
    if where.guild_id is not None and application_id in world.guilds[where.guild_id].members:
        owners["0"] = str(where.guild_id)
    elif where.guild_id is None and application_id in where.recipients:
        owners["0"] = "0"
    if world.applications[application_id].user_installed:
        owners["1"] = str(person.id)
    return owners
