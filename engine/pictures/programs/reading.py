"""The prompt in a picture's file, whichever program wrote it. Knows the programs, and no pixels."""

from __future__ import annotations

from engine.pictures.claims import claims_of
from engine.pictures.file_texts import texts_of
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
from engine.pictures.programs.found import FoundPrompt

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
    texts = texts_of(data)
    return next((found for read in _READERS if (found := read(texts)) is not None), None)
