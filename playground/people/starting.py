"""What every interaction of a person begins with: the command's head, the users it names, the start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from playground import payloads
from playground.hub import Hub
from playground.messaging.lifecycle import Lifecycle
from playground.world import Channel, Interaction, User
from playground.world.permissions import permissions


def start(
    hub: Hub,
    kind: int,
    application_id: int,
    person: User,
    channel: Channel,
    data: dict[str, Any],
    label: str,
    **more: Any,
) -> Interaction:
    """Send a new interaction to its bot; `more` are further fields of `Interaction`."""
    return Lifecycle(hub).start(
        kind=kind,
        application_id=application_id,
        user_id=person.id,
        channel_id=channel.id,
        guild_id=channel.guild_id,
        data=data,
        label=label,
        **more,
    )


def resolved_users(hub: Hub, channel: Channel, ids: Sequence[int]) -> dict[str, Any]:
    """What an interaction tells of users it names."""
    world = hub.world
    resolved: dict[str, Any] = {"users": {str(id): payloads.user(world.users[id]) for id in ids}}
    if channel.guild_id is not None:
        home = world.guilds[channel.guild_id]
        resolved["members"] = {
            str(id): payloads.member(world, home, id, with_user=False)
            | {"permissions": str(permissions(world, channel, id))}
            for id in ids
            if id in home.members
        }
    return resolved


def command_head(command: dict[str, Any]) -> dict[str, Any]:
    """What an interaction tells of its command."""
    head = {"id": command["id"], "name": command["name"], "type": command["type"]}
    return head | ({"guild_id": command["guild_id"]} if "guild_id" in command else {})
