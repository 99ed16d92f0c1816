"""Kandinsky 2.2: a prior draws what the text looks like, a decoder draws the picture of it."""

from __future__ import annotations

from typing import Any

from engine.families.family import Embeds, Family

__all__ = ["FAMILY"]


def _encode(pipe: Any, text: str | None) -> Embeds:
    """What a text looks like is drawn once for all pictures of it, as an encoder would have it."""
    made = pipe.prior_pipe(text or "")
    return {"image_embeds": made.negative_image_embeds if text is None else made.image_embeds}


FAMILY = Family(
    texts=("image_embeds", "negative_image_embeds"),
    encode=_encode,
    denoisers=("unet",),
    pipeline="KandinskyV22CombinedPipeline",
    part="decoder_pipe",
    said={"output_type": "np"},  # its "pt" is from -1 to 1
)
