"""A large picture in overlapping tiles that a model can draw, and the tiles as one picture again.

Where tiles overlap, each fades into the next. Knows nothing of models or of what happens to a tile.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

__all__ = ["Tiles"]

_OVERLAP = 0.2
"""How much of a tile's side its neighbour covers too, at least."""


class Tiles:
    """Tiles of ``width`` × ``height`` pixels that cover a picture of ``size``, in reading order."""

    def __init__(self, size: tuple[int, int], width: int, height: int) -> None:
        self._size = size
        self._tile = (width, height)
        self.places = [(x, y) for y in _starts(size[1], height) for x in _starts(size[0], width)]

    def cut(self, picture: Image.Image) -> list[Image.Image]:
        """The picture's tiles."""
        width, height = self._tile
        return [picture.crop((x, y, x + width, y + height)) for x, y in self.places]

    def joined(self, tiles: Sequence[Image.Image]) -> Image.Image:
        """The tiles, in the order of `places`, as one picture."""
        width, height = self._tile
        share = np.minimum.outer(_ramp(height), _ramp(width))[..., None]
        total = np.zeros((self._size[1], self._size[0], 3), np.float32)
        shares = np.zeros((self._size[1], self._size[0], 1), np.float32)
        for (x, y), tile in zip(self.places, tiles, strict=True):
            total[y : y + height, x : x + width] += share * np.asarray(tile.convert("RGB"), np.float32)
            shares[y : y + height, x : x + width] += share
        return Image.fromarray((total / shares).round().astype(np.uint8))


def _starts(length: int, tile: int) -> list[int]:
    """Where tiles begin, evenly, so that the last one ends at ``length``."""
    if length <= tile:
        return [0]
    count = math.ceil((length / tile - _OVERLAP) / (1 - _OVERLAP))
    return [round(index * (length - tile) / (count - 1)) for index in range(count)]


def _ramp(length: int) -> npt.NDArray[np.float32]:
    """What a tile's pixels count along one side: rising from its edge for as long as tiles may overlap."""
    edge = np.minimum(np.arange(length), np.arange(length)[::-1]) + 1.0
    return np.minimum(1.0, edge / (_OVERLAP * length)).astype(np.float32)
