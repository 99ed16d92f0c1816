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
        style = discord.TextStyle.paragraph if field.paragraph else discord.TextStyle.short
        modal.add_item(
            discord.ui.Label(
                text=field.label[:45],
                component=discord.ui.TextInput(
                    custom_id=field.name,
                    default=texts[field.name][:LONGEST] or None,
                    style=style,
                    required=field.required,
                    max_length=LONGEST,
                ),
            )
        )
    modal.stop()
    return modal


def answers(data: Any) -> dict[str, str]:
    """What was written, by the fields' names."""
    return {part["custom_id"]: part["value"] for part in _parts(data) if "value" in part}


def _parts(node: Any) -> Iterator[dict[str, Any]]:
    for part in node.get("components", ()):
        yield part
        yield from _parts(part)
    if "component" in node:
        yield node["component"]
