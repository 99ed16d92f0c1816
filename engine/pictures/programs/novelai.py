"""NovelAI: a JSON object in the comment; its own ways of emphasis are left out of the words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from engine.pictures.programs.found import FoundPrompt, number, object_in, size_of, text

__all__ = ["read"]

EMPHASIS = "NovelAI's emphasis (`{…}`, `[…]`, `1.2::…::`) is left out of its words."
_BRACKETS = re.compile(r"[{}\[\]]")
_WEIGHT = re.compile(r"(?<![\d.])-?(?:\d{1,6}(?:\.\d{0,6})?|\.\d{1,6})::|::")
"""Where a weight begins and ends.

Its digits are counted, and none of them is a beginning within a longer run: otherwise thousands of digits
that no colons follow are read anew from every one of them, and Python runs nothing else meanwhile.
"""


def read(texts: Mapping[str, str]) -> FoundPrompt | None:
    """The prompt in a file's texts, where NovelAI wrote them."""
    said = object_in(texts.get("Comment", ""))
    if texts.get("Software") != "NovelAI" and not ("uc" in said and "sampler" in said):
        return None
    words = _captions(said.get("v4_prompt")) or text(said.get("prompt")) or text(texts.get("Description"))
    unwanted = _captions(said.get("v4_negative_prompt")) or text(said.get("uc"))
    plain, avoided = _sides(words)
    if not plain:
        return None
    kept, _ = _sides(unwanted)
    return FoundPrompt(
        "NovelAI",
        plain,
        ", ".join(filter(None, (kept, avoided))),
        number(said.get("seed")),
        size_of(said.get("width"), said.get("height")),
        text(texts.get("Source")),
        notes=(EMPHASIS,) if plain != words else (),
    )


def _captions(said: Any) -> str:
    """The scene's words and each character's, as the fourth model keeps them apart."""
    caption = said.get("caption") if isinstance(said, dict) else None
    if not isinstance(caption, dict):
        return ""
    others = caption.get("char_captions")
    people = others if isinstance(others, list) else []
    parts = [caption.get("base_caption"), *(p.get("char_caption") for p in people if isinstance(p, dict))]
    return ", ".join(filter(None, map(text, parts)))


def _sides(words: str) -> tuple[str, str]:
    """The words without emphasis, and apart from them those of a weight below nothing (`-1::hat::`)."""
    sides: tuple[list[str], list[str]] = ([], [])
    below, at, plain = False, 0, _BRACKETS.sub("", words)
    for weight in _WEIGHT.finditer(plain):
        sides[below].append(plain[at : weight.start()])
        below, at = weight[0].startswith("-"), weight.end()
    sides[below].append(plain[at:])
    wanted, avoided = map("".join, sides)
    return (_listed(wanted) if avoided else wanted.strip()), _listed(avoided)


def _listed(words: str) -> str:
    """Words without the commas and spaces that others have left between them."""
    return ", ".join(filter(None, (" ".join(part.split()) for part in words.split(","))))
