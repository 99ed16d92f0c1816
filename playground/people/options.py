"""A slash command's options being filled in: checked by their kinds and limits, files kept, names found."""

from __future__ import annotations

from typing import Any

from playground import payloads
from playground.errors import Refused
from playground.hub import Hub
from playground.messaging.posting import Posting
from playground.people import lookup
from playground.people.starting import command_head, resolved_users
from playground.requests.body import Upload
from playground.world import Channel, User
from playground.world.permissions import permissions

SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN = 1, 2, 3, 4, 5
USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = 6, 7, 8, 9, 10, 11
LONGEST = 6000
"""Characters of an option that says no limit of its own."""


class Options:
    """A slash command's options being filled in."""

    def __init__(
        self,
        hub: Hub,
        person: User,
        channel: Channel,
        uploads: list[Upload],
        focused: str | None = None,
    ) -> None:
        self.hub = hub
        self.person = person
        self.channel = channel
        self.uploads = uploads
        self.focused = focused
        self.resolved: dict[str, Any] = {}

    async def fill(self, command: dict[str, Any], path: list[str], given: dict[str, Any]) -> dict[str, Any]:
        """The interaction's data."""
        data = command_head(command) | {"options": await self._options(command, path, given)}
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
            low, high = option.get("min_length") or 0, option.get("max_length") or LONGEST
            return text_within(name, str(value), low, high)
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
        kept = await Posting(self.hub).store(self.channel.id, upload, ephemeral=True)
        link = payloads.attachment(kept, self.hub.files.link)
        self.resolved.setdefault("attachments", {})[str(kept.id)] = link
        return str(kept.id)

    def _reference(self, kind: int, value: str) -> str:
        world = self.hub.world
        if kind == CHANNEL:
            found = lookup.find_channel(self.hub, self.person, value)
            bits = str(permissions(world, found, self.person.id))
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
        for key, each in resolved_users(self.hub, self.channel, [user.id]).items():
            self.resolved.setdefault(key, {}).update(each)
        return str(user.id)


def text_within(name: str, text: str, low: int, high: int) -> str:
    """The text, where it is `low` to `high` characters long; else Refused."""
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
