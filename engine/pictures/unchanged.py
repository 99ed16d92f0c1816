"""What an edit left alone, told from what it changed by how far the pixels moved. Knows no models."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageChops, ImageFilter

__all__ = ["kept"]

_NEAR = 5
"""Pixels each way over which a difference is averaged: an edge drawn a little softer is no change."""

_AROUND = 13
"""How many pixels wide the square is by which what changed grows, its soft edges and shadows included."""

_SEAM = 3
"""Pixels over which what changed goes over into what stays."""


def kept(
    before: Image.Image, after: Image.Image, still: float, places: Image.Image | None = None
) -> Image.Image:
    """``after`` with all of ``before`` that differs from it by less than ``still`` (of 255) laid over it.

    Both are RGB and of one size. A difference is the mean over the neighbourhood, in the channel where it is
    largest. Of ``places`` (mode L, of any size) only white ones may have changed at all.
    """
    one, other = (np.asarray(picture.convert("RGB"), dtype=np.int16) for picture in (before, after))
    apart = Image.fromarray(np.abs(one - other).max(-1).astype(np.uint8))
    near = apart.filter(ImageFilter.BoxBlur(_NEAR // 2))
    changed = near.point(lambda value: 255 if value >= still else 0)
    grown = changed.filter(ImageFilter.MaxFilter(_AROUND))
    if places is not None:
        grown = ImageChops.darker(grown, places.resize(grown.size, Image.Resampling.NEAREST))
    seam = grown.filter(ImageFilter.BoxBlur(_SEAM))
    return Image.composite(after.convert("RGB"), before.convert("RGB"), seam)
