"""Questions about a picture, answered from what the small describer says of it: how many, what colour, where.

Its sentence is read, not understood: numbers, colours and what stands behind a word for a place. Whatever
else is asked, the sentence itself is the answer. Knows no model but the describer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.job import Description, Request
from engine.planning.registry import DescriberEntry
from engine.seeing.describe import describe

__all__ = ["answer"]

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six")
_COLOURS = frozenset(
    {
        "red",
        "orange",
        "yellow",
        "green",
        "teal",
        "blue",
        "purple",
        "pink",
        "brown",
        "black",
        "white",
        "grey",
        "gray",
    }
)
_PLACE = re.compile(
    r"\b(?:on|in|at|under|in front of|before|against|above|below|next to|beside"
    r"|to the left of|to the right of)\b .*$"
)
_ASKED_ALONE = frozenset(
    {
        "how",
        "many",
        "what",
        "which",
        "colour",
        "color",
        "colours",
        "colors",
        "where",
        "is",
        "are",
        "the",
        "a",
        "an",
        "of",
        "there",
        "it",
    }
)


def answer(request: Request, describers: Sequence[DescriberEntry]) -> Description:
    """The answer to the request's text about its picture, and notes on who says it. Raises BadPicture."""
    own = [entry for entry in describers if entry.name == "pocket"]
    seen = describe(request.png or b"", own or describers)
    caption = re.sub(r" --ar \S+$", "", seen.prompts[0])
    return Description((_answered(request.text, caption),), seen.notes)


def _answered(question: str, caption: str) -> str:
    asked, said = _words(question), _words(caption)
    things = [word for word in asked if word not in _ASKED_ALONE]
    if "many" in asked:
        return _how_many(things, said, caption)
    if {"colour", "color", "colours", "colors"} & set(asked):
        return _what_colour(things, said, caption)
    if "where" in asked:
        place = _PLACE.search(caption)
        return f"{_sentence(place.group())}" if place else f"It does not say. It sees: {caption}."
    return f"It sees: {caption}."


def _how_many(things: Sequence[str], said: Sequence[str], caption: str) -> str:
    places = [n for n, word in enumerate(said) if not things or any(_alike(word, thing) for thing in things)]
    if things and not places:
        return f"None that it sees. It sees: {caption}."
    before = reversed(said[: places[0]]) if things else iter(said)
    return _sentence(next((word for word in before if word in _NUMBERS or word.isdigit()), "one"))


def _what_colour(things: Sequence[str], said: Sequence[str], caption: str) -> str:
    colours = [n for n, word in enumerate(said) if word in _COLOURS]
    for place, word in enumerate(said):
        if any(_alike(word, thing) for thing in things):
            before = [n for n in colours if n < place]
            if before:
                return _sentence(said[before[-1]])
            return f"It does not say. It sees: {caption}."
    if things and "background" not in things:
        return f"It sees none of that. It sees: {caption}."
    return (
        _sentence(" and ".join(said[n] for n in colours))
        if colours
        else f"It does not say. It sees: {caption}."
    )


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _alike(one: str, other: str) -> bool:
    """Whether two words are the same, in singular or plural."""
    return bool(_forms(one) & _forms(other))


def _forms(word: str) -> set[str]:
    """A word and what it may be the plural of."""
    found = {word}
    for ending, instead in (("ies", "y"), ("es", ""), ("s", "")):
        if len(word) > 3 and word.endswith(ending):
            found.add(word[: -len(ending)] + instead)
    return found


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."
