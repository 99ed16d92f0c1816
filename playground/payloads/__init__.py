"""The world's values as Discord's JSON. Only shapes: nothing is decided or changed here."""

from playground.payloads.interactions import interaction
from playground.payloads.messages import attachment, emoji, guild_fields, message
from playground.payloads.places import channel, guild, guild_create
from playground.payloads.users import application, member, role, user

__all__ = [
    "application",
    "attachment",
    "channel",
    "emoji",
    "guild",
    "guild_create",
    "guild_fields",
    "interaction",
    "member",
    "message",
    "role",
    "user",
]
