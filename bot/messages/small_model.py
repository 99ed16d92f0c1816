"""What is said where a prompt goes beyond a model that knows few words, and what any model draws. Pure.

Knows no buttons.
"""

from __future__ import annotations

from collections.abc import Sequence

import discord

from bot.messages.wording import BLUE, quoted, refusal
from engine import ModelEntry

__all__ = ["EXAMPLES", "FOR_OPERATORS", "offer"]

EXAMPLES = (
    "two red foxes in the snow --ar 3:2",
    "an orange fish under water",
    "three balloons in the sky",
)
"""Prompts that every model draws, the smallest too. Buttons that were sent carry places here, from 1."""

FOR_OPERATORS = (
    "You run this bot: `/easel models list` shows the real models, `/easel models pull` fetches one, and"
    " `EASEL_MODEL=sdxl` in the bot's settings makes it the default."
)


def offer(entry: ModelEntry, words: Sequence[str], prompt: str, *, operator: bool) -> discord.Embed:
    """That nothing of a prompt can be drawn, what can be, and how to get more. The prompt can be copied."""
    unknown = f"It does not know: {quoted(', '.join(words), 500)}." if words else ""
    lines = [
        f"{unknown} {entry.draws}".strip(),
        "These examples draw at once; or draw your prompt anyway, and see what comes of it.",
    ]
    lines += [FOR_OPERATORS] if operator else []
    embed = refusal(f"{entry.title} knows nothing of this", "\n\n".join(filter(None, lines)), prompt)
    embed.colour = discord.Colour(BLUE)
    return embed
