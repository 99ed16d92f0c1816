"""Users' texts and names as they may stand in a message or a file's name. Pure.

Every text that a user wrote passes through ``quoted``, so that a prompt can neither leave its bold nor ping
anyone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import discord

from grammar.links import labels

__all__ = ["CONTENT_LIMIT", "alt", "file_name", "mention", "quoted", "refusal", "titled"]

CONTENT_LIMIT = 2000  # characters that Discord takes for a message's content
ALT_LIMIT = 1024  # characters that Discord takes for a file's description
LONGEST_WORD = 64  # characters back to a word's end; a text without one is cut where it is too long
BLUE = 0x5865F2  # Discord's own, for answers that are no error
RED = 16711680
LINK = re.compile(r"(?i:<?https?://[^\s<>]+>?)")
_TURNS = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
"""Unicode's signs that turn the direction of what follows: a message's own words would be turned as well."""


def mention(user_id: int) -> str:
    """How a user is named in a message."""
    return f"<@{user_id}>"


def file_name(user: str, prompt: str, job_id: str, extension: str = "png") -> str:
    """``<user>_<prompt words>_<job id>.<extension>``, the first two together at most 63 characters.

    Links are no words.
    """
    words = re.sub(r"[^0-9A-Za-z]+", "_", f"{user}_{LINK.sub(' ', prompt)}").strip("_")
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
    return _within([_harmless(part) for part in _parts(text)], limit)


def titled(prompt: str, limit: int) -> str:
    """A prompt as it heads a message or a line: as ``quoted``, but of its links only short names are seen.

    The address stays behind the name, so that it can be followed, and copied with the rest.
    """
    parts = _parts(prompt)
    links = [part.strip("<>") for part in parts if LINK.fullmatch(part)]
    names = iter(labels(links))
    shown = [_named(next(names), part) if LINK.fullmatch(part) else _harmless(part) for part in parts]
    return _within(shown, limit)


def alt(shown: str, prompt: str) -> str:
    """What is read out of a picture: what is ``shown``, and the prompt in plain text, its links as names.

    Nothing is escaped, for no markdown is read there; what is too long is cut at a word's end.
    """
    parts = [part.strip("<>") if LINK.fullmatch(part) else part for part in _parts(prompt)]
    names = iter(labels([part for part in parts if LINK.fullmatch(part)]))
    plain = "".join(next(names) if LINK.fullmatch(part) else part for part in parts)
    text = " ".join(f"{shown}: {plain}".split())
    if len(text) <= ALT_LIMIT:
        return text
    end = text.rfind(" ", ALT_LIMIT - 2 - LONGEST_WORD, ALT_LIMIT - 1)
    return f"{text[:end]} …" if end > 0 else f"{text[: ALT_LIMIT - 1]}…"


def _parts(text: str) -> list[str]:
    return re.findall(rf"{LINK.pattern}|\s+|.", text.translate(_TURNS), re.DOTALL)


def _within(parts: Sequence[str], limit: int) -> str:
    total = 0
    for index, part in enumerate(parts):
        if total + len(part) > limit:
            return _shortened(parts[:index], limit)
        total += len(part)
    return "".join(parts)


def _named(name: str, link: str) -> str:
    """A link behind its name. An address with a bracket in it would end too early, and is shown as it is."""
    address = link.strip("<>")
    if ")" in address or "(" in address:
        return _harmless(link)
    return f"[{''.join(map(_harmless, name))}](<{address}>)"


def _harmless(part: str) -> str:
    if LINK.fullmatch(part):
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
