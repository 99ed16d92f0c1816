"""Pictures side by side: the 2×2 grid without gaps, 1 top left, 2 top right, 3 bottom left, 4 bottom right.

Knows nothing of where the pictures come from.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image

from engine.pictures.decoding import to_png

__all__ = ["COLUMNS", "laid_out", "make_grid"]

COLUMNS = 2
"""How many pictures stand side by side at most: four are 2×2."""


def laid_out(tiles: Sequence[Image.Image]) -> Image.Image:
    """Equally large RGB pictures as one: one is itself, two stand side by side, more fill rows of two."""
    width, height = tiles[0].size
    columns = min(len(tiles), COLUMNS)
    grid = Image.new("RGB", (columns * width, height * -(-len(tiles) // columns)))
    for index, tile in enumerate(tiles):
        grid.paste(tile, (index % columns * width, index // columns * height))
    return grid


def make_grid(pngs: Sequence[bytes]) -> bytes:
    """One PNG of up to four equally large pictures; one picture is its own grid, unchanged."""
    if not pngs:
        raise ValueError("a grid of no pictures")
    if len(pngs) == 1:
        return pngs[0]
    return to_png(laid_out([Image.open(io.BytesIO(png)).convert("RGB") for png in pngs]))
