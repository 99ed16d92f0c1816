"""SwarmUI: one JSON object, in PNG's `parameters` or EXIF's comment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

from engine.pictures.programs.found import FoundPrompt, decimal, number, object_in, size_of, text, with_loras

__all__ = ["SECTIONS", "read"]

SECTIONS = "What SwarmUI's words say for a part or a stage of the picture alone is left out."
_NAMES = ("parameters", "UserComment", "Model")
_SECTION = re.compile(r"<(?:segment|object|region|refiner|base|extend|video|videoswap|clear)\b")
"""Where the words of a part or a stage begin; those of the whole picture stand before the first."""


def read(texts: Mapping[str, str]) -> FoundPrompt | None:
    """The prompt in a file's texts, where SwarmUI wrote one of them."""
    for name in _NAMES:
        written = texts.get(name, "")
        said = object_in(written).get("sui_image_params") if "sui_image_params" in written else None
        if isinstance(said, dict) and (found := _found(said)) is not None:
            return found
    return None


def _found(said: Mapping[str, Any]) -> FoundPrompt | None:
    words, *sections = _SECTION.split(text(said.get("prompt")), 1)
    unwanted = _SECTION.split(text(said.get("negativeprompt")), 1)[0]
    if not words.strip():
        return None
    return FoundPrompt(
        "SwarmUI",
        with_loras(words.strip(), [] if "<lora:" in words else _loras(said)),
        unwanted.strip(),
        number(said.get("seed")),
        size_of(said.get("width"), said.get("height")),
        text(said.get("model")),
        notes=(SECTIONS,) if sections else (),
    )


def _loras(said: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    """The LoRAs and their weights, which stand in two lists, the weights as texts."""
    names, weights = (
        each if isinstance(each := said.get(key), list) else [] for key in ("loras", "loraweights")
    )
    return [
        (name, decimal(weight)) for name, weight in zip_longest(names, weights[: len(names)], fillvalue=1)
    ]
