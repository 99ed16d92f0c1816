"""The `::` parts of a prompt and their weights.

Knows the WORDS and BREAK tokens of prompt.lark, nothing else of it.
"""

import re
from typing import Any

from grammar.dialects import without_loras
from grammar.typography import NUMBER, ended, trimmed
from grammar.values import Part, number

_ONLY_WEIGHT = re.compile(rf"\s+{NUMBER}[\s,.]*")
_SPACED_WEIGHT = re.compile(rf"\s+({NUMBER})(?=[\s,]|$)")
_REST_OF_WEIGHT = re.compile(r"\s+(\d{1,9})(?=[\s,]|$)")
_NOTHING = " ,.;:，。、；："
"""What may be left of a part that says nothing, as behind the last `::` of `a::2, b::3,`."""


def weigh(words: list[Any]) -> tuple[tuple[Part, ...], Any]:
    """The parts that say something, and the `::` with the least weight.

    A number right behind `::` is the weight of the part before it. Where the last `::` has nothing behind it
    but a spaced number (`a :: 2 b :: 5`), spaced numbers are weights throughout.
    """
    breaks = [token for token in words if token.type == "BREAK"]
    texts = _between(words)
    texts[-1] = ended(texts[-1])
    spaced = breaks[-1] == "::" and bool(_ONLY_WEIGHT.fullmatch(texts[-1]))
    weights = [1.0] * len(texts)
    for at, token in enumerate(breaks):
        weights[at], texts[at + 1] = _weight(token, texts[at + 1], spaced)
    parts = (
        Part(without_loras(trimmed(" ".join(text.split()))), weight)
        for text, weight in zip(texts, weights, strict=True)
    )
    lightest = breaks[min(range(len(breaks)), key=weights.__getitem__)]
    return tuple(part for part in parts if part.text.strip(_NOTHING)), lightest


def _between(words: list[Any]) -> list[str]:
    """The texts before, between and behind the `::`."""
    texts = [""]
    for token in words:
        if token.type == "BREAK":
            texts.append("")
        else:
            texts[-1] = str(token)
    return texts


def _weight(token: str, behind: str, spaced: bool) -> tuple[float, str]:
    """The weight that a `::` gives the part before it, and the words behind it that are left."""
    typed = token[2:]
    if spaced and not typed and (match := _SPACED_WEIGHT.match(behind)):
        return number(match[1]), behind[match.end() :]
    if typed.endswith(".") and not number(typed) and (match := _REST_OF_WEIGHT.match(behind)):
        return number(typed + match[1]), behind[match.end() :]
    return (number(typed) if typed else 1.0), behind
