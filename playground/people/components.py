"""Buttons pressed and choices made in menus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from playground import payloads, rules
from playground.errors import Refused
from playground.hub import Hub
from playground.messaging.lifecycle import COMPONENT
from playground.people.starting import resolved_users, start
from playground.rules.components import (
    BUTTON,
    CHANNEL_SELECT,
    MENTIONABLE_SELECT,
    ROLE_SELECT,
    SELECTS,
    STRING_SELECT,
    USER_SELECT,
)
from playground.world import Channel, Interaction, Message, User


def press(
    hub: Hub,
    person: User,
    message: Message,
    custom_id: str,
    values: Sequence[str] | None = None,
    *,
    forged: bool = False,
) -> Interaction:
    """Press a button, or choose from a menu; `forged` sends what no button of the message says."""
    channel = hub.world.channels[message.channel_id]
    found = next((c for c in rules.walk(message.components) if c.get("custom_id") == custom_id), None)
    if message.application_id is None or (found is None and not forged):
        raise Refused("This message has no such button or menu.")
    found = found or {"type": STRING_SELECT if values is not None else BUTTON}
    if found.get("disabled"):
        raise Refused("This button is disabled.")
    data: dict[str, Any] = {
        "custom_id": custom_id,
        "component_type": found["type"],
        "id": found.get("id", 1),
    }
    if found["type"] in SELECTS:
        if not forged:
            _check_choice(found, values or [])
        data["values"] = list(values or [])
        if found["type"] != STRING_SELECT:
            data["resolved"] = _resolved_choice(hub, found, channel, values or [])
    emoji = (found.get("emoji") or {}).get("name") or ""
    label = found.get("label") or emoji or found.get("placeholder") or custom_id
    return start(hub, COMPONENT, message.application_id, person, channel, data, label, message_id=message.id)


def _check_choice(select: dict[str, Any], values: Sequence[str]) -> None:
    low, high = select.get("min_values", 1), select.get("max_values", 1)
    if not low <= len(values) <= high:
        raise Refused(f"Choose {low} to {high}.")
    if select["type"] == STRING_SELECT:
        offered = {option["value"] for option in select["options"]}
        if not set(values) <= offered:
            raise Refused(f"There is no option {(set(values) - offered).pop()!r}.")


def _resolved_choice(
    hub: Hub, select: dict[str, Any], channel: Channel, values: Sequence[str]
) -> dict[str, Any]:
    world, kind = hub.world, select["type"]
    ids = [int(value) for value in values if value.isdigit()]
    if kind == CHANNEL_SELECT:
        return {"channels": {str(id): payloads.channel(world, world.channels[id]) for id in ids}}
    roles = world.guilds[channel.guild_id].roles if channel.guild_id else []
    resolved: dict[str, Any] = {}
    if kind in (ROLE_SELECT, MENTIONABLE_SELECT):
        resolved["roles"] = {str(role.id): payloads.role(role) for role in roles if role.id in ids}
    if kind in (USER_SELECT, MENTIONABLE_SELECT):
        resolved |= resolved_users(hub, channel, [id for id in ids if id in world.users])
    return resolved
