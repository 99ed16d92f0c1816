"""Guilds and channels as Discord's JSON."""

from __future__ import annotations

from typing import Any

from playground.payloads.users import member, role, user
from playground.world import DM, TEXT, Channel, Guild, World


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
