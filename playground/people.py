"""What a person can do: pick commands, press, choose, fill in dialogs, write, react. Checked as Discord's own
client checks it, then turned into interactions and messages.

Everything refused here is refused to the person (`Refused`), never sent to a bot.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from playground import payloads, rules
from playground.hub import Hub
from playground.lifecycle import AUTOCOMPLETE, COMMAND, COMPONENT, MODAL_SUBMIT, Lifecycle
from playground.posting import Posting
from playground.wire import Body, Upload
from playground.world import DM, LOADING, Application, Channel, Interaction, Message, User

SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN = 1, 2, 3, 4, 5
USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = 6, 7, 8, 9, 10, 11
CHAT, USER_MENU, MESSAGE_MENU = 1, 2, 3
LONGEST = 6000


class Refused(Exception):
    """The client would not let a person do this."""


Command = tuple[Application, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class People:
    """The deeds of people in one hub."""

    hub: Hub

    # Who and where

    def person(self, who: str) -> User:
        """A person by name or id."""
        world = self.hub.world
        found = world.users.get(int(who)) if who.isdigit() else world.user_named(who)
        if found is None or found.bot:
            raise Refused(f"There is no person called {who!r}.")
        return found

    def channel(self, person: User, where: str) -> Channel:
        """A channel by id, `name`, `Guild/name`, `dm` (with the bot) or `@someone`."""
        world = self.hub.world
        if where.isdigit() and int(where) in world.channels:
            found: Channel | None = world.channels[int(where)]
        elif where == "dm":
            bots = list(world.applications)
            if not bots:
                raise Refused("There is no bot to write to.")
            found = world.private_channel(person.id, bots[-1])
        elif where.startswith("@"):
            found = world.private_channel(person.id, self.person(where[1:]).id)
        else:
            home, _, name = where.rpartition("/")
            found = next(
                (c for c in self.channels(person) if self._is_called(c, home, name.lstrip("#"))), None
            )
        if found is None or person.id not in world.members(found):
            raise Refused(f"{person.name} sees no channel {where!r}.")
        return found

    def _is_called(self, channel: Channel, home: str, name: str) -> bool:
        guild = self.hub.world.guilds.get(channel.guild_id or 0)
        return channel.name == name and guild is not None and (not home or guild.name == home)

    def channels(self, person: User) -> Iterator[Channel]:
        """The channels a person sees."""
        return (c for c in self.hub.world.channels.values() if person.id in self.hub.world.members(c))

    def message(self, person: User, id: str) -> Message:
        """A message this person sees."""
        found = self.hub.world.find_message(int(id)) if id.isdigit() else None
        if found is None or not found.seen_by(person.id):
            raise Refused("This message is gone.")
        self.channel(person, str(found.channel_id))
        return found

    # Commands

    def commands(self, person: User, channel: Channel) -> Iterator[Command]:
        """The commands offered to a person in a channel."""
        for application in self.hub.world.applications.values():
            scopes = (0, channel.guild_id) if channel.guild_id else (0,)
            for scope in scopes:
                for command in application.commands.get(scope, []):
                    if self._offered(application, command, person, channel):
                        yield application, command

    def _offered(
        self, application: Application, command: dict[str, Any], person: User, channel: Channel
    ) -> bool:
        world = self.hub.world
        contexts, installs = command.get("contexts"), command.get("integration_types") or [0, 1]
        if contexts is not None and payloads.context(channel, application.id) not in contexts:
            return False
        owners = payloads.integration_owners(world, application.id, channel, person)
        if not any(str(install) in owners for install in installs):
            return False
        needs = int(command.get("default_member_permissions") or 0)
        held = payloads.permissions(world, channel, person.id)
        return channel.guild_id is None or held & needs == needs

    def _find_command(self, person: User, channel: Channel, name: str, kind: int) -> Command:
        head = name.split(" ")[0] if kind == CHAT else name
        for application, command in self.commands(person, channel):
            if (command["name"], command["type"]) == (head, kind):
                return application, command
        raise Refused(f"There is no command {name!r} here.")

    async def slash(
        self,
        person: User,
        channel: Channel,
        name: str,
        options: dict[str, Any],
        uploads: Sequence[Upload] = (),
    ) -> Interaction:
        """Use a slash command; `name` may go on with subcommands, an attachment is `{"file": n}`."""
        application, command = self._find_command(person, channel, name, CHAT)
        form = _Form(self, person, channel, list(uploads))
        data = await form.fill(command, name.split(" ")[1:], options)
        return self._start(COMMAND, application.id, person, channel, data, f"/{name}")

    async def autocomplete(
        self, person: User, channel: Channel, name: str, options: dict[str, Any], focused: str
    ) -> Interaction:
        """Ask for an option's suggestions while typing."""
        application, command = self._find_command(person, channel, name, CHAT)
        form = _Form(self, person, channel, [], focused)
        data = await form.fill(command, name.split(" ")[1:], options)
        return self._start(AUTOCOMPLETE, application.id, person, channel, data, f"/{name}")

    def message_command(self, person: User, message: Message, name: str) -> Interaction:
        """Use a command of a message's menu."""
        channel = self.hub.world.channels[message.channel_id]
        application, command = self._find_command(person, channel, name, MESSAGE_MENU)
        target = payloads.message(self.hub.world, message, self.hub.files.link)
        data = _head(command) | {
            "target_id": str(message.id),
            "resolved": {"messages": {str(message.id): target}},
        }
        return self._start(COMMAND, application.id, person, channel, data, name)

    def user_command(self, person: User, channel: Channel, target: User, name: str) -> Interaction:
        """Use a command of a user's menu."""
        application, command = self._find_command(person, channel, name, USER_MENU)
        data = _head(command) | {
            "target_id": str(target.id),
            "resolved": self.resolved_users(channel, [target.id]),
        }
        return self._start(COMMAND, application.id, person, channel, data, name)

    def _start(
        self,
        kind: int,
        application_id: int,
        person: User,
        channel: Channel,
        data: dict[str, Any],
        label: str,
        **more: Any,
    ) -> Interaction:
        return Lifecycle(self.hub).start(
            kind=kind,
            application_id=application_id,
            user_id=person.id,
            channel_id=channel.id,
            guild_id=channel.guild_id,
            data=data,
            label=label,
            **more,
        )

    def resolved_users(self, channel: Channel, ids: Sequence[int]) -> dict[str, Any]:
        """What an interaction tells of users it names."""
        world = self.hub.world
        resolved: dict[str, Any] = {"users": {str(id): payloads.user(world.users[id]) for id in ids}}
        if channel.guild_id is not None:
            home = world.guilds[channel.guild_id]
            resolved["members"] = {
                str(id): payloads.member(world, home, id, with_user=False)
                | {"permissions": str(payloads.permissions(world, channel, id))}
                for id in ids
                if id in home.members
            }
        return resolved

    # Components and dialogs

    def press(
        self,
        person: User,
        message: Message,
        custom_id: str,
        values: Sequence[str] | None = None,
        *,
        forged: bool = False,
    ) -> Interaction:
        """Press a button, or choose from a menu; `forged` sends what no button of the message says."""
        channel = self.hub.world.channels[message.channel_id]
        found = next((c for c in rules.walk(message.components) if c.get("custom_id") == custom_id), None)
        if message.application_id is None or (found is None and not forged):
            raise Refused("This message has no such button or menu.")
        found = found or {"type": rules.STRING_SELECT if values is not None else rules.BUTTON}
        if found.get("disabled"):
            raise Refused("This button is disabled.")
        data: dict[str, Any] = {
            "custom_id": custom_id,
            "component_type": found["type"],
            "id": found.get("id", 1),
        }
        if found["type"] in rules.SELECTS:
            if not forged:
                self._check_choice(found, values or [])
            data["values"] = list(values or [])
            if found["type"] != rules.STRING_SELECT:
                data["resolved"] = self._resolved_choice(found, channel, values or [])
        emoji = (found.get("emoji") or {}).get("name") or ""
        label = found.get("label") or emoji or found.get("placeholder") or custom_id
        return self._start(
            COMPONENT, message.application_id, person, channel, data, label, message_id=message.id
        )

    def _check_choice(self, select: dict[str, Any], values: Sequence[str]) -> None:
        low, high = select.get("min_values", 1), select.get("max_values", 1)
        if not low <= len(values) <= high:
            raise Refused(f"Choose {low} to {high}.")
        if select["type"] == rules.STRING_SELECT:
            offered = {option["value"] for option in select["options"]}
            if not set(values) <= offered:
                raise Refused(f"There is no option {(set(values) - offered).pop()!r}.")

    def _resolved_choice(
        self, select: dict[str, Any], channel: Channel, values: Sequence[str]
    ) -> dict[str, Any]:
        world, kind = self.hub.world, select["type"]
        ids = [int(value) for value in values if value.isdigit()]
        if kind == 8:
            return {"channels": {str(id): payloads.channel(world, world.channels[id]) for id in ids}}
        roles = world.guilds[channel.guild_id].roles if channel.guild_id else []
        resolved: dict[str, Any] = {}
        if kind in (6, 7):
            resolved["roles"] = {str(role.id): payloads.role(role) for role in roles if role.id in ids}
        if kind in (5, 7):
            resolved |= self.resolved_users(channel, [id for id in ids if id in world.users])
        return resolved

    async def submit(
        self, person: User, opener: Interaction, values: dict[str, Any], uploads: Sequence[Upload] = ()
    ) -> Interaction:
        """Send a dialog; `values` are by custom id, what is left out keeps its preset."""
        if opener.modal is None or opener.user_id != person.id:
            raise Refused("No dialog is open.")
        channel = self.hub.world.channels[opener.channel_id]
        filled = _Dialog(self, channel, values, list(uploads))
        data = {
            "custom_id": opener.modal["custom_id"],
            "components": [await filled.part(part) for part in opener.modal["components"]],
            "resolved": filled.resolved,
        }
        unknown = set(values) - filled.used
        if unknown:
            raise Refused(f"The dialog has no field {unknown.pop()!r}.")
        return self._start(
            MODAL_SUBMIT,
            opener.application_id,
            person,
            channel,
            data,
            opener.modal["title"],
            message_id=opener.message_id,
            parent_id=opener.id,
        )

    # Messages and reactions

    async def say(
        self,
        person: User,
        channel: Channel,
        content: str,
        uploads: Sequence[Upload] = (),
        reply_to: Message | None = None,
    ) -> Message:
        """Write a message."""
        return await Posting(self.hub).create(
            channel,
            person.id,
            Body({"content": content}, list(uploads)),
            kind=19 if reply_to else 0,
            reference=reply_to.id if reply_to else None,
        )

    async def rewrite(self, person: User, message: Message, content: str) -> Message:
        """Edit one's own message."""
        if message.author_id != person.id:
            raise Refused("Only its author edits a message.")
        return await Posting(self.hub).edit(message, Body({"content": content}, []))

    def delete(self, person: User, message: Message) -> None:
        """Delete one's own message, any message where one may, or dismiss an ephemeral one."""
        channel = self.hub.world.channels[message.channel_id]
        bits = payloads.permissions(self.hub.world, channel, person.id)
        mine = message.author_id == person.id or message.visible_to == person.id
        if not mine and not bits & payloads.MANAGE_MESSAGES:
            raise Refused("Only its author deletes a message.")
        Posting(self.hub).delete(message)

    def react(self, person: User, message: Message, emoji: str, *, away: bool = False) -> None:
        """Add a reaction or take it away."""
        if message.visible_to is not None or message.flags & LOADING:
            raise Refused("Nobody reacts to this message.")
        if away:
            self.hub.world.unreact(message, person.id, emoji)
        else:
            self.hub.world.react(message, person.id, emoji)

    def is_direct(self, channel: Channel) -> bool:
        """Whether a channel is a direct message."""
        return channel.kind == DM


def _head(command: dict[str, Any]) -> dict[str, Any]:
    head = {"id": command["id"], "name": command["name"], "type": command["type"]}
    return head | ({"guild_id": command["guild_id"]} if "guild_id" in command else {})


class _Form:
    """A slash command's options being filled in."""

    def __init__(
        self,
        people: People,
        person: User,
        channel: Channel,
        uploads: list[Upload],
        focused: str | None = None,
    ) -> None:
        self.people = people
        self.person = person
        self.channel = channel
        self.uploads = uploads
        self.focused = focused
        self.resolved: dict[str, Any] = {}

    async def fill(self, command: dict[str, Any], path: list[str], given: dict[str, Any]) -> dict[str, Any]:
        """The interaction's data."""
        data = _head(command) | {"options": await self._options(command, path, given)}
        return data | ({"resolved": self.resolved} if self.resolved else {})

    async def _options(
        self, level: dict[str, Any], path: list[str], given: dict[str, Any]
    ) -> list[dict[str, Any]]:
        declared = {option["name"]: option for option in level.get("options") or []}
        nested = [name for name, option in declared.items() if option["type"] in (SUBCOMMAND, GROUP)]
        if nested:
            if not path or path[0] not in nested:
                raise Refused(f"Say which: {', '.join(nested)}.")
            below = declared[path[0]]
            options = await self._options(below, path[1:], given)
            return [{"type": below["type"], "name": below["name"], "options": options}]
        if path:
            raise Refused(f"There is no subcommand {' '.join(path)!r}.")
        unknown = set(given) - set(declared)
        if unknown:
            raise Refused(f"There is no option {unknown.pop()!r}.")
        missing = [n for n, option in declared.items() if option.get("required") and n not in given]
        if missing and self.focused is None:
            raise Refused(f"This option is required: {missing[0]}.")
        return [
            await self._value(declared[name], value) for name, value in given.items() if value is not None
        ]

    async def _value(self, option: dict[str, Any], value: Any) -> dict[str, Any]:
        body = {"type": option["type"], "name": option["name"]}
        if option["name"] == self.focused:
            return body | {"value": value, "focused": True}
        if option.get("choices"):
            matching = [c["value"] for c in option["choices"] if value in (c["value"], c["name"])]
            if not matching:
                raise Refused(f"{value!r} is not a choice of {option['name']}.")
            return body | {"value": matching[0]}
        return body | {"value": await self._converted(option, value)}

    async def _converted(self, option: dict[str, Any], value: Any) -> Any:
        kind, name = option["type"], option["name"]
        if kind == STRING:
            return _text(name, str(value), option.get("min_length") or 0, option.get("max_length") or LONGEST)
        if kind in (INTEGER, NUMBER):
            return _number(option, value)
        if kind == BOOLEAN:
            if not isinstance(value, bool):
                raise Refused(f"{name} is yes or no.")
            return value
        if kind == ATTACHMENT:
            return await self._attachment(name, value)
        return self._reference(kind, str(value))

    async def _attachment(self, name: str, value: Any) -> str:
        upload = next(
            (u for u in self.uploads if isinstance(value, dict) and u.index == value.get("file")), None
        )
        if upload is None:
            raise Refused(f"{name} wants a file.")
        hub = self.people.hub
        kept = await Posting(hub).store(self.channel.id, upload, ephemeral=True)
        self.resolved.setdefault("attachments", {})[str(kept.id)] = payloads.attachment(kept, hub.files.link)
        return str(kept.id)

    def _reference(self, kind: int, value: str) -> str:
        world = self.people.hub.world
        if kind == CHANNEL:
            found = self.people.channel(self.person, value)
            bits = str(payloads.permissions(world, found, self.person.id))
            body = payloads.channel(world, found) | {"permissions": bits}
            self.resolved.setdefault("channels", {})[str(found.id)] = body
            return str(found.id)
        roles = world.guilds[self.channel.guild_id].roles if self.channel.guild_id else []
        role = next((role for role in roles if value in (role.name, str(role.id))), None)
        if kind in (ROLE, MENTIONABLE) and role is not None:
            self.resolved.setdefault("roles", {})[str(role.id)] = payloads.role(role)
            return str(role.id)
        user = world.users.get(int(value)) if value.isdigit() else world.user_named(value.lstrip("@"))
        if user is None:
            raise Refused(f"There is nobody called {value!r}.")
        for key, each in self.people.resolved_users(self.channel, [user.id]).items():
            self.resolved.setdefault(key, {}).update(each)
        return str(user.id)


class _Dialog:
    """A dialog being filled in."""

    def __init__(
        self, people: People, channel: Channel, values: dict[str, Any], uploads: list[Upload]
    ) -> None:
        self.people = people
        self.channel = channel
        self.values = values
        self.uploads = uploads
        self.used: set[str] = set()
        self.resolved: dict[str, Any] = {}

    async def part(self, part: dict[str, Any]) -> dict[str, Any]:
        """One row of the submission."""
        body = {"type": part["type"], "id": part.get("id", 0)}
        if part["type"] == rules.ACTION_ROW:
            return body | {"components": [await self._field(each, "") for each in part["components"]]}
        if part["type"] == rules.LABEL:
            return body | {"component": await self._field(part["component"], part["label"])}
        return body

    async def _field(self, field: dict[str, Any], label: str) -> dict[str, Any]:
        custom_id, kind = field["custom_id"], field["type"]
        name = field.get("label") or label or custom_id
        given = self.values.get(custom_id)
        if custom_id in self.values:
            self.used.add(custom_id)
        body = {"type": kind, "custom_id": custom_id, "id": field.get("id", 0)}
        required = field.get("required", True)
        if kind == rules.TEXT_INPUT:
            text = str(field.get("value") or "") if given is None else str(given)
            if required and not text:
                raise Refused(f"{name} is required.")
            if text:
                _text(name, text, field.get("min_length") or 0, field.get("max_length") or 4000)
            return body | {"value": text}
        if kind == rules.CHECKBOX:
            return body | {"value": bool(field.get("default") if given is None else given)}
        if kind == rules.FILE_UPLOAD:
            return body | {"values": await self._files(name, given or [], required)}
        chosen = _preset(field) if given is None else [given] if isinstance(given, str) else list(given)
        if required and not chosen:
            raise Refused(f"{name} is required.")
        self._check_choice(name, field, chosen)
        if kind == rules.RADIO:
            return body | {"value": chosen[0] if chosen else None}
        return body | {"values": chosen}

    def _check_choice(self, name: str, field: dict[str, Any], chosen: list[str]) -> None:
        low, high = field.get("min_values") or 0, field.get("max_values") or 1
        if field["type"] == rules.CHECKBOXES:
            high = field.get("max_values") or len(field["options"])
        if chosen and not low <= len(chosen) <= high:
            raise Refused(f"{name} wants {low} to {high} choices, not {len(chosen)}.")
        strange = set(chosen) - {option["value"] for option in field.get("options") or []}
        if strange and field["type"] in (rules.STRING_SELECT, rules.RADIO, rules.CHECKBOXES):
            raise Refused(f"{name} has no choice {strange.pop()!r}.")

    async def _files(self, name: str, given: list[dict[str, int]], required: bool) -> list[str]:
        if required and not given:
            raise Refused(f"{name} is required.")
        ids = []
        for each in given:
            upload = next((u for u in self.uploads if u.index == each.get("file")), None)
            if upload is None:
                raise Refused(f"{name} wants a file.")
            kept = await Posting(self.people.hub).store(self.channel.id, upload, ephemeral=True)
            link = payloads.attachment(kept, self.people.hub.files.link)
            self.resolved.setdefault("attachments", {})[str(kept.id)] = link
            ids.append(str(kept.id))
        return ids


def _preset(field: dict[str, Any]) -> list[str]:
    return [option["value"] for option in field.get("options") or [] if option.get("default")]


def _text(name: str, text: str, low: int, high: int) -> str:
    if not low <= len(text) <= high:
        raise Refused(f"{name} wants {low} to {high} characters, not {len(text)}.")
    return text


def _number(option: dict[str, Any], value: Any) -> int | float:
    try:
        number = int(value) if option["type"] == INTEGER else float(value)
    except (TypeError, ValueError):
        raise Refused(f"{option['name']} wants a number.") from None
    low, high = option.get("min_value"), option.get("max_value")
    if (low is not None and number < low) or (high is not None and number > high):
        raise Refused(f"{option['name']} wants {low} to {high}.")
    return number
