"""A prompt as a picture's file tells it, in the words of the program that wrote it; and JSON read safely.

Knows no program.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from grammar.loras import lora_words

__all__ = [
    "FoundPrompt",
    "decimal",
    "entries",
    "json_in",
    "number",
    "object_in",
    "size_of",
    "text",
    "with_loras",
]

T = TypeVar("T")

_MOST_LORAS = 20  # of a picture
_MOST_STRENGTH = 1000  # of a LoRA, on either side of 0: what is beyond is no strength
_MOST_WORDS = 20_000  # characters of a prompt: three times what may be drawn


@dataclass(frozen=True, slots=True)
class FoundPrompt:
    """What a file says: ``words``, what is ``unwanted``, the ``seed``, the ``size`` in pixels, the ``model``.

    ``language``: the words are Easel's (or Midjourney's) own language, parameters and all. ``notes`` are
    sentences on what of them was left out.
    """

    program: str
    words: str
    unwanted: str = ""
    seed: int | None = None
    size: tuple[int, int] | None = None
    model: str = ""
    language: bool = False
    notes: tuple[str, ...] = ()


def json_in(written: str) -> Any:
    """What JSON says; None where it is none, nested too deeply, or has numbers of thousands of digits."""
    try:
        return json.loads(written)
    except (ValueError, RecursionError):
        return None


def object_in(written: str) -> Mapping[str, Any]:
    """The same where it is an object, else {}."""
    value = json_in(written) if written.lstrip()[:1] == "{" else None
    return value if isinstance(value, dict) else {}


def text(value: Any) -> str:
    """A value that should be words, as such; "" for anything else."""
    return value.strip()[:_MOST_WORDS] if isinstance(value, str) else ""


def number(value: Any) -> int | None:
    """A value that should be a whole number of at least 0, also where it is written as text; else None."""
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit() and len(value) < 30:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**64 else None


def decimal(value: Any) -> float | None:
    """A value that should be a number, also where it is written as text; else None."""
    if isinstance(value, str):
        try:
            return float(value[:30])
        except ValueError:
            return None
    return value if isinstance(value, int | float) else None


def entries(value: Any, kind: type[T]) -> list[T]:
    """Those entries of what should be a list that are of a kind; [] where it is none."""
    return [each for each in value if isinstance(each, kind)] if isinstance(value, list) else []


def size_of(width: Any, height: Any) -> tuple[int, int] | None:
    """Two values that should be a picture's sides, as such; None unless both are."""
    wide, high = number(width), number(height)
    return (wide, high) if wide and high and max(wide, high) <= 2**16 else None


def with_loras(words: str, loras: Iterable[tuple[Any, Any]]) -> str:
    """The words, and behind them each LoRA (its file or name, its strength) as a prompt names one.

    What is no name or no number is left out.
    """
    said = []
    for file, strength in loras:
        name = re.split(r"[\\/]", text(file))[-1].removesuffix(".safetensors").removesuffix(".ckpt")
        # A file may hold numbers that no float does, and infinities.
        weighs = isinstance(strength, int | float) and abs(strength) <= _MOST_STRENGTH
        if name and weighs and not re.search(r"[<>:]", name):
            said.append(lora_words(name, strength))
    return " ".join((words, *said[:_MOST_LORAS]))
