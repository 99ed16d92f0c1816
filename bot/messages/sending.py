"""From a message as a value to what discord.py takes for sending and editing. No network."""

from __future__ import annotations

import io
from typing import Any

import discord

from bot.messages.message import Button, Message, Rows

__all__ = ["discord_button", "edited", "only", "posted", "view_of"]


def view_of(rows: Rows) -> discord.ui.View | None:
    """The buttons as a view, None without any.

    The view is stopped: presses find their way by custom id, nothing is kept in memory.
    """
    if not rows:
        return None
    view = discord.ui.View(timeout=None)
    for row, buttons in enumerate(rows):
        for button in buttons:
            view.add_item(discord_button(button, row))
    view.stop()
    return view


def discord_button(button: Button, row: int) -> discord.ui.Button[discord.ui.View]:
    """The button for one row of a view."""
    return discord.ui.Button(
        style=button.style,
        label=button.label,
        emoji=button.emoji,
        custom_id=str(button.custom_id),
        row=row,
    )


def edited(message: Message, user_id: int) -> dict[str, Any]:
    """What every way of editing takes; a part that the message lacks is removed from the one that stands."""
    return {
        "content": message.content or None,
        "embeds": list(message.embeds),
        "attachments": _files(message),
        "view": view_of(message.rows),
        "allowed_mentions": only(user_id),
    }


def posted(message: Message, user_id: int) -> dict[str, Any]:
    """What every way of posting takes."""
    view = view_of(message.rows)
    return {
        "content": message.content,
        "embeds": list(message.embeds),
        "files": _files(message),
        "allowed_mentions": only(user_id),
        **({"view": view} if view else {}),
    }


def only(user_id: int) -> discord.AllowedMentions:
    """A prompt pings nobody but the user who wrote it."""
    return discord.AllowedMentions(
        everyone=False, roles=False, users=[discord.Object(user_id)], replied_user=False
    )


def _files(message: Message) -> list[discord.File]:
    return [discord.File(io.BytesIO(file.data), file.name, description=file.alt) for file in message.files]
