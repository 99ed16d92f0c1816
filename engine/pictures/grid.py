"""Four pictures as one: the 2×2 grid without gaps, 1 top left, 2 top right, 3 bottom left, 4 bottom right.

Knows PNG bytes and nothing of where they come from.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image

__all__ = ["compose"]


def compose(pngs: Sequence[bytes]) -> bytes:
    """One PNG of up to four equally large pictures: one is itself, two stand side by side, more fill 2×2."""
    if not pngs:
        raise ValueError("a grid of no pictures")
    if len(pngs) == 1:
        return pngs[0]
    tiles = [Image.open(io.BytesIO(png)).convert("RGB") for png in pngs]
    width, height = tiles[0].size
    grid = Image.new("RGB", (2 * width, height * ((len(tiles) + 1) // 2)))
    for index, tile in enumerate(tiles):
        grid.paste(tile, (index % 2 * width, index // 2 * height))
    written = io.BytesIO()
    grid.save(written, "PNG", compress_level=3)
    return written.getvalue()
