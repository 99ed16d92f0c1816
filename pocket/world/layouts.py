"""Scene → where everything stands: the layouts that a scene has, in cells. Paints nothing."""

import math
from dataclasses import dataclass
from itertools import product
from random import Random

from pocket.world.cells import Cells
from pocket.world.palettes import SETTINGS, fitting
from pocket.world.scenes import COLOURS, Scene
from pocket.world.styles import Colour, tinted

# Radii of one of several, in cells: the fewer there are, the sooner a kind is learnt in all of them.
_RADII = (3.0, 2.75, 2.5, 2.25, 2.0, 1.5, 1.0)
_SMALL = 2.5  # the radius of a small thing in cells; what is smaller has no rays and no ears
_SHARES = {"medium": 0.27, "big": 0.4}  # radii of a single thing as shares of the shorter side
_MARGIN = 0.2  # cells between a thing and the picture's edge
_AIRBORNE = {"moon", "sun", "cloud", "star", "bird", "balloon", "butterfly", "rocket", "heart"}
# Where the ground is on which things stand, as a share of the height: where the first palette has it. Under
# water they swim.
_HORIZON = {name: them[0].horizon for name, them in SETTINGS.items() if them[0].horizon < 0.8}
Places = tuple[tuple[float, float, float], ...]  # centres, on corners of cells, and radii in cells


@dataclass(frozen=True, slots=True)
class Placed:
    """A thing at its place: centre as fractions of the sides, radius as a fraction of the shorter side.

    Nothing is ever mirrored: of a kind that may face either way a small model draws both ways at once.
    """

    kind: str
    colour: Colour
    x: float
    y: float
    radius: float


def layouts(scene: Scene, width: int, height: int) -> int:
    """How many pictures there are of a scene, but for small chance: where its things stand, and on what."""
    return max(len(fitting(scene)), len(_places(scene, Cells.of(width, height))))


def arrange(
    scene: Scene, width: int, height: int, rng: Random, layout: int, like: Scene | None = None
) -> list[Placed]:
    """Where everything stands in a layout, in colours that chance tints a little.

    With `like`, a scene of as many things, they stand where those of that scene would.
    """
    cells = Cells.of(width, height)
    options = _places(like or scene, cells)
    places = options[layout % len(options)]
    tints = [tinted(COLOURS[t.colour], rng, 5) for t in scene.things]
    things = [(t.kind, tint) for t, tint in zip(scene.things, tints, strict=True) for _ in range(t.count)]
    return [
        Placed(kind, tint, x / cells.across, y / cells.down, r / cells.short)
        for (kind, tint), (x, y, r) in zip(things, places, strict=True)
    ]


def _places(scene: Scene, cells: Cells) -> list[Places]:
    """All that the scene's things may stand at, a few and well apart.

    Of two places that are near each other a small model makes one thing that is too wide, or two.
    """
    found = (_pair_places if len(scene.things) == 2 else _group_places)(scene, cells)
    return list(dict.fromkeys(found))


def _heights(kind: str, setting: str, radius: float, cells: Cells) -> list[float]:
    """Two heights of the centre: on the ground where there is one, else about the middle."""
    horizon = _HORIZON.get(setting)
    if horizon is None:
        high, low = 0.36 * cells.down, 0.64 * cells.down
    elif kind in _AIRBORNE:
        high, low = 0.42 * cells.down - 2, 0.42 * cells.down + 1
    else:
        high = (horizon + 0.12) * cells.down - radius
        low = high + 2
    return [_on_corner(y, radius, cells.down) for y in (high, low)]


def _on_corner(place: float, radius: float, along: float) -> float:
    """The nearest corner of cells at which the thing lies inside the picture."""
    least, most = math.ceil(radius + _MARGIN), math.floor(along - radius - _MARGIN)
    return min(max(math.floor(place + 0.5), least), most)


def _across(radius: float, cells: Cells, apart: float) -> list[float]:
    """Where a thing may stand: in the middle, and at `apart` cells to either side of it."""
    middle = cells.across / 2
    left, right = (_on_corner(middle + a, radius, cells.across) for a in (-apart, apart))
    if right - left < 3:
        return [_on_corner(middle, radius, cells.across)]
    return [left, _on_corner(middle, radius, cells.across), right] if right - left >= 6 else [left, right]


def _group_places(scene: Scene, cells: Cells) -> list[Places]:
    thing = scene.things[0]
    if thing.count == 1:
        r = _SMALL if thing.size == "small" else math.floor(_SHARES[thing.size] * cells.short)
        heights = _heights(thing.kind, scene.setting, r, cells)
        return [((x, y, r),) for x in _across(r, cells, 0.2 * cells.across) for y in heights]
    rows, r = _rows(thing.count, cells)
    lines: list[list[float]] = [[*_in_line(len(rows), r, cells.down, 0.4 * cells.down)]]
    if len(rows) == 1:
        lines = [[y] for y in _heights(thing.kind, scene.setting, r, cells)]
    return [
        tuple((x, y, r) for y, n in zip(ys, rows, strict=True) for x in _in_line(n, r, cells.across))
        for ys in lines
    ]


def _rows(n: int, cells: Cells) -> tuple[tuple[int, ...], float]:
    """How many stand in each row, and their radius: large things in few rows."""
    candidates = {2: ((2,), (1, 1)), 3: ((1, 2), (3,), (1, 1, 1)), 4: ((2, 2), (4,), (1, 1, 1, 1))}[n]
    found = [
        (rows, min(_radius(max(rows), cells.across), _radius(len(rows), cells.down))) for rows in candidates
    ]
    return max(found, key=lambda layout: layout[1] - 0.25 * len(layout[0]))


def _radius(n: int, along: float) -> float:
    """The largest radius at which `n` things find room along a side; 0 where there is none."""
    return next((r for r in _RADII if _in_line(n, r, along)), 0.0)


def _in_line(n: int, radius: float, along: float, wish: float = 0.0) -> list[int]:
    """`n` corners about the middle of a side, for things at least a cell from each other; none if none fit.

    Two cells between them, or `wish` between their centres where that is more, as far as there is room.
    """
    least = math.ceil(2 * radius + 1)
    for apart in range(max(least + 1, math.floor(wish + 0.5)), least - 1, -1):
        first = math.floor((along - (n - 1) * apart) / 2 + 0.5)
        if first - radius >= _MARGIN and first + (n - 1) * apart + radius <= along - _MARGIN:
            return [first + i * apart for i in range(n)]
    return []


def _pair_places(scene: Scene, cells: Cells) -> list[Places]:
    """What is said first stands left, of two beside each other too.

    Where either order would do, a small model draws the same thing twice.
    """
    if scene.relation == "above":
        r = min(_radius(2, cells.down), _radius(1, cells.across))
        ys = _in_line(2, r, cells.down, cells.down / 2)
        either = _across(r, cells, 2)
        return [tuple((x, y, r) for x, y in zip(xs, ys, strict=True)) for xs in product(either, either)]
    r = min(_radius(2, cells.across), _radius(1, cells.down))
    xs = _in_line(2, r, cells.across, cells.across / 2)
    heights = [_heights(thing.kind, scene.setting, r, cells) for thing in scene.things]
    return [tuple((x, y, r) for x, y in zip(xs, ys, strict=True)) for ys in product(*heights)]
