"""Where a picture has edges, as the maps that ControlNets for edges are drawn from: white lines on black.

The detector is Canny's (J. Canny, "A Computational Approach to Edge Detection", IEEE PAMI 8(6), 1986):
gradients by Sobel's operator, thinned to their ridges, kept where they are steep or lead on from where they
are. Of the three colours each pixel's steepest counts, and steepness is |dx| + |dy| of bytes, so that the
thresholds mean what they mean in the tools with which public ControlNets were trained. Knows nothing of
models; the embedded model's control is trained on these very maps.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

__all__ = ["HIGH", "LOW", "edges"]

LOW, HIGH = 100, 200
"""Steepness from which an edge may go on, and from which it begins: what Canny maps are usually made with."""

_LEVEL = 0.41421356  # tan 22.5°: gradients flatter than this lead to the left or right neighbour
_STEEP = 2.41421356  # tan 67.5°


def edges(picture: Image.Image, low: int = LOW, high: int = HIGH) -> Image.Image:
    """The edges of a picture, as an RGB picture of its size, white on black.

    ``low`` and ``high`` are in steps of |dx| + |dy|, 0 to 2040 each.
    """
    found = _linked(*_ridges(np.asarray(picture.convert("RGB"), dtype=np.int32)), low, high)
    return Image.fromarray(np.where(found, 255, 0).astype(np.uint8)).convert("RGB")


def _ridges(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (h, w, 3) → how steep each is (h, w), and whether no neighbour across its edge is steeper."""
    p = np.pad(pixels, ((1, 1), (1, 1), (0, 0)), mode="edge")
    across = p[:-2] + 2 * p[1:-1] + p[2:]
    down = p[:, :-2] + 2 * p[:, 1:-1] + p[:, 2:]
    dx, dy = across[:, 2:] - across[:, :-2], down[2:] - down[:-2]
    steepest = (np.abs(dx) + np.abs(dy)).argmax(-1)[..., None]
    dx, dy = (np.take_along_axis(each, steepest, -1)[..., 0] for each in (dx, dy))
    steep = np.abs(dx) + np.abs(dy)
    around = np.pad(steep, 1)
    h, w = steep.shape

    def beside(y: int, x: int) -> np.ndarray:
        """The steepness of each pixel's neighbour."""
        return around[1 + y : 1 + y + h, 1 + x : 1 + x + w]

    level = np.abs(dy) < _LEVEL * np.abs(dx)
    upright = np.abs(dy) > _STEEP * np.abs(dx)
    falling = (dx ^ dy) >= 0  # from the upper left to the lower right
    ridge = np.where(
        level,
        (steep > beside(0, -1)) & (steep >= beside(0, 1)),
        np.where(
            upright,
            (steep > beside(-1, 0)) & (steep >= beside(1, 0)),
            np.where(
                falling,
                (steep > beside(-1, -1)) & (steep > beside(1, 1)),
                (steep > beside(-1, 1)) & (steep > beside(1, -1)),
            ),
        ),
    )
    return steep, ridge


def _linked(steep: np.ndarray, ridge: np.ndarray, low: int, high: int) -> np.ndarray:
    """The ridges above ``high``, and those above ``low`` that touch them, however far along."""
    h, w = steep.shape
    weak = np.pad(ridge & (steep > low), 1).ravel()
    found = np.pad(ridge & (steep > high), 1).ravel()
    row = w + 2
    around = np.array([-row - 1, -row, -row + 1, -1, 1, row - 1, row, row + 1])
    ends = np.flatnonzero(found)
    while ends.size:
        near = (ends[:, None] + around).ravel()
        ends = np.unique(near[weak[near] & ~found[near]])
        found[ends] = True
    return found.reshape(h + 2, row)[1:-1, 1:-1]
