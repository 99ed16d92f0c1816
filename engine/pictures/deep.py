"""Pictures of more than eight bits a channel: numbers of whatever range, as eight bits.

Loads numpy, so that it is loaded where such a picture comes and not before. Knows nothing of files.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

__all__ = ["floats", "opaque", "shallow"]

_LEAST_FLOAT = 0.02
"""The brightest floats that are still meant as 0 to 1; darker pictures are stretched over what they have."""

_LEAST_BYTE = 16.0
"""The same for floats that are meant as 0 to 255."""


def floats(picture: Image.Image, *, signed: bool) -> Image.Image:
    """A picture of 32-bit integers, which Pillow holds as signed ones, as floats."""
    numbers = np.asarray(picture)
    return Image.fromarray((numbers if signed else numbers.view(np.uint32)).astype(np.float32))


def opaque(picture: Image.Image, hole: int) -> Image.Image:
    """255 for the pixels of a grey picture that are not of the transparent value, else 0."""
    return Image.fromarray((np.asarray(picture) != hole).astype(np.uint8) * np.uint8(255))


def shallow(picture: Image.Image) -> Image.Image:
    """Eight bits a channel, from floats of whatever range they have."""
    numbers = np.nan_to_num(np.asarray(picture), nan=0.0, posinf=np.inf, neginf=-np.inf)
    finite = numbers[np.isfinite(numbers)]
    if not finite.size:
        return Image.new("L", picture.size)
    low, high = _range(finite)
    scaled = (np.clip(numbers, low, high) - low) * np.float32(255 / (high - low))
    return Image.fromarray(np.rint(scaled).astype(np.uint8))


def _range(numbers: np.ndarray) -> tuple[float, float]:
    """What is black and what is white: a usual range where the numbers fill it, else their own.

    A few numbers may lie past 0 to 1: highlights do, and so does what a scaling overshot.
    """
    low, high = (float(number) for number in np.percentile(numbers, (0.5, 99.5)))
    least, most = float(numbers.min()), float(numbers.max())
    if most == least:
        return min(0.0, least), max(1.0, most)
    if _LEAST_FLOAT < high <= 1.02 and low >= -0.02:
        return 0.0, 1.0
    if _LEAST_FLOAT < high <= 1.02 and low >= -1.02:
        return -1.0, 1.0
    if high > _LEAST_BYTE and most <= 256 and least >= -1:
        return 0.0, 255.0
    return least, most
