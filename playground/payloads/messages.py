"""Messages, their files and reactions as Discord's JSON."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from playground.payloads.users import member, user
from playground.world import Attachment, Message, World

Sign = Callable[[Attachment], str]
"""Gives an attachment's link, signed now."""


def stamp(seconds: float | None) -> str | None:
    """ISO 8601 as Discord writes it, from seconds since 1970."""
    return (
        None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")
    )


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
