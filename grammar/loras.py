"""`<lora:name:0.8>` in the words: what is said with it, and what is wrong with it.

Programs of Stable Diffusion write it so. Knows no LoRA: which there are is told by the list of models.
"""

import re
from collections.abc import Iterator
from math import isfinite

from grammar.errors import INVALID_PROMPT, Problem, problem
from grammar.values import Part

LORA = re.compile(r"<(?:lora|lyco)\s*:\s*([^<>:]*?)\s*(?::\s*([^<>:]*?)\s*)?(:[^<>]*)?>", re.IGNORECASE)
"""A LoRA as it is typed: its name, its weight, and what some programs write behind that."""

BEGUN = re.compile(r"<lora:[^<>:]*\Z", re.IGNORECASE)
"""One that is not finished, at the end of a text."""

LOWEST, HIGHEST = -2.0, 2.0
"""The weights that a LoRA may have."""


def loras_in(text: str) -> tuple[Part, ...]:
    """The LoRAs that a text names, each with its weight (1 where none is said), in the order of the text."""
    if "<" not in text:
        return ()
    return tuple(Part(name, weight) for name, weight in _said(text) if name and weight is not None)


def problems_of(text: str, start: int) -> Iterator[Problem]:
    """What is wrong with those of a text that begins at ``start`` of the prompt."""
    for match in LORA.finditer(text) if "<" in text else ():
        at, typed = start + match.start(), match[0]
        weight = _weight(match[2])
        if not match[1]:
            mend = "Write `<lora:name:0.8>`."
            yield problem(INVALID_PROMPT, typed, at, "A LoRA needs a name", mend)
        elif weight is None:
            message = "The weight of a LoRA is a number"
            yield problem(INVALID_PROMPT, typed, at, message, f"Write `<lora:{match[1]}:0.8>`.")
        elif not LOWEST <= weight <= HIGHEST:
            message = f"The weight of a LoRA is from {LOWEST:g} to {HIGHEST:g}"
            nearest = min(max(weight, LOWEST), HIGHEST)
            yield problem(INVALID_PROMPT, typed, at, message, f"Write `<lora:{match[1]}:{nearest:g}>`.")


def misplaced(text: str, start: int) -> Iterator[Problem]:
    """Those of a text that is not wanted, which begins at ``start`` of the prompt."""
    for match in LORA.finditer(text) if "<" in text else ():
        mend = "A weight below 0 takes away what it brings."
        yield problem(INVALID_PROMPT, match[0], start + match.start(), "A LoRA stands among the words", mend)


def lora_words(name: str, weight: float, words: str = "") -> str:
    """A LoRA as it is typed, with the words that belong to it."""
    return f"<lora:{name}:{weight:g}> {words}".rstrip()


def within(text: str) -> tuple[str, tuple[str, ...]]:
    """The text with the weights of its LoRAs in their bounds, and a sentence on each that was not."""
    notes = []

    def nearest(match: re.Match[str]) -> str:
        weight = _weight(match[2])
        if weight is None or LOWEST <= weight <= HIGHEST:
            return match[0]
        allowed = min(max(weight, LOWEST), HIGHEST)
        bounds = f"a weight is from {LOWEST:g} to {HIGHEST:g}"
        notes.append(f"The LoRA `{match[1]}` counts {allowed:g}, not {weight:g}: {bounds}.")
        return lora_words(match[1], allowed)

    return LORA.sub(nearest, text), tuple(notes)


def _said(text: str) -> Iterator[tuple[str, float | None]]:
    for match in LORA.finditer(text):
        yield match[1], _weight(match[2])


def _weight(typed: str | None) -> float | None:
    """The number that was typed, 1 where nothing was; None where it is no number."""
    if not typed:
        return 1.0
    try:
        weight = float(typed)
    except ValueError:
        return None
    return weight if isfinite(weight) else None
