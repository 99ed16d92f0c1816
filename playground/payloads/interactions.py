"""Interactions as the event that a bot is sent."""

from __future__ import annotations

from typing import Any

from playground.payloads.messages import Sign, message
from playground.payloads.places import channel
from playground.payloads.users import member, user
from playground.world import Interaction, World
from playground.world.permissions import EVERYONE, context, integration_owners, permissions


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
