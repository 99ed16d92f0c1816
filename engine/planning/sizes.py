"""How large a tile is: the proportion that was asked for, about the area that the model was trained at.

Pure arithmetic; knows nothing of prompts or pictures.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Protocol

from engine.planning.registry import ModelEntry

__all__ = ["alike", "proportion", "tile_size"]

_NEAR = 0.03
"""By how much (its logarithm: about 3 %) a proportion may differ and still be the same to the eye."""

_PROPORTION_COUNTS = 5.0
"""How many times as much as the area: people see a wrong proportion, not a wrong area."""


class Proportioned(Protocol):
    """The part of a `GenerationSpec` that gives a picture its proportion."""

    @property
    def aspect(self) -> tuple[int, int] | None:
        """The value of `--ar`, width to height."""


def proportion(spec: Proportioned) -> float:
    """Width over height as a prompt asks for it; a square where it says nothing."""
    return spec.aspect[0] / spec.aspect[1] if spec.aspect else 1.0


def alike(ratio: float, other: float) -> bool:
    """Whether two proportions are the same to the eye."""
    return abs(math.log(ratio / other)) < _NEAR


def tile_size(entry: ModelEntry, ratio: float) -> tuple[int, int, tuple[str, ...]]:
    """Width and height of a tile, width over height being ``ratio``, and a note when that was too far.

    A size from the model's table is taken when its proportion is within 3 %. Otherwise it is the multiples
    whose proportion and area come closest, the proportion counting five times as much as the area.
    """
    notes: tuple[str, ...] = ()
    limit = entry.max_ratio
    if not 1 / limit <= ratio <= limit:
        notes = (f"{entry.name} draws nothing longer than {limit:g}:1, so the picture is that.",)
        ratio = min(max(ratio, 1 / limit), limit)
    for width, height in entry.sizes:
        if alike(width / height, ratio):
            return width, height, notes
    width, height = min(_candidates(entry, ratio), key=lambda size: _misfit(size, ratio, entry.side))
    return width, height, notes


def _candidates(entry: ModelEntry, ratio: float) -> Iterator[tuple[int, int]]:
    step = entry.multiple
    longest = entry.side * math.sqrt(entry.max_ratio) * 1.25
    for columns in range(1, math.ceil(longest / step) + 1):
        width = columns * step
        below = max(1, int(width / ratio / step))
        yield width, below * step
        yield width, (below + 1) * step


def _misfit(size: tuple[int, int], ratio: float, side: int) -> float:
    width, height = size
    proportion = abs(math.log(width / height / ratio))
    area = abs(math.log(width * height / side**2))
    return _PROPORTION_COUNTS * proportion + area
