"""Users' texts and names as they may stand in a message or a file's name. Pure.

Every text that a user wrote passes through ``quoted``, so that a prompt can neither leave its bold nor ping
anyone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import discord

__all__ = ["CONTENT_LIMIT", "file_name", "mention", "quoted", "refusal"]

CONTENT_LIMIT = 2000  # characters that Discord takes for a message's content
RED = 16711680


def mention(user_id: int) -> str:
    """How a user is named in a message."""
    return f"<@{user_id}>"


def file_name(user: str, prompt: str, job_id: str, extension: str = "png") -> str:
    """``<user>_<prompt words>_<job id>.<extension>``, the first two together at most 63 characters."""
    words = re.sub(r"[^0-9A-Za-z]+", "_", f"{user}_{prompt}").strip("_")
    return "_".join(filter(None, (words[:63], job_id))) + f".{extension}"


def refusal(title: str, sentence: str, prompt: str | None = None, typed: str = "") -> discord.Embed:
    """The red box that says why nothing was done, and repeats a ``prompt``, or what else was ``typed``."""
    embed = discord.Embed(title=title[:256], description=_cut(sentence, 3500), colour=RED)
    if prompt is not None:
        embed.set_footer(text=_cut(f"/imagine {prompt}".strip(), 2048))
    elif typed:
        embed.set_footer(text=_cut(typed, 2048))
    return embed


def quoted(text: str, limit: int) -> str:
    """A user's text as it may stand in a message: nothing in it is markdown, links show no preview.

    At most ``limit`` characters; what is too long ends in ``…`` and is never cut inside an escape or a link.
    """
    parts = [_harmless(part) for part in re.findall(r"<?https?://[^\s<>]+>?|\s+|.", text, re.DOTALL)]
    total = 0
    for index, part in enumerate(parts):
        if total + len(part) > limit:
            return _shortened(parts[:index], limit)
        total += len(part)
    return "".join(parts)


def _harmless(part: str) -> str:
    if part.startswith(("http://", "https://", "<http")):
        return f"<{part.strip('<>')}>"
    if part.isspace():
        return " "
    return f"\\{part}" if part in "\\*_~|`[<@" else part


def _shortened(parts: Sequence[str], limit: int) -> str:
    kept = list(parts)
    while kept and sum(map(len, kept)) > limit - 1:
        kept.pop()
    return "".join(kept).rstrip() + "…"


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
