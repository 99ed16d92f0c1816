"""What Easel can do, on one screen; and passages that answer a question. Pure.

Knows no buttons: whoever shows it brings those that stand under it.
"""

from __future__ import annotations

from collections.abc import Sequence

import discord

from bot.messages.wording import BLUE
from bot.text.guide import Passage
from grammar import PARAMETERS, Parameter
from grammar.help import overview

__all__ = ["answer", "screen"]


BEGIN = (
    "Type `/imagine` and what you want to see, then parameters if you like:"
    " `/imagine a red fox in the snow --ar 3:2`. The examples below draw at once."
)
GRID = (
    "`U1`–`U4` that picture, larger · `V1`–`V4` four variations of it · 🔄 the same prompt once more\n"
    "Under a single picture: upscale, vary all or a part of it, zoom out, draw on to a side, ❤️ keep, 🗑️ delete"
)
YOURS = (
    "`/settings` model, style, speed, who sees it · `/history` all your pictures · `/describe` prompts for a"
    " picture · `/blend` pictures into new ones · `/shorten` a prompt · `/ask` anything, such as"
    " `/ask how do I make it wide?`"
)


def screen() -> discord.Embed:
    """How to begin, what the buttons do, where settings and history are, and the parameters by topic."""
    embed = discord.Embed(title="Easel draws what you type", description=BEGIN, colour=BLUE)
    embed.add_field(name="Under the four pictures", value=GRID, inline=False)
    embed.add_field(name="Also", value=YOURS, inline=False)
    lines = [
        f"**{topic}** {' · '.join(f'{_name(row)} {row.brief or row.help}' for row in rows)}"
        for topic, rows in overview().items()
    ]
    embed.add_field(name="Parameters, behind the words", value="\n".join(lines)[:1024], inline=False)
    idle = " ".join(_name(row) for row in PARAMETERS if row.idle)
    if idle:
        embed.add_field(name="Understood, but without effect yet", value=idle[:1024], inline=False)
    return embed


def _name(row: Parameter) -> str:
    """The shorter name, unless it is a single letter, which says nothing to who sees it first."""
    return f"`--{row.name if len(row.short) == 1 else row.short}`"


def answer(passages: Sequence[Passage]) -> discord.Embed:
    """The passages, the best one first."""
    text = "\n\n".join(f"**{passage.title}**\n{passage.text}" for passage in passages)
    return discord.Embed(description=text, colour=BLUE)
