"""Masks that people paint: white where a picture is drawn anew, black elsewhere, one bit a pixel.

Small and exact: a mask of a plan's own size says of every pixel what becomes of it. Knows nothing of plans.
"""

from __future__ import annotations

import io

from PIL import Image

from engine.errors import BadPicture
from engine.pictures.decoding import load_input

__all__ = ["mask_of"]

_PAINTED = 127
"""From which of 255 levels on a pixel counts as painted: a brush's edge is half of it."""


def mask_of(data: bytes, size: tuple[int, int]) -> bytes:
    """A painted picture as a PNG mask of ``size`` (width, height). Raises BadPicture where nothing is painted."""
    painted = load_input(data).convert("L")
    if painted.size != size:
        painted = painted.resize(size, Image.Resampling.BILINEAR)
    mask = painted.point(lambda level: 255 if level > _PAINTED else 0)
    if mask.getbbox() is None:
        raise BadPicture("Nothing is painted: paint over what is to be drawn anew.")
    written = io.BytesIO()
    mask.convert("1").save(written, "PNG", optimize=True)
    return written.getvalue()
