"""Where in a picture is what some words name: a mask, by a segmenter of the transformers kind (CLIPSeg).

It runs on the CPU: it is asked seldom, and the pictures need the rest. Knows nothing of what the mask is for.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import torch
from PIL import Image, ImageFilter
from torch.nn.functional import interpolate
from transformers import CLIPSegForImageSegmentation, CLIPSegProcessor

from engine.errors import ModelUnavailable, NotFound
from engine.pictures.decoding import load_input, to_png
from engine.planning.registry import SegmenterEntry
from engine.seeing.loading import loading

__all__ = ["likelihood", "located", "mask_of"]

_SURE = 0.35
"""How likely a pixel must be part of it; thin things are never more likely than that."""

_LEAST, _MOST = 0.002, 0.9
"""What share of a picture a thing in it covers: less is chance, more is everything."""

_MARGIN = 0.02
"""How much of the shorter side is added around: a thing's edge and shadow go with it."""


def located(picture: bytes, words: str, segmenter: str, segmenters: Sequence[SegmenterEntry]) -> bytes:
    """A PNG of the picture's size, white where ``words`` are, black elsewhere.

    Raises NotFound when they are nowhere, ModelUnavailable when there is no such ``segmenter``, BadPicture.
    """
    image = load_input(picture)
    entry = next((entry for entry in segmenters if entry.name == segmenter), None)
    if entry is None:
        raise ModelUnavailable(f"There is no model “{segmenter}” here that finds things by their names.")
    return to_png(mask_of(likelihood(entry, image, words), words))


def mask_of(likely: torch.Tensor, words: str) -> Image.Image:
    """White where ``likely`` (height, width; 0–1) is sure, and a little around it.

    Raises NotFound when that is next to nothing, or everything.
    """
    sure = likely > _SURE
    if not _LEAST <= float(sure.float().mean()) <= _MOST:
        raise NotFound(f"“{words}” was not found in the picture. Name it otherwise, or choose its parts.")
    mask = Image.fromarray((sure.byte() * 255).numpy())
    margin = max(1, round(_MARGIN * min(mask.size)))
    return mask.filter(ImageFilter.MaxFilter(2 * margin + 1))


def likelihood(entry: SegmenterEntry, image: Image.Image, words: str) -> torch.Tensor:
    """How likely each pixel is part of what ``words`` name: (height, width), 0–1."""
    model, processor = _loaded(entry)
    inputs = processor(text=[words], images=[image], padding=True, truncation=True, return_tensors="pt")
    with torch.no_grad():
        logits = model(**inputs).logits
    field = logits.reshape(1, 1, *logits.shape[-2:]).sigmoid()
    size = (image.height, image.width)
    whole: torch.Tensor = interpolate(field, size, mode="bilinear", align_corners=False)[0, 0]
    return whole


@lru_cache(maxsize=1)
def _loaded(entry: SegmenterEntry) -> tuple[Any, Any]:
    with loading(entry) as source:
        return CLIPSegForImageSegmentation.from_pretrained(**source).eval(), CLIPSegProcessor.from_pretrained(
            **source
        )
