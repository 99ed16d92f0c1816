"""Draw Things: a JSON object of short names, in the comment of the XMP packet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.pictures.claims import packet_of
from engine.pictures.file_texts import XMP
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

__all__ = ["read"]

_NAME = "Draw Things"
_COMMENT = "{http://ns.adobe.com/exif/1.0/}UserComment"


def read(texts: Mapping[str, str]) -> FoundPrompt | None:
    """The prompt in a file's texts, where Draw Things wrote them."""
    packet = packet_of(texts[XMP]) if _NAME in texts.get(XMP, "") else None
    comment = None if packet is None else next(packet.iter(_COMMENT), None)
    said = object_in("" if comment is None else "".join(comment.itertext()))
    words = text(said.get("c"))
    if not words:
        return None
    wide, _, high = text(said.get("size")).partition("x")
    return FoundPrompt(
        _NAME,
        with_loras(words, _loras(said)),
        text(said.get("uc")),
        number(said.get("seed")),
        size_of(wide, high),
        text(said.get("model")),
    )


def _loras(said: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    """The LoRAs' files and weights, which stand among the settings of the second kind."""
    settings = said.get("v2")
    loras = settings.get("loras") if isinstance(settings, dict) else None
    each = entries(loras, dict)
    return [(one.get("file"), decimal(one.get("weight", 1))) for one in each]
