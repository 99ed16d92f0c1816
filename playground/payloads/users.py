"""People, members, roles and applications as Discord's JSON."""

from __future__ import annotations

from typing import Any

from playground.world import Application, Guild, Role, User, World


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
