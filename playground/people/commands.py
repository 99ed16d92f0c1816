"""Commands: which are offered to a person in a channel, and their use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from playground import payloads
from playground.errors import Refused
from playground.hub import Hub
from playground.messaging.lifecycle import AUTOCOMPLETE, COMMAND
from playground.people.options import Options
from playground.people.starting import command_head, resolved_users, start
from playground.requests.body import Upload
from playground.world import Application, Channel, Interaction, Message, User
from playground.world.permissions import context, integration_owners, permissions

CHAT, USER_MENU, MESSAGE_MENU = 1, 2, 3
Command = tuple[Application, dict[str, Any]]


def offered(hub: Hub, person: User, channel: Channel) -> Iterator[Command]:
    """The commands offered to a person in a channel."""
    for application in hub.world.applications.values():
        scopes = (0, channel.guild_id) if channel.guild_id else (0,)
        for scope in scopes:
            for command in application.commands.get(scope, []):
                if _is_offered(hub, application, command, person, channel):
                    yield application, command


def _is_offered(
    hub: Hub, application: Application, command: dict[str, Any], person: User, channel: Channel
) -> bool:
    world = hub.world
    contexts, installs = command.get("contexts"), command.get("integration_types") or [0, 1]
    if contexts is not None and context(channel, application.id) not in contexts:
        return False
    owners = integration_owners(world, application.id, channel, person)
    if not any(str(install) in owners for install in installs):
        return False
    needs = int(command.get("default_member_permissions") or 0)
    held = permissions(world, channel, person.id)
    return channel.guild_id is None or held & needs == needs


def _find_command(hub: Hub, person: User, channel: Channel, name: str, kind: int) -> Command:
    head = name.split(" ")[0] if kind == CHAT else name
    for application, command in offered(hub, person, channel):
        if (command["name"], command["type"]) == (head, kind):
            return application, command
    raise Refused(f"There is no command {name!r} here.")


async def slash(
    hub: Hub,
    person: User,
    channel: Channel,
    name: str,
    options: dict[str, Any],
    uploads: Sequence[Upload] = (),
) -> Interaction:
    """Use a slash command; `name` may go on with subcommands, an attachment is `{"file": n}`."""
    application, command = _find_command(hub, person, channel, name, CHAT)
    form = Options(hub, person, channel, list(uploads))
    data = await form.fill(command, name.split(" ")[1:], options)
    return start(hub, COMMAND, application.id, person, channel, data, f"/{name}")


async def autocomplete(
    hub: Hub, person: User, channel: Channel, name: str, options: dict[str, Any], focused: str
) -> Interaction:
    """Ask for an option's suggestions while typing."""
    application, command = _find_command(hub, person, channel, name, CHAT)
    form = Options(hub, person, channel, [], focused)
    data = await form.fill(command, name.split(" ")[1:], options)
    return start(hub, AUTOCOMPLETE, application.id, person, channel, data, f"/{name}")


def message_command(hub: Hub, person: User, message: Message, name: str) -> Interaction:
    """Use a command of a message's menu."""
    channel = hub.world.channels[message.channel_id]
    application, command = _find_command(hub, person, channel, name, MESSAGE_MENU)
    target = payloads.message(hub.world, message, hub.files.link)
    data = command_head(command) | {
        "target_id": str(message.id),
        "resolved": {"messages": {str(message.id): target}},
    }
    return start(hub, COMMAND, application.id, person, channel, data, name)


def user_command(hub: Hub, person: User, channel: Channel, target: User, name: str) -> Interaction:
    """Use a command of a user's menu."""
    application, command = _find_command(hub, person, channel, name, USER_MENU)
    data = command_head(command) | {
        "target_id": str(target.id),
        "resolved": resolved_users(hub, channel, [target.id]),
    }
    return start(hub, COMMAND, application.id, person, channel, data, name)
