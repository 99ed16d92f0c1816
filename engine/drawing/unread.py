"""Which words of a prompt no encoder read: they lay behind the last token that it takes.

Every text encoder has a limit. What a tokenizer cuts off is overheard, and the user is told the words that
all of a pipeline's tokenizers left out. Knows tokenizers and pictures' marks; nothing of denoising.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from PIL import Image

from engine.drawing.overriding import overriding

__all__ = ["MARK", "Heard", "notes", "overheard"]

MARK = "unread"
"""The mark on pictures of a prompt that was not read to its end, in their ``info``: the words."""

_TOKENIZERS = ("tokenizer", "tokenizer_2", "tokenizer_3", "tokenizer_4")
_INNER = ("prior_pipe",)
"""Pipelines inside a pipeline that read its text."""

_NAMED = 6
"""Words that a note names of either end of what was left out: a message has little room."""


class Heard:
    """What the tokenizers of one pipeline were given, and what they cut off."""

    def __init__(self) -> None:
        self.cut: dict[str, str] = {}
        self._given: set[str] = set()

    def give(self, text: Any) -> None:
        """A tokenizer was given this: a text, a list of them, or something else."""
        for each in text if isinstance(text, list | tuple) else [text]:
            if isinstance(each, str):
                self._given.add(_plainly(each))

    def gave(self, text: str) -> bool:
        """Whether any tokenizer was given the text, perhaps inside a longer one."""
        return any(_plainly(text) in each for each in self._given)

    def words(self, text: str) -> tuple[str, ...]:
        """The words at the end of ``text`` that none of the tokenizers let pass."""
        if not self.cut:
            return ()
        said = text.split()
        lost = min((left.split() for left in self.cut.values()), key=len)
        count = sum(word in set(said) for word in lost)
        return tuple(said[len(said) - count :]) if count else ()


def overheard(pipe: Any) -> tuple[Any, Heard]:
    """A light copy of the pipeline whose tokenizers tell what they cut off."""
    heard = Heard()
    return _listening(pipe, heard), heard


def notes(pictures: Sequence[Image.Image]) -> tuple[str, ...]:
    """What the user is told of the end of a prompt that was not read."""
    words = next((picture.info[MARK] for picture in pictures if MARK in picture.info), ())
    if not words:
        return ()
    named = words if len(words) <= 2 * _NAMED else (*words[:_NAMED], "…", *words[-_NAMED:])
    return (f"The prompt is longer than this model reads; left out at its end: {' '.join(named)}.",)


def _plainly(text: str) -> str:
    """A text as it is after any pipeline's tidying."""
    return " ".join(text.casefold().split())


def _listening(pipe: Any, heard: Heard) -> Any:
    light = copy.copy(pipe)
    for name in _TOKENIZERS:
        tokenizer = getattr(pipe, name, None)
        if callable(tokenizer) and hasattr(tokenizer, "decode"):
            known = {"_whole": tokenizer, "_heard": heard, "_called": name}
            vars(light)[name] = overriding(tokenizer, _Listening, **known)
    for name in _INNER:
        if getattr(pipe, name, None) is not None:
            vars(light)[name] = _listening(getattr(pipe, name), heard)
    return light


class _Listening:
    _whole: Any
    _heard: Heard
    _called: str

    def __call__(self, text: Any = None, *args: Any, **said: Any) -> Any:
        self._heard.give(text)
        if said.get("truncation") and said.get("max_length"):
            alone = {name: said[name] for name in ("add_special_tokens",) if name in said}
            first = text[0] if isinstance(text, list) else text
            ids = self._whole(first, truncation=False, verbose=False, **alone).input_ids
            lost = ids[int(said["max_length"]) :]
            left = self._whole.decode(lost, skip_special_tokens=True) if lost else ""
            # Asked twice, for the text and for the absent one: the longer loss is the text's.
            self._heard.cut[self._called] = max(self._heard.cut.get(self._called, ""), left, key=len)
        return self._whole(text, *args, **said)
