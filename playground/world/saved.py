"""Keeps a world in a file: one JSON document, written anew and renamed into place."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from playground.world.values import Application, Attachment, Channel, Guild, Message, Role, User
from playground.world.world import World

FORMAT = 1  # of the saved file; another number is not read


def save(world: World, key: str, path: Path) -> None:
    """Write the world, and the key that its file links are signed with."""
    document = {
        "format": FORMAT,
        "key": key,
        "users": [asdict(each) for each in world.users.values()],
        "guilds": [asdict(each) for each in world.guilds.values()],
        "channels": [asdict(each) for each in world.channels.values()],
        "messages": [asdict(m) for channel in world.messages.values() for m in channel.values()],
        "applications": [asdict(each) for each in world.applications.values()],
    }
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    fresh = path.with_name(path.name + ".new")
    with fresh.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def load(world: World, path: Path) -> str:
    """Fill an empty world; gives the key of the file links."""
    document = json.loads(path.read_text("utf-8"))
    if document.get("format") != FORMAT:
        raise ValueError(f"{path} is not a playground's state of format {FORMAT}")
    for each in document["users"]:
        world.users[each["id"]] = User(**each)
    for each in document["guilds"]:
        world.guilds[each["id"]] = _guild(each)
    for each in document["channels"]:
        world.channels[each["id"]] = Channel(**each)
        world.messages[each["id"]] = {}
    for each in document["messages"]:
        message = _message(each)
        world.messages[message.channel_id][message.id] = message
    for each in document["applications"]:
        commands = {int(scope): listed for scope, listed in each.pop("commands").items()}
        world.applications[each["id"]] = Application(**each, commands=commands)
    people = (id for id in world.users if id not in world.applications)
    world.ids.start_after(max((*people, *world.channels, *_message_ids(world)), default=0))
    return str(document["key"])


def _message_ids(world: World) -> list[int]:
    return [id for channel in world.messages.values() for id in channel]


def _guild(body: dict[str, Any]) -> Guild:
    roles = [Role(**each) for each in body.pop("roles")]
    members = {int(id): held for id, held in body.pop("members").items()}
    return Guild(**body, roles=roles, members=members)


def _message(body: dict[str, Any]) -> Message:
    files = [Attachment(**each) for each in body.pop("attachments")]
    return Message(**body, attachments=files)
