"""Someone who types and clicks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from playground.client.bots import Bots
from playground.client.http import PATIENCE
from playground.client.interactions import Interaction
from playground.client.messages import Message
from playground.errors import Refused
from playground.rules import walk
from playground.rules.components import LABEL

File = bytes | tuple[str, bytes] | Path
"""A file to attach: its bytes, (name, bytes), or a path."""


class Person:
    """Someone who types and clicks.

    Channels are named `general`, `Elsewhere/lounge`, `dm` (with the bot), `@lin`, or by id.
    """

    def __init__(self, remote: Bots, name: str) -> None:
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
        for part in walk(interaction.modal["components"]):
            if "custom_id" in part:
                names[part.get("label") or ""] = names[part["custom_id"]] = part["custom_id"]
            elif part["type"] == LABEL:
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
