"""Where a picture lies on a larger or equal canvas, and which parts of it are drawn anew. Pure arithmetic.

Zooming out, panning, squaring and re-drawing a region are the same thing: a canvas, a picture on it, and the
rest. Knows nothing of prompts, pixels or models beyond their sizes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from engine.errors import NoRoom
from engine.planning.registry import ModelEntry

__all__ = [
    "PARTS",
    "Box",
    "Canvas",
    "Direction",
    "Framed",
    "Margins",
    "extended",
    "panned",
    "parted",
    "squared",
    "zoomed",
]

PARTS = 9
"""Into how many parts a picture is divided to be chosen from: three rows of three, in reading order."""

GROWTH = 1.5
"""How many times longer a pan makes its axis."""

_MOST_AREA = 4.0
"""The largest canvas, in squares of the model's own side: what attention costs grows with its square."""

_LEAST_AREA = 0.5
"""The smallest canvas, in the same: models draw badly what is much smaller than what they have learnt."""

_LEAST_KEPT = 0.2
"""What share of a picture's width and of its height stays on a canvas at least."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels, from its upper left corner."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Canvas:
    """Where on the tile the input picture lies, scaled to ``picture``; everything in the tile's pixels.

    ``picture`` may go on beyond the tile, and is cut off there. What it leaves uncovered is drawn. Of what it
    covers, ``parts`` are drawn anew, what ``words`` name, as the ``segmenter`` of that name finds it, and,
    where it is ``masked``, what is white on the job's second input, a picture of the whole tile; all else
    stays as it is. Within ``margin`` pixels around the picture what its edges drawn out would give is held at
    first, the longer the nearer.
    """

    picture: Box
    parts: tuple[Box, ...] = ()
    words: str = ""
    segmenter: str = ""
    margin: int = 0
    masked: bool = False

    def covered(self, width: int, height: int) -> bool:
        """Whether the picture covers all of a tile of that size."""
        right, bottom = self.picture.left + self.picture.width, self.picture.top + self.picture.height
        return max(self.picture.left, self.picture.top) <= 0 and right >= width and bottom >= height

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Canvas:
        """The canvas that ``dataclasses.asdict`` described."""
        boxes = {"picture": Box(**data["picture"]), "parts": tuple(Box(**part) for part in data["parts"])}
        return cls(**(data | boxes))


@dataclass(frozen=True, slots=True)
class Margins:
    """By how much a canvas goes on beyond a picture, in shares of its width and its height.

    A share below 0 cuts as much off the picture.
    """

    left: float = 0.0
    top: float = 0.0
    right: float = 0.0
    bottom: float = 0.0

    def __bool__(self) -> bool:
        """Whether any side lies elsewhere than the picture's."""
        return any((self.left, self.top, self.right, self.bottom))

    @property
    def grow(self) -> bool:
        """Whether the canvas goes on beyond the picture on any side."""
        return max(self.left, self.top, self.right, self.bottom) > 0


class Direction(StrEnum):
    """Where a pan goes."""

    LEFT = "left"
    RIGHT = "right"
    UP = "up"
    DOWN = "down"


Framed: TypeAlias = tuple[int, int, Canvas]
"""The tile's width and height, and what lies on it."""


def zoomed(width: int, height: int, zoom: float, onto: tuple[int, int]) -> Framed:
    """A picture of that size in the middle of a tile of the size ``onto``.

    It is ``zoom`` (≥ 1) times smaller than would just fit.

    Raises NoRoom when it would cover everything.
    """
    scale = min(onto[0] / width, onto[1] / height) / zoom
    box = Box(0, 0, max(1, round(width * scale)), max(1, round(height * scale)))
    left, top = (onto[0] - box.width) // 2, (onto[1] - box.height) // 2
    if not left and not top:
        raise NoRoom("That would draw nothing new: give a `--zoom` above 1, or another `--ar`.")
    return *onto, Canvas(Box(left, top, box.width, box.height))


def panned(width: int, height: int, direction: Direction, entry: ModelEntry) -> Framed:
    """A picture of that size at the far edge of a tile that is 1.5 times longer in one direction.

    Raises NoRoom when the model draws nothing as long, or as large.
    """
    across = direction in (Direction.LEFT, Direction.RIGHT)
    long, short = (width, height) if across else (height, width)
    longer = _multiple(long * GROWTH, entry.multiple)
    if longer > short * entry.max_ratio:
        raise NoRoom(f"{entry.title} draws nothing longer than {entry.max_ratio:g}:1. Zoom out instead.")
    size = (longer, height) if across else (width, longer)
    _fits(*size, entry)
    left = size[0] - width if direction is Direction.LEFT else 0
    top = size[1] - height if direction is Direction.UP else 0
    return *size, Canvas(Box(left, top, width, height))


def squared(width: int, height: int, entry: ModelEntry) -> Framed:
    """A picture of that size in the middle of a square as wide as its longer side. Raises NoRoom."""
    side = max(width, height)
    if width == height:
        raise NoRoom("The picture is square already.")
    _fits(side, side, entry)
    return side, side, Canvas(Box((side - width) // 2, (side - height) // 2, width, height))


def extended(width: int, height: int, margins: Margins, entry: ModelEntry) -> Framed:
    """A picture of that size on a canvas whose sides lie beyond it, or within it, as ``margins`` say.

    It keeps its scale as long as the model draws so much and so little: on a larger canvas it is smaller, and
    what is cut out of it small is enlarged. The canvas' sides are the next multiples that the model takes.
    Raises NoRoom when the model draws nothing as long, or next to nothing of the picture would be left.
    """
    across, down = _Axis(width, margins.left, margins.right), _Axis(height, margins.top, margins.bottom)
    if min(across.kept / width, down.kept / height) < _LEAST_KEPT - 1e-6:
        raise NoRoom("At least a fifth of the picture's width and of its height stays on the canvas.")
    area, most = across.whole * down.whole, _MOST_AREA * entry.side**2
    least = _LEAST_AREA * min(entry.side**2, width * height)
    scale, step = min(1.0, math.sqrt(most / area)), entry.multiple
    up = scale == 1
    size = tuple(_multiple(axis.whole * scale, step, up=up) for axis in (across, down))
    if up and size[0] * size[1] > most:  # the next multiples are too many by a little
        size = tuple(_multiple(axis.whole, step, up=False) for axis in (across, down))
        up = False
    scale = 1.0 if up else min(size[0] / across.whole, size[1] / down.whole)
    if area < least:
        scale, size = _enlarged((across, down), math.sqrt(least / area), step)
    if max(size) > min(size) * entry.max_ratio:
        raise NoRoom(f"{entry.title} draws nothing longer than {entry.max_ratio:g}:1.")
    (left, wide), (top, high) = across.place(scale, size[0]), down.place(scale, size[1])
    return size[0], size[1], Canvas(Box(left, top, wide, high))


@dataclass(frozen=True, slots=True)
class _Axis:
    """One direction: a picture's length in pixels, and where the canvas' sides lie, in shares of that."""

    length: int
    before: float
    behind: float

    @property
    def grows(self) -> bool:
        """Whether the canvas goes on beyond the picture."""
        return max(self.before, self.behind) > 0

    @property
    def kept(self) -> float:
        """How much of the picture stays on the canvas, in its pixels."""
        return self.length * (1 + min(0.0, self.before) + min(0.0, self.behind))

    @property
    def whole(self) -> float:
        """The canvas' length, in the picture's pixels."""
        return self.length * (1 + self.before + self.behind)

    def place(self, scale: float, size: int) -> tuple[int, int]:
        """Where on a canvas of ``size`` pixels the scaled picture begins, below 0 if cut, and its length.

        What the canvas is longer or shorter than asked for is taken where there is something to be drawn,
        else from what is cut off: a picture that only loses something is seen up to every edge.
        """
        length = max(1, round(self.length * scale))
        free = size - length
        if self.before == self.behind == 0:
            return free // 2, length
        sides = (self.before, self.behind)
        first, last = (max(0.0, side) if self.grows else -side for side in sides)
        spare = free - length * (self.before + self.behind)
        begin = round(length * self.before + spare * first / (first + last))
        if self.grows:
            return begin, length
        length = max(length, size)  # rounding may lack a pixel
        return min(0, max(begin, size - length)), length


def _enlarged(axes: tuple[_Axis, _Axis], scale: float, step: int) -> tuple[float, tuple[int, ...]]:
    """The scale and the sides of a canvas that shows little of a picture: near ``scale``, no edge bare."""
    still = {axis: _multiple(axis.whole * scale, step) for axis in axes if not axis.grows}
    scale = max((size / axis.whole for axis, size in still.items()), default=scale)
    return scale, tuple(still.get(axis) or _multiple(axis.whole * scale, step, up=True) for axis in axes)


def parted(width: int, height: int, parts: frozenset[int]) -> Framed:
    """A picture in its own place, of which the given ``parts`` (0–8, in reading order) are drawn anew."""
    if not parts or not parts <= set(range(PARTS)):
        raise ValueError(f"parts {sorted(parts)} of a picture with {PARTS}")
    columns, lines = ([round(side * third / 3) for third in range(4)] for side in (width, height))
    boxes = [
        Box(columns[x], lines[y], columns[x + 1] - columns[x], lines[y + 1] - lines[y])
        for y, x in (divmod(part, 3) for part in sorted(parts))
    ]
    return width, height, Canvas(Box(0, 0, width, height), tuple(boxes))


def _multiple(length: float, step: int, *, up: bool | None = None) -> int:
    """The nearest multiple of ``step``; the next one where ``up`` says so, the last one where it says not."""
    times = length / step
    whole = round(times) if up is None else math.ceil(times - 1e-6) if up else math.floor(times + 1e-6)
    return max(1, whole) * step


def _fits(width: int, height: int, entry: ModelEntry) -> None:
    if width * height > _MOST_AREA * entry.side**2:
        side = math.floor(entry.side * math.sqrt(_MOST_AREA))
        raise NoRoom(f"{entry.title} draws nothing larger than {side} × {side} pixels. Zoom out instead.")
