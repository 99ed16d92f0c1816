"""A message as a value: content, files, embeds and rows of buttons. Pure: no network, no clock, no disk."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import discord

from bot.messages.custom_ids import CustomId

__all__ = ["Button", "File", "Message", "Rows"]


@dataclass(frozen=True, slots=True)
class Button:
    """A button as it looks; ``custom_id`` is all that comes back when it is pressed."""

    custom_id: CustomId
    label: str | None = None
    emoji: str | None = None
    style: discord.ButtonStyle = discord.ButtonStyle.secondary


Rows: TypeAlias = tuple[tuple[Button, ...], ...]
"""At most five rows of at most five buttons."""


@dataclass(frozen=True, slots=True)
class File:
    """A file that goes along. ``alt`` is what of a picture is read out to whoever does not see it."""

    name: str
    data: bytes = field(repr=False)
    alt: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """Ready to be sent: at most 2000 characters of content."""

    content: str = ""
    files: tuple[File, ...] = ()
    embeds: tuple[discord.Embed, ...] = ()
    rows: Rows = ()
