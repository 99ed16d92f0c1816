"""A message as the server's JSON tells it, with names for what tests look at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from playground.rules import walk
from playground.rules.components import ACTION_ROW, BUTTON, SELECTS, TEXT_DISPLAY


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
        return list(walk(self.raw["components"]))

    @cached_property
    def buttons(self) -> dict[str, Button]:
        """Its buttons by label, or by emoji where there is no label."""
        found: dict[str, Button] = {}
        for each in self.components:
            if each["type"] == BUTTON:
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
        rows = [each["components"] for each in self.raw["components"] if each["type"] == ACTION_ROW]
        return [
            [
                each.get("label") or (each.get("emoji") or {}).get("name", "")
                for each in row
                if each["type"] == BUTTON
            ]
            for row in rows
        ]

    @property
    def selects(self) -> list[dict[str, Any]]:
        """Its select menus, as sent."""
        return [each for each in self.components if each["type"] in SELECTS]

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
        parts += [each["content"] for each in self.components if each["type"] == TEXT_DISPLAY]
        return "\n".join(part for part in parts if part)
