"""Which words of a prompt matter, and shorter prompts made of those: by the words alone, without a model.

Filler that changes no picture goes first, then grammar, then qualities; things and colours stay longest.
Knows nothing of Discord.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from engine.planning.stopwords import PLACING, STOP_WORDS

__all__ = ["STRUCK", "Token", "shortened", "weighed"]

FILLER = frozenset(
    [
        "very",
        "really",
        "extremely",
        "highly",
        "ultra",
        "super",
        "incredibly",
        "beautiful",
        "stunning",
        "amazing",
        "awesome",
        "perfect",
        "masterpiece",
        "best",
        "quality",
        "detailed",
        "detail",
        "details",
        "intricate",
        "hyperdetailed",
        "realistic",
        "hyperrealistic",
        "photorealistic",
        "professional",
        "award",
        "winning",
        "trending",
        "artstation",
        "4k",
        "8k",
        "16k",
        "hd",
        "uhd",
        "hdr",
        "octane",
        "unreal",
        "engine",
        "render",
        "rendered",
        "cinematic",
        "epic",
        "high",
        "resolution",
        "sharp",
        "focus",
        "please",
        "create",
        "make",
        "draw",
        "generate",
        "image",
        "picture",
        "photo",
        "of-a",
        "showing",
        "featuring",
    ]
)
SHARES = (1, 0.85, 0.65, 0.5, 0.35, 0.2)
"""How much of the words that count each shorter prompt keeps."""

STRUCK = 0.1
"""What weighs less than this is struck out, and no shorter prompt has it."""

_USELESS = 0.05  # weight of fillers and of words that the model does not know; a noun has about 1
_MOST = 5  # shorter prompts offered, as many as buttons fit into a row


@dataclass(frozen=True, slots=True)
class Token:
    """One word as typed, and how much it matters, 0 to 1."""

    text: str
    weight: float


def weighed(text: str, unknown: Collection[str] = ()) -> list[Token]:
    """Every word of a prompt with its weight; said again, a word matters less, and so do later ones a little.

    A word that says where matters no more than what it places. `unknown`: words of it that the model does not
    know, which change no picture.
    """
    strange = {word.casefold() for word in unknown}
    seen: set[str] = set()
    tokens = []
    words = text.split()
    for place, typed in enumerate(words):
        word = _bare(typed)
        weight = _USELESS if word.casefold() in strange else _kind(word)
        weight *= 1 - 0.3 * place / max(1, len(words))
        tokens.append(Token(typed, round(weight * (0.2 if word in seen else 1), 3)))
        seen.add(word)
    placed = 0.0
    for place in reversed(range(len(tokens))):
        token, word = tokens[place], _bare(tokens[place].text)
        if word in PLACING:
            tokens[place] = replace(token, weight=min(token.weight, placed))
        elif word not in STOP_WORDS:
            placed = token.weight
    return tokens


def shortened(text: str, unknown: Collection[str] = ()) -> list[str]:
    """Up to five prompts, each shorter than the one before, with the words that matter most, in their order.

    Words that are struck out are in none of them.
    """
    tokens = [token for token in weighed(text, unknown) if token.weight >= STRUCK]
    found: list[str] = []
    for share in SHARES:
        count = max(1, round(share * len(tokens)))
        kept = sorted(sorted(range(len(tokens)), key=lambda at: -tokens[at].weight)[:count])
        while len(kept) > 1 and _bare(tokens[kept[-1]].text) in PLACING | STOP_WORDS:
            kept.pop()
        prompt = " ".join(tokens[at].text for at in kept).strip(" ,;.")
        if prompt and prompt != text and prompt not in found:
            found.append(prompt)
    return found[:_MOST]


def _bare(typed: str) -> str:
    return re.sub(r"^\W+|\W+$", "", typed).lower()


def _kind(word: str) -> float:
    if not word or word in FILLER:
        return _USELESS
    if word in PLACING:
        return 0.45
    return 0.15 if word in STOP_WORDS else 1.0
