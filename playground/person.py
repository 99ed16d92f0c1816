"""Plays people against a running playground over its HTTP API, from this process or another.

    async with Remote(url) as discord:
        ada = discord.person("ada")
        used = await ada.slash("general", "imagine", prompt="a red house")
        grid = await ada.wait_for(lambda message: "U1" in message.buttons)
        await ada.click(grid, "U2")

Nothing here polls or sleeps: every wait is woken by the server's stream of events.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, cast
from urllib.parse import quote

import aiohttp

T = TypeVar("T")
PATIENCE = 30.0
File = bytes | tuple[str, bytes] | Path
"""A file to attach: its bytes, (name, bytes), or a path."""


class Refused(Exception):
    """The client would not let a person do this; the message says why."""


class NothingHappened(AssertionError):
    """What was waited for did not come in time."""


@dataclass(frozen=True, slots=True)
class Button:
    """A button of a message."""

    label: str
    custom_id: str | None
    emoji: str
    disabled: bool
    style: int
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a message."""

    id: int
    filename: str
    size: int
    url: str
    width: int | None
    height: int | None
    content_type: str


class Message:
    """A message as it was when it was looked at; `raw` is its JSON."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self.raw = raw
        self.id = int(raw["id"])
        self.channel_id = int(raw["channel_id"])
        self.author = str(raw["author"]["username"])
        self.content = str(raw["content"])
        self.embeds: list[dict[str, Any]] = raw["embeds"]
        self.ephemeral = bool(raw["ephemeral"])
        self.loading = bool(raw["loading"])
        self.visible_to = raw["visible_to"] and int(raw["visible_to"])
        self.interaction_id = raw["from_interaction"] and int(raw["from_interaction"])
        self.reply_to = int(raw.get("message_reference", {}).get("message_id", 0)) or None

    def __repr__(self) -> str:
        marks = "".join(f" {mark}" for mark in ("ephemeral", "loading") if getattr(self, mark))
        return f"<Message {self.id}{marks} by {self.author}: {self.content!r} {list(self.buttons)}>"

    @cached_property
    def attachments(self) -> list[Attachment]:
        """Its files."""
        return [
            Attachment(
                int(each["id"]),
                each["filename"],
                each["size"],
                each["url"],
                each.get("width"),
                each.get("height"),
                each["content_type"],
            )
            for each in self.raw["attachments"]
        ]

    @cached_property
    def components(self) -> list[dict[str, Any]]:
        """Every component, nested ones too, in reading order."""
        return list(_walk(self.raw["components"]))

    @cached_property
    def buttons(self) -> dict[str, Button]:
        """Its buttons by label, or by emoji where there is no label."""
        found: dict[str, Button] = {}
        for each in self.components:
            if each["type"] == 2:
                emoji = (each.get("emoji") or {}).get("name") or ""
                button = Button(
                    each.get("label") or "",
                    each.get("custom_id"),
                    emoji,
                    bool(each.get("disabled")),
                    each["style"],
                    each.get("url"),
                )
                found[button.label or emoji] = button
        return found

    @property
    def rows(self) -> list[list[str]]:
        """The labels (or emojis) of its buttons, row by row."""
        rows = [each["components"] for each in self.raw["components"] if each["type"] == 1]
        return [
            [
                each.get("label") or (each.get("emoji") or {}).get("name", "")
                for each in row
                if each["type"] == 2
            ]
            for row in rows
        ]

    @property
    def selects(self) -> list[dict[str, Any]]:
        """Its select menus, as sent."""
        return [each for each in self.components if each["type"] in (3, 5, 6, 7, 8)]

    @property
    def reactions(self) -> dict[str, int]:
        """How many reacted, by emoji."""
        return {each["emoji"]["name"]: each["count"] for each in self.raw.get("reactions", [])}

    @property
    def text(self) -> str:
        """All words of the message: content, embeds, text components."""
        parts = [self.content]
        for embed in self.embeds:
            parts += [embed.get("title") or "", embed.get("description") or ""]
            parts += [f"{field['name']} {field['value']}" for field in embed.get("fields") or []]
            parts.append((embed.get("footer") or {}).get("text") or "")
        parts += [each["content"] for each in self.components if each["type"] == 10]
        return "\n".join(part for part in parts if part)


def _walk(components: Any) -> Iterator[dict[str, Any]]:
    for component in components if isinstance(components, list) else [components]:
        yield component
        for key in ("components", "accessory", "component"):
            if key in component:
                yield from _walk(component[key])


class Interaction:
    """One use of a command, component or dialog; its fields follow what happens."""

    def __init__(self, remote: Remote, id: int) -> None:
        self._remote = remote
        self.id = id

    @property
    def raw(self) -> dict[str, Any]:
        """The newest JSON."""
        return self._remote.interactions[self.id]

    @property
    def status(self) -> str:
        """`pending`, `answered` or `failed` (the application did not respond)."""
        return str(self.raw["status"])

    @property
    def failed(self) -> bool:
        """Whether the application did not respond in time."""
        return self.status == "failed"

    @property
    def acked_after(self) -> float | None:
        """Seconds from the press to the accepted answer, by the server's clock."""
        return cast("float | None", self.raw["acked_after"])

    @property
    def answer_kind(self) -> int | None:
        """Discord's number of the answer: 4 message, 5 and 6 deferred, 7 update, 8 choices, 9 dialog."""
        return cast("int | None", self.raw["answer_kind"])

    @property
    def modal(self) -> dict[str, Any] | None:
        """The dialog it opened."""
        return cast("dict[str, Any] | None", self.raw["modal"])

    @property
    def choices(self) -> list[dict[str, Any]] | None:
        """The suggestions it got."""
        return cast("list[dict[str, Any]] | None", self.raw["choices"])

    async def settled(self, within: float = PATIENCE) -> Self:
        """Wait until it is answered or has failed."""
        await self._remote.wait_until(
            lambda: self.status != "pending" or None, within, f"an answer to {self.id}"
        )
        return self

    async def message(self, within: float = PATIENCE) -> Message:
        """Wait for its answer's message, and for that to be filled in where it was deferred."""

        def ready() -> Message | None:
            if self.failed:
                raise NothingHappened("The application did not respond.")
            found = self._remote.messages.get(int(self.raw["original_id"] or 0))
            return found if found and not found.loading else None

        return await self._remote.wait_until(ready, within, f"the message of interaction {self.id}")

    @property
    def messages(self) -> list[Message]:
        """Every message made with it so far, follow-ups too."""
        return [m for m in self._remote.messages.values() if m.interaction_id == self.id]


class Remote:
    """A running playground, seen as a whole: its people, its journal, its misfortunes."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.state: dict[str, Any] = {}
        self.messages: dict[int, Message] = {}
        """Every message by id, ephemeral ones too, kept up to date."""
        self.interactions: dict[int, dict[str, Any]] = {}
        self.last_request = 0
        self._changed = asyncio.Condition()
        self._stack = contextlib.AsyncExitStack()
        self._broken: BaseException | None = None

    async def __aenter__(self) -> Self:
        self._http = await self._stack.enter_async_context(
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(None)
            )
        )
        greeted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        reader = asyncio.create_task(self._listen(greeted))
        self._stack.push_async_callback(self._end, reader)
        try:
            await greeted
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def _end(self, reader: asyncio.Task[None]) -> None:
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)

    async def _listen(self, greeted: asyncio.Future[None]) -> None:
        try:
            async with self._http.get(f"{self.url}/playground/events", read_bufsize=1 << 22) as stream:
                async for line in stream.content:
                    if line.startswith(b"data: "):
                        await self._hear(json.loads(line[6:]))
                        if not greeted.done():
                            greeted.set_result(None)
            raise ConnectionError("The playground has ended the stream.")
        except Exception as error:
            if not greeted.done():
                greeted.set_exception(error)
            async with self._changed:
                self._broken = error
                self._changed.notify_all()

    async def _hear(self, event: dict[str, Any]) -> None:
        kind = event["type"]
        if kind == "hello":
            await self._load()
        elif kind == "message":
            message = Message(event["message"])
            self.messages[message.id] = message
        elif kind == "message_delete":
            self.messages.pop(int(event["id"]), None)
        elif kind == "interaction":
            self.interactions[int(event["interaction"]["id"])] = event["interaction"]
        elif kind == "request":
            self.last_request = event["request"]["number"]
        elif kind == "state":
            self.state = await self.get("state")
        async with self._changed:
            self._changed.notify_all()

    async def _load(self) -> None:
        self.state = await self.get("state")
        self.messages = {int(raw["id"]): Message(raw) for raw in await self.get("messages")}
        self.interactions = {int(raw["id"]): raw for raw in await self.get("interactions")}

    async def wait_until(
        self, check: Callable[[], T | None], within: float = PATIENCE, what: str = "it"
    ) -> T:
        """Give the first result of `check` that is not None; it is asked again after each event."""
        async with self._changed:
            try:
                async with asyncio.timeout(within):
                    while (result := check()) is None:
                        if self._broken is not None:
                            raise self._broken
                        await self._changed.wait()
                    return result
            except TimeoutError:
                raise NothingHappened(f"Waited {within:g} s for {what}.") from None

    # The HTTP API

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        files: list[tuple[str, bytes]] | None = None,
        **query: Any,
    ) -> Any:
        """One request to `/playground/<path>`; a refusal is raised as `Refused`."""
        data: Any = None
        if files:
            data = aiohttp.FormData(quote_fields=False)
            data.add_field("payload_json", json.dumps(body), content_type="application/json")
            for number, (name, contents) in enumerate(files):
                data.add_field(f"files[{number}]", contents, filename=name)
        url = f"{self.url}/playground/{path}"
        chosen = {key: str(value) for key, value in query.items() if value is not None}
        json_body = None if files else body
        async with self._http.request(method, url, json=json_body, data=data, params=chosen) as response:
            answer = (
                await response.json() if response.content_length != 0 and response.status != 204 else None
            )
            if response.status >= 400:
                raise Refused(answer["error"] if isinstance(answer, dict) else str(response.status))
            return answer

    async def get(self, path: str, **query: Any) -> Any:
        """Read something."""
        return await self.call("GET", path, **query)

    async def download(self, attachment: Attachment | str) -> bytes:
        """The bytes behind an attachment or a link of the CDN."""
        url = attachment if isinstance(attachment, str) else attachment.url
        async with self._http.get(url) as response:
            if response.status != 200:
                raise Refused(f"{response.status}: {await response.text()}")
            return await response.read()

    # People and bots

    def person(self, name: str) -> Person:
        """Someone who is there: `ada` and `lin` always are."""
        return Person(self, name)

    async def add_person(self, name: str) -> Person:
        """Someone new, a member of every guild."""
        await self.call("POST", "people", {"name": name})
        return Person(self, name)

    async def bot_ready(self, within: float = PATIENCE, commands: int = 1) -> None:
        """Wait until a bot is connected that has registered at least so many commands."""

        def ready() -> bool | None:
            apps = self.state.get("applications", [])
            return any(app["online"] and app["commands"] >= commands for app in apps) or None

        await self.wait_until(ready, within, "a bot with commands")

    async def bot_returned(self, *, identified: int = 0, resumed: int = 0, within: float = PATIENCE) -> None:
        """Wait until bots have identified and resumed at least so often since the server started."""

        def returned() -> bool | None:
            counts = self.state["gateway"]
            return (counts["identified"] >= identified and counts["resumed"] >= resumed) or None

        await self.wait_until(returned, within, "the bot to come back")

    async def bot_gone(self, within: float = PATIENCE) -> None:
        """Wait until no bot is connected."""
        await self.wait_until(
            lambda: not any(app["online"] for app in self.state["applications"]) or None,
            within,
            "the bot to go",
        )

    # The journal, and misfortune

    async def requests(self, since: int = 0) -> list[dict[str, Any]]:
        """The bot's requests after number `since`, finished ones only."""
        found: list[dict[str, Any]] = await self.get("requests", since=since)
        return found

    async def wait_for_request(
        self, matches: Callable[[dict[str, Any]], bool], *, since: int = 0, within: float = PATIENCE
    ) -> dict[str, Any]:
        """The first finished request after number `since` for which `matches` holds."""
        while True:
            newest = self.last_request
            for request in await self.requests(since):
                if matches(request):
                    return request
            await self.wait_until(partial(self._passed, newest), within, "a request")

    def _passed(self, number: int) -> bool | None:
        return self.last_request > number or None

    async def refusals(self) -> list[dict[str, Any]]:
        """The requests that were answered with 400: a bot that is in order has none."""
        return [request for request in await self.requests() if request["status"] == 400]

    async def violations(self) -> list[str] | None:
        """What Discord's API description finds wrong with the requests; None where it is not here."""
        told = await self.get("violations")
        return list(told["violations"]) if told["checked"] else None

    async def inject(self, route: str, status: int = 500, **fields: Any) -> None:
        """Let a fault befall the next requests matching `METHOD /path`; the fields are those of `Fault`."""
        await self.call("POST", "faults", {"route": route, "status": status} | fields)

    async def clear_faults(self) -> None:
        """Let nothing more happen."""
        await self.call("DELETE", "faults")

    async def gateway(self) -> dict[str, int]:
        """Counts: sessions, connected, identified, resumed."""
        counts: dict[str, int] = await self.get("gateway")
        return counts

    async def trouble(self, action: str) -> int:
        """`drop` the gateway connections, `silence` them, ask to `reconnect`, `invalidate` the sessions."""
        return int((await self.call("POST", f"gateway/{action}"))["connections"])

    async def expire_tokens(self) -> int:
        """End the life of every interaction token now."""
        return int((await self.call("POST", "tokens/expire"))["tokens"])

    async def change(self, **settings: float | bool) -> None:
        """Change the server's settings."""
        await self.call("PATCH", "settings", settings)

    async def deny(self, channel: str, *permissions: str) -> None:
        """Take permissions from bots in a channel: any of `view send attach embed react history`, or none."""
        id = next(c["id"] for c in self.state["channels"] if channel in (c["id"], c["name"]))
        await self.call("PATCH", f"channels/{id}", {"denied": list(permissions)})


class Person:
    """Someone who types and clicks.

    Channels are named `general`, `Elsewhere/lounge`, `dm` (with the bot), `@lin`, or by id.
    """

    def __init__(self, remote: Remote, name: str) -> None:
        self.remote = remote
        self.name = name

    @property
    def id(self) -> int:
        """Their user id."""
        return next(int(user["id"]) for user in self.remote.state["users"] if user["name"] == self.name)

    @property
    def mention(self) -> str:
        """How a message names them."""
        return f"<@{self.id}>"

    # Commands, components, dialogs

    async def slash(
        self, channel: str | int, command: str, /, *, wait: bool = True, **options: Any
    ) -> Interaction:
        """Use a slash command, or a subcommand (`"prefer suffix"`); bytes, (name, bytes) and paths are files.

        With `wait`, comes back when the bot has answered or failed to.
        """
        files: list[tuple[str, bytes]] = []
        plain = {name: await _attach(value, files) for name, value in options.items()}
        body = {"kind": "command", "channel": str(channel), "command": command, "options": plain}
        return await self._interact(body, files, wait=wait)

    async def autocomplete(
        self, channel: str | int, command: str, option: str, text: str, **options: Any
    ) -> list[dict[str, Any]]:
        """The suggestions for an option while typing."""
        body = {
            "kind": "autocomplete",
            "channel": str(channel),
            "command": command,
            "focused": option,
            "options": options | {option: text},
        }
        return (await self._interact(body)).choices or []

    async def message_command(self, message: Message, name: str, *, wait: bool = True) -> Interaction:
        """Use a command of a message's menu."""
        body = {"kind": "message_command", "message": str(message.id), "command": name}
        return await self._interact(body, wait=wait)

    async def click(
        self, message: Message, button: str, *, wait: bool = True, forged: bool = False
    ) -> Interaction:
        """Press a button by label, emoji or custom id; `forged` sends an id the message does not have."""
        found = message.buttons.get(button)
        custom_id = found.custom_id if found else button
        if found and custom_id is None:
            raise Refused(f"{button} is a link.")
        body = {"kind": "component", "message": str(message.id), "custom_id": custom_id, "forged": forged}
        return await self._interact(body, wait=wait)

    async def select(
        self, message: Message, *values: str, menu: str | None = None, wait: bool = True
    ) -> Interaction:
        """Choose from a menu by values or labels; of several, `menu` is the custom id or placeholder."""
        named = [s for s in message.selects if menu in (None, s["custom_id"], s.get("placeholder"))]
        if not named:
            raise Refused("The message has no such menu.")
        by_label = {option["label"]: option["value"] for option in named[0].get("options") or []}
        body = {
            "kind": "component",
            "message": str(message.id),
            "custom_id": named[0]["custom_id"],
            "values": [by_label.get(value, value) for value in values],
        }
        return await self._interact(body, wait=wait)

    async def submit_modal(
        self, interaction: Interaction, values: dict[str, Any] | None = None, *, wait: bool = True
    ) -> Interaction:
        """Send the dialog an interaction opened; fields by custom id or label, others keep their preset."""
        if interaction.modal is None:
            raise Refused("No dialog is open.")
        names: dict[str, str] = {}
        for part in _walk(interaction.modal["components"]):
            if "custom_id" in part:
                names[part.get("label") or ""] = names[part["custom_id"]] = part["custom_id"]
            elif part["type"] == 18:
                names[part["label"]] = part["component"]["custom_id"]
        files: list[tuple[str, bytes]] = []
        plain = {names.get(key, key): await _attach(value, files) for key, value in (values or {}).items()}
        body = {"kind": "modal", "interaction": str(interaction.id), "values": plain}
        return await self._interact(body, files, wait=wait)

    async def _interact(
        self, body: dict[str, Any], files: list[tuple[str, bytes]] | None = None, *, wait: bool = True
    ) -> Interaction:
        raw = await self.remote.call("POST", "interactions", body | {"person": self.name}, files)
        self.remote.interactions.setdefault(int(raw["id"]), raw)
        interaction = Interaction(self.remote, int(raw["id"]))
        return await interaction.settled() if wait else interaction

    # Messages

    async def say(
        self, channel: str | int, content: str = "", *files: File, reply_to: Message | None = None
    ) -> Message:
        """Write a message."""
        attached: list[tuple[str, bytes]] = []
        for file in files:
            await _attach(file, attached)
        body = {"person": self.name, "channel": str(channel), "content": content}
        if reply_to:
            body["reply_to"] = str(reply_to.id)
        return Message(await self.remote.call("POST", "messages", body, attached))

    async def delete(self, message: Message) -> None:
        """Delete a message, or dismiss an ephemeral one."""
        await self.remote.call("DELETE", f"messages/{message.id}", person=self.name)

    async def react(self, message: Message, emoji: str) -> None:
        """Add a reaction."""
        await self.remote.call("PUT", f"messages/{message.id}/reactions/{quote(emoji)}", person=self.name)

    async def unreact(self, message: Message, emoji: str) -> None:
        """Take one's reaction away."""
        await self.remote.call("DELETE", f"messages/{message.id}/reactions/{quote(emoji)}", person=self.name)

    async def messages(self, channel: str | int) -> list[Message]:
        """The channel's newest 500 messages this person sees, oldest first."""
        found = await self.remote.get("messages", person=self.name, channel=str(channel), limit=500)
        return [Message(raw) for raw in found]

    async def commands(self, channel: str | int) -> list[dict[str, Any]]:
        """The commands offered to them in a channel."""
        found: list[dict[str, Any]] = await self.remote.get(
            "commands", person=self.name, channel=str(channel)
        )
        return found

    async def wait_for(
        self, matches: Callable[[Message], object], within: float = PATIENCE, *, after: Message | None = None
    ) -> Message:
        """The newest message they see for which `matches` holds, now or as soon as there is one.

        With `after`, only messages newer than that one count.
        """

        def look() -> Message | None:
            for message in reversed(self.remote.messages.values()):
                seen = message.visible_to in (None, self.id) and (after is None or message.id > after.id)
                if seen and matches(message):
                    return message
            return None

        return await self.remote.wait_until(look, within, "a message")

    async def wait_gone(self, message: Message, within: float = PATIENCE) -> None:
        """Wait until a message is deleted."""
        await self.remote.wait_until(
            lambda: message.id not in self.remote.messages or None, within, "a message to be deleted"
        )

    async def wait_changed(
        self, message: Message, matches: Callable[[Message], object], within: float = PATIENCE
    ) -> Message:
        """Wait until `matches` holds for this very message."""

        def look() -> Message | None:
            found = self.remote.messages.get(message.id)
            return found if found and matches(found) else None

        return await self.remote.wait_until(look, within, f"message {message.id} to change")


async def _attach(value: Any, files: list[tuple[str, bytes]]) -> Any:
    """Put a file among those to send and give its place; other values stay as they are."""
    if isinstance(value, list):
        return [await _attach(each, files) for each in value]
    if isinstance(value, Path):
        value = (value.name, await asyncio.to_thread(value.read_bytes))
    elif isinstance(value, bytes):
        value = ("file.png", value)
    if not isinstance(value, tuple):
        return value
    files.append(value)
    return {"file": len(files) - 1}
