"""Dialogs: what they ask, and what came back.

Like buttons they are found again by their custom id alone; nothing about an open dialog is kept in memory, so
it may be answered after a restart. Knows nothing of what an answer is used for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import discord

from bot.messages.custom_ids import CustomId

__all__ = ["Field", "answers", "dialog"]

LONGEST = 4000  # characters that a text field takes
FURTHER = "+"  # behind a field's name: the next field, which goes on with a text too long for one


@dataclass(frozen=True, slots=True)
class Field:
    """A line or paragraph of text. ``name`` is what the answer is found under."""

    name: str
    label: str
    paragraph: bool = True
    required: bool = True


def dialog(
    title: str, custom_id: CustomId, fields: Iterable[Field], texts: Mapping[str, str]
) -> discord.ui.Modal:
    """A dialog to be sent once, texts in its fields. It is stopped: discord.py keeps no reference to it."""
    modal = discord.ui.Modal(title=title[:45], custom_id=str(custom_id))
    for field in fields:
        for number, text in enumerate(_split(texts[field.name])):
            modal.add_item(_input(field, text, number))
    modal.stop()
    return modal


def answers(data: Any) -> dict[str, str]:
    """What was written, by the fields' names; what continues a text is part of it."""
    written = {part["custom_id"]: part["value"] for part in _parts(data) if "value" in part}
    texts: dict[str, list[str]] = {}
    for name, text in written.items():
        texts.setdefault(name.rstrip(FURTHER), []).append(text)
    return {name: " ".join(filter(None, parts)) for name, parts in texts.items()}


def _input(field: Field, text: str, number: int) -> discord.ui.Label[discord.ui.LayoutView]:
    """The field, or one of those that go on with its text, from 1."""
    return discord.ui.Label(
        text=f"{field.label} (continued)"[:45] if number else field.label[:45],
        component=discord.ui.TextInput(
            custom_id=field.name + FURTHER * number,
            default=text or None,
            style=discord.TextStyle.paragraph if field.paragraph else discord.TextStyle.short,
            required=field.required and not number,
            max_length=LONGEST,
        ),
    )


def _split(text: str) -> list[str]:
    """A text in pieces that a field takes each, cut at the ends of words."""
    pieces = []
    while len(text) > LONGEST:
        end = text.rfind(" ", LONGEST // 2, LONGEST + 1)
        piece = text[: end if end > 0 else LONGEST]
        pieces.append(piece)
        text = text[len(piece) :].strip()
    return [*pieces, text]


def _parts(node: Any) -> Iterator[dict[str, Any]]:
    for part in node.get("components", ()):
        yield part
        yield from _parts(part)
    if "component" in node:
        yield node["component"]
