"""The prompt in a picture's file, whichever program wrote it, in its texts or hidden in its pixels."""

from __future__ import annotations

from collections.abc import Mapping

from engine.pictures.claims import claims_of
from engine.pictures.file_texts import texts_of
from engine.pictures.hidden_text import hidden_text
from engine.pictures.programs import (
    a1111,
    civitai,
    comfyui,
    draw_things,
    easel,
    fooocus,
    invokeai,
    midjourney,
    novelai,
    swarmui,
)
from engine.pictures.programs.found import FoundPrompt, object_in

__all__ = ["prompt_in"]

_READERS = (
    novelai.read,
    invokeai.read,
    swarmui.read,
    fooocus.read,
    draw_things.read,
    civitai.read,
    comfyui.read,
    midjourney.read,
    a1111.read,
)
"""In an order in which none takes another's texts for its own."""


def prompt_in(data: bytes) -> FoundPrompt | None:
    """What a picture file says of the prompt that it was drawn from; None for nothing that can be read."""
    if (own := easel.read(claims_of(data))) is not None:
        return own
    return _read(texts_of(data)) or _read(_hidden(data))


def _read(texts: Mapping[str, str]) -> FoundPrompt | None:
    return next((found for read in _READERS if (found := read(texts)) is not None), None)


def _hidden(data: bytes) -> dict[str, str]:
    """The texts in a picture's pixels by their names; one without a name is A1111's."""
    written = hidden_text(data)
    named = {name: each for name, each in object_in(written).items() if isinstance(each, str)}
    return named or {"parameters": written}
