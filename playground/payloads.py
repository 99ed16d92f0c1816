"""The world's values as Discord's JSON. Only shapes: nothing is decided, looked up or changed here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from playground.world import (
    DM,
    TEXT,
    Application,
    Attachment,
    Channel,
    Guild,
    Interaction,
    Message,
    Role,
    User,
    World,
)

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

Sign = Callable[[Attachment], str]
"""Gives an attachment's link, signed now."""


def stamp(seconds: float | None) -> str | None:
    """ISO 8601 as Discord writes it, from seconds since 1970."""
    return (
        None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")
    )


def user(value: User) -> dict[str, Any]:
    """A user object."""
    return {
        "id": str(value.id),
        "username": value.name,
        "global_name": None if value.bot else value.display,
        "discriminator": "0001" if value.bot else "0",
        "avatar": None,
        "bot": value.bot,
        "public_flags": 0,
    }


def member(world: World, guild: Guild, user_id: int, *, with_user: bool = True) -> dict[str, Any]:
    """A guild member object."""
    body: dict[str, Any] = {
        "roles": [str(role) for role in guild.members.get(user_id, [])],
        "joined_at": "2024-01-01T00:00:00+00:00",
        "nick": None,
        "avatar": None,
        "premium_since": None,
        "deaf": False,
        "mute": False,
        "pending": False,
        "flags": 0,
        "communication_disabled_until": None,
    }
    if with_user:
        body["user"] = user(world.users[user_id])
    return body


def role(value: Role) -> dict[str, Any]:
    """A role object."""
    return {
        "id": str(value.id),
        "name": value.name,
        "permissions": str(value.permissions),
        "position": value.position,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "icon": None,
        "unicode_emoji": None,
        "managed": False,
        "mentionable": False,
        "flags": 0,
    }


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


def channel(world: World, value: Channel, *, seen_by: int | None = None) -> dict[str, Any]:
    """A channel object; a direct message lists its recipients other than `seen_by`."""
    messages = world.messages[value.id]
    last = next(reversed(messages), None)
    body: dict[str, Any] = {
        "id": str(value.id),
        "type": value.kind,
        "last_message_id": None if last is None else str(last),
        "flags": 0,
    }
    if value.kind == TEXT:
        guild_id = value.guild_id
        overwrites = []
        if value.bot_denied and guild_id is not None:
            bots = (id for id in world.guilds[guild_id].members if world.users[id].bot)
            overwrites = [
                {"id": str(id), "type": 1, "allow": "0", "deny": str(value.bot_denied)} for id in bots
            ]
        body |= {
            "guild_id": str(guild_id),
            "name": value.name,
            "topic": value.topic or None,
            "position": value.position,
            "parent_id": None,
            "nsfw": False,
            "rate_limit_per_user": 0,
            "permission_overwrites": overwrites,
        }
    else:
        body["recipients"] = [user(world.users[id]) for id in value.recipients if id != seen_by]
        if value.kind != DM:
            body |= {"name": value.name or None, "owner_id": str(value.recipients[0]), "icon": None}
    return body


def guild(world: World, value: Guild) -> dict[str, Any]:
    """A guild object, as `GET /guilds/{id}` gives it."""
    return {
        "id": str(value.id),
        "name": value.name,
        "icon": None,
        "splash": None,
        "discovery_splash": None,
        "banner": None,
        "description": None,
        "owner_id": str(value.owner_id),
        "afk_channel_id": None,
        "afk_timeout": 300,
        "verification_level": 0,
        "default_message_notifications": 1,
        "explicit_content_filter": 0,
        "roles": [role(each) for each in value.roles],
        "emojis": [],
        "stickers": [],
        "features": [],
        "mfa_level": 0,
        "nsfw_level": 0,
        "application_id": None,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "rules_channel_id": None,
        "public_updates_channel_id": None,
        "safety_alerts_channel_id": None,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "premium_progress_bar_enabled": False,
        "preferred_locale": "en-US",
        "vanity_url_code": None,
        "max_members": 500_000,
        "max_video_channel_users": 25,
    }


def guild_create(world: World, value: Guild, viewer: int) -> dict[str, Any]:
    """The GUILD_CREATE event, for one bot."""
    channels = [c for c in world.channels.values() if c.guild_id == value.id]
    return guild(world, value) | {
        "joined_at": "2024-01-01T00:00:00+00:00",
        "large": False,
        "unavailable": False,
        "member_count": len(value.members),
        "members": [member(world, value, viewer)],
        "channels": [channel(world, each) for each in channels],
        "threads": [],
        "voice_states": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def application(value: Application, owner: User) -> dict[str, Any]:
    """The application object of `GET /applications/@me`."""
    return {
        "id": str(value.id),
        "name": value.name,
        "description": "",
        "icon": None,
        "summary": "",
        "type": None,
        "bot_public": False,
        "bot_require_code_grant": False,
        "owner": user(owner),
        "team": None,
        "verify_key": "0" * 64,
        "flags": 0,
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "approximate_guild_count": 1,
        "approximate_user_install_count": 1,
        "integration_types_config": {"0": {}, "1": {}},
        "bot": user(User(value.id, value.name, value.name, bot=True)),
    }


def attachment(value: Attachment, sign: Sign) -> dict[str, Any]:
    """An attachment object with a link that works from now on."""
    url = sign(value)
    body: dict[str, Any] = {
        "id": str(value.id),
        "filename": value.filename,
        "size": value.size,
        "url": url,
        "proxy_url": url,
        "content_type": value.content_type,
        "content_scan_version": 0,
    }
    if value.width:
        body |= {"width": value.width, "height": value.height, "placeholder_version": 1}
    if value.description is not None:
        body["description"] = value.description
    if value.ephemeral:
        body["ephemeral"] = True
    return body


def emoji(key: str) -> dict[str, Any]:
    """A reaction's emoji: the character itself, or `name:id` for a custom one."""
    name, _, custom = unquote(key).partition(":")
    return {"id": custom or None, "name": name, "animated": False} if custom else {"id": None, "name": name}


def _resolve_media(node: Any, links: dict[str, dict[str, Any]]) -> Any:
    """Replace `attachment://name` links by the files' own, wherever they stand."""
    if isinstance(node, list):
        return [_resolve_media(each, links) for each in node]
    if not isinstance(node, dict):
        return node
    url = node.get("url")
    if isinstance(url, str) and url.startswith("attachment://"):
        found = links.get(url.removeprefix("attachment://"), {})
        known = ("url", "proxy_url", "width", "height", "content_type")
        return node | {key: found[key] for key in known if key in found}
    return {key: _resolve_media(value, links) for key, value in node.items()}


def message(
    world: World, value: Message, sign: Sign, *, viewer: int | None = None, with_reference: bool = True
) -> dict[str, Any]:
    """A message object; `viewer` decides which reactions are "me"."""
    shown = [(each, attachment(each, sign)) for each in value.attachments]
    files = {each.filename: body for each, body in shown}
    body: dict[str, Any] = {
        "id": str(value.id),
        "type": value.kind,
        "channel_id": str(value.channel_id),
        "author": user(world.users[value.author_id]),
        "content": value.content,
        "timestamp": stamp(value.created),
        "edited_timestamp": stamp(value.edited),
        "tts": False,
        "pinned": False,
        "flags": value.flags,
        "mention_everyone": value.mention_everyone,
        "mentions": [user(world.users[id]) for id in value.mentions if id in world.users],
        "mention_roles": [],
        "attachments": [file for each, file in shown if not each.in_embed],
        "embeds": [{"type": "rich"} | each for each in _resolve_media(value.embeds, files)],
        "components": _resolve_media(value.components, files),
    }
    if value.reactions:
        body["reactions"] = [
            {
                "emoji": emoji(key),
                "count": len(users),
                "count_details": {"burst": 0, "normal": len(users)},
                "me": viewer in users,
                "me_burst": False,
                "burst_colors": [],
            }
            for key, users in value.reactions.items()
        ]
    if value.webhook_id:
        body["webhook_id"] = str(value.webhook_id)
    if value.application_id:
        body["application_id"] = str(value.application_id)
    if value.interaction:
        body["interaction_metadata"] = value.interaction
        if value.interaction["type"] == 2 and "name" in value.interaction:
            body["interaction"] = {key: value.interaction[key] for key in ("id", "type", "name", "user")}
    if value.reference:
        body["message_reference"] = {
            "type": 0,
            "channel_id": str(value.channel_id),
            "message_id": str(value.reference),
        }
        if with_reference:
            source = world.message(value.channel_id, value.reference)
            body["referenced_message"] = source and message(world, source, sign, with_reference=False)
    return body


def guild_fields(world: World, value: Message) -> dict[str, Any]:
    """What a message event carries beside the message: the guild, and the author as its member."""
    guild_id = world.channels[value.channel_id].guild_id
    if guild_id is None:
        return {}
    author = member(world, world.guilds[guild_id], value.author_id, with_user=False)
    return {"guild_id": str(guild_id), "member": author}


def interaction(world: World, value: Interaction, sign: Sign, file_bytes: int) -> dict[str, Any]:
    """The INTERACTION_CREATE event."""
    where = world.channels[value.channel_id]
    person = world.users[value.user_id]
    owners = integration_owners(world, value.application_id, where, person)
    app_bits = permissions(world, where, value.application_id) or EVERYONE
    body: dict[str, Any] = {
        "id": str(value.id),
        "application_id": str(value.application_id),
        "type": value.kind,
        "token": value.token,
        "version": 1,
        "data": value.data,
        "channel_id": str(where.id),
        "channel": channel(world, where, seen_by=value.application_id),
        "app_permissions": str(app_bits),
        "locale": "en-US",
        "entitlements": [],
        "authorizing_integration_owners": owners,
        "context": context(where, value.application_id),
        "attachment_size_limit": file_bytes,
    }
    bits = str(permissions(world, where, person.id))
    if where.guild_id is None:
        body["user"] = user(person)
    else:
        home = world.guilds[where.guild_id]
        body |= {
            "guild_id": str(home.id),
            "guild": {"id": str(home.id), "locale": "en-US", "features": []},
            "guild_locale": "en-US",
            "member": member(world, home, person.id) | {"permissions": bits},
        }
        body["channel"]["permissions"] = bits
    if value.message_id is not None:
        source = world.message(value.channel_id, value.message_id)
        if source:
            body["message"] = message(world, source, sign)
    return body


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
