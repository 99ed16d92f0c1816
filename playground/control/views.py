"""What people are shown: messages, interactions and places as JSON for the page and the Python client."""

from __future__ import annotations

from typing import Any

from playground import payloads
from playground.hub import Hub
from playground.people import lookup
from playground.world import EPHEMERAL, LOADING, TEXT, Channel, Interaction, Message, User


def message(hub: Hub, value: Message, viewer: int | None = None) -> dict[str, Any]:
    """A message with what only people see: who sees it, and the picture of a bot that thinks."""
    body = payloads.message(hub.world, value, hub.files.link, viewer=viewer)
    return body | {
        "visible_to": value.visible_to and str(value.visible_to),
        "ephemeral": bool(value.flags & EPHEMERAL),
        "loading": bool(value.flags & LOADING),
        "from_interaction": value.interaction_id and str(value.interaction_id),
    }


def interaction(value: Interaction) -> dict[str, Any]:
    """How an interaction is going."""
    return {
        "id": str(value.id),
        "kind": value.kind,
        "label": value.label,
        "application_id": str(value.application_id),
        "user_id": str(value.user_id),
        "channel_id": str(value.channel_id),
        "message_id": value.message_id and str(value.message_id),
        "custom_id": value.data.get("custom_id"),
        "status": value.status,
        "acked_after": value.acked_after,
        "answer_kind": value.answer_kind,
        "original_id": value.original_id and str(value.original_id),
        "modal": value.modal,
        "choices": value.choices,
    }


def channel(hub: Hub, value: Channel, viewer: User | None = None) -> dict[str, Any]:
    """A place to write."""
    world = hub.world
    others = [world.users[id] for id in value.recipients if viewer is None or id != viewer.id]
    return {
        "id": str(value.id),
        "kind": "text" if value.kind == TEXT else "direct",
        "name": value.name or ", ".join(user.display for user in others),
        "topic": value.topic,
        "guild_id": value.guild_id and str(value.guild_id),
        "recipients": [str(id) for id in value.recipients],
        "last_message_id": str(next(reversed(world.messages[value.id]), "")) or None,
    }


def person(value: User) -> dict[str, Any]:
    """Someone."""
    return {"id": str(value.id), "name": value.name, "display": value.display, "bot": value.bot}


def state(hub: Hub, viewer: User | None) -> dict[str, Any]:
    """Everything but the messages, as one person sees it, or as it is."""
    world = hub.world
    seen = list(lookup.seen_channels(hub, viewer)) if viewer else list(world.channels.values())
    guild_ids = dict.fromkeys(c.guild_id for c in seen if c.guild_id is not None)
    return {
        "me": viewer and person(viewer),
        "users": [person(user) for user in world.users.values()],
        "guilds": [
            {
                "id": str(id),
                "name": world.guilds[id].name,
                "members": [str(member) for member in world.guilds[id].members],
                "owner_id": str(world.guilds[id].owner_id),
            }
            for id in guild_ids
        ],
        "channels": [channel(hub, each, viewer) for each in seen],
        "applications": [
            {
                "id": str(app.id),
                "name": app.name,
                "online": hub.gateway.sessions.online(app.id),
                "commands": sum(map(len, app.commands.values())),
            }
            for app in world.applications.values()
        ],
        "gateway": {"identified": hub.gateway.identified, "resumed": hub.gateway.resumed},
        "suggestions": list(hub.suggestions),
        "file_bytes": hub.settings.file_bytes,
        "ack_seconds": hub.settings.ack_seconds,
    }
