"""Fooocus' own scheme: one JSON object, in PNG's `parameters` or EXIF's comment. Its other one is A1111's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from engine.pictures.programs.found import (
    FoundPrompt,
    decimal,
    entries,
    number,
    object_in,
    size_of,
    text,
    with_loras,
)

__all__ = ["STYLES", "read"]

STYLES = "The words that Fooocus' styles add are left out."
_SCHEME = "fooocus"
_NAMES = ("parameters", "UserComment")
_RESOLUTION = re.compile(r"\((\d{1,5}), (\d{1,5})\)")


def read(texts: Mapping[str, str]) -> FoundPrompt | None:
    """The prompt in a file's texts, where Fooocus wrote one of them in its own scheme."""
    for said in (object_in(texts.get(name, "")) for name in _NAMES):
        if _SCHEME in (texts.get("fooocus_scheme"), said.get("metadata_scheme")):
            words = text(said.get("prompt"))
            if words:
                return _found(said, words)
    return None


def _found(said: Mapping[str, Any], words: str) -> FoundPrompt:
    resolution = _RESOLUTION.fullmatch(text(said.get("resolution")))
    return FoundPrompt(
        "Fooocus",
        with_loras(words, _loras(said.get("loras"))),
        text(said.get("negative_prompt")),
        number(said.get("seed")),
        size_of(*resolution.groups()) if resolution else None,
        text(said.get("base_model")),
        notes=(STYLES,) if text(said.get("styles")).strip("[] ") else (),
    )


def _loras(said: Any) -> list[tuple[Any, Any]]:
    """The LoRAs' names and weights, which stand before their hashes."""
    each = entries(said, list)
    return [(one[0], decimal(one[1])) for one in each if len(one) > 1]
