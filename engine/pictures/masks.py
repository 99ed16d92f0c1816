"""Masks that people paint: white where a picture is drawn anew, black elsewhere, one bit a pixel.

Small and exact: a mask of a plan's own size says of every pixel what becomes of it. Knows nothing of plans.
"""

from __future__ import annotations

import io

from PIL import Image

from engine.errors import BadPicture
from engine.pictures.decoding import load_input
from engine.planning.canvas import Box

__all__ = ["mask_of"]

_PAINTED = 127
"""From which of 255 levels on a pixel counts as painted: a brush's edge is half of it."""


def mask_of(data: bytes, size: tuple[int, int], place: Box) -> bytes:
    """What was painted over a picture, as a PNG mask of a tile of ``size``.

    ``place`` is where on the tile the picture lies. Raises BadPicture where it cannot be read, or nothing is
    painted.
    """
    painted = load_input(data).convert("L")
    if painted.size != (place.width, place.height):
        painted = painted.resize((place.width, place.height), Image.Resampling.BILINEAR)
    mask = Image.new("L", size)
    mask.paste(painted.point(lambda level: 255 if level > _PAINTED else 0), (place.left, place.top))
    if mask.getbbox() is None:
        raise BadPicture("Nothing is painted: paint over what is to be drawn anew.")
    written = io.BytesIO()
    mask.convert("1").save(written, "PNG", optimize=True)
    return written.getvalue()
