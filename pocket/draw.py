"""Scene → picture: arranges the things, paints the setting and them, anti-aliased. Knows nothing of words."""

import math
from dataclasses import dataclass
from itertools import product
from random import Random

import numpy as np
from PIL import Image, ImageDraw

from pocket.scenes import COLOURS, Scene
from pocket.shapes import DRAWINGS
from pocket.styles import BRUSHES, Colour, Shape, mix

_TONES: dict[str, Colour] = {
    "ink": (44, 38, 52),
    "white": (255, 253, 247),
    "wood": (122, 82, 50),
    "leaf": (84, 158, 74),
    "yolk": (255, 206, 70),
    "tan": (190, 144, 98),
    "glass": (206, 232, 246),
    "beak": (250, 166, 48),
    "blush": (248, 170, 172),
}
# Radii of one of several, in cells: the fewer there are, the sooner a kind is learnt in all of them.
_RADII = (3.0, 2.75, 2.5, 2.25, 2.0, 1.5, 1.0)
_SMALL = 2.5  # the radius of a small thing in cells; what is smaller has no rays and no ears
_SHARES = {"medium": 0.27, "big": 0.4}  # radii of a single thing as shares of the shorter side
_MARGIN = 0.2  # cells between a thing and the picture's edge
_AIRBORNE = {"moon", "sun", "cloud", "star", "bird", "balloon", "butterfly", "rocket", "heart"}
_HORIZON = {
    "grass": 0.64,
    "snow": 0.64,
    "night": 0.74,
    "sunset": 0.72,
    "desert": 0.66,
    "sea": 0.62,
    "forest": 0.7,
}


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


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of a picture, those of the latents: everything stands on their corners.

    So the same outline always falls on cells in the same way, which a small model learns many times sooner.
    """

    side: int  # pixels
    across: float
    down: float

    @classmethod
    def of(cls, width: int, height: int) -> "Cells":
        """About 16 by 16 of them, whatever the picture's size."""
        side = max(1, round(math.sqrt(width * height) / 16))
        return cls(side, width / side, height / side)

    @property
    def short(self) -> float:
        """Cells along the shorter side."""
        return min(self.across, self.down)


def draw(
    scene: Scene, width: int, height: int, rng: Random, fine: int = 3, layout: int | None = None
) -> Image.Image:
    """The scene as an RGB picture of `width`×`height`, in one of its layouts, or in any if None.

    `fine` is the supersampling factor per side.
    """
    if layout is None:
        layout = rng.randrange(layouts(scene, width, height))
    w, h = width * fine, height * fine
    style, cell = BRUSHES[scene.style], Cells.of(w, h).side
    picture = Image.new("RGB", (w, h))
    _paint_setting(ImageDraw.Draw(picture), scene, w, h, rng, layout)
    picture = style.ground(picture, cell)
    for placed in arrange(scene, width, height, rng, layout):
        style.thing(picture, _shapes(placed, w, h), cell)
    picture = style.finish(picture, cell)
    return picture.reduce(fine) if fine > 1 else picture


def layouts(scene: Scene, width: int, height: int) -> int:
    """How many pictures there are of a scene, but for small chance: where its things stand, and on what."""
    backdrops = len(_UNSAID) if scene.setting == "plain" and scene.backdrop is None else 1
    return max(backdrops, len(_places(scene, Cells.of(width, height))))


def arrange(scene: Scene, width: int, height: int, rng: Random, layout: int) -> list[Placed]:
    """Where everything stands in a layout, in colours that chance tints a little."""
    cells = Cells.of(width, height)
    options = _places(scene, cells)
    places = options[layout % len(options)]
    tints = [_jitter(COLOURS[t.colour], rng, 5) for t in scene.things]
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


def _jitter(colour: Colour, rng: Random, amount: int) -> Colour:
    return tuple(min(255, max(0, c + rng.randint(-amount, amount))) for c in colour)


def _tone(name: str, main: Colour) -> Colour:
    brightness = sum(main) / 3
    if name == "main":
        return main
    if name == "dark":
        if brightness < 60:
            return mix(main, (150, 160, 190), 0.25)
        return mix(main, (90, 60, 150), 0.57) if brightness > 235 else mix(main, (20, 16, 50), 0.28)
    if name in ("light", "white") and brightness > 235:
        return mix(main, (160, 136, 188), 0.6)  # lilac: neither the white around it nor snow nor grey
    if name == "light":
        return mix(main, (255, 255, 255), 0.4)
    if name == "yolk" and main[0] > 200 and main[1] > 170 and main[2] < 120:
        return (150, 92, 46)
    if name == "ink" and brightness < 60:
        return (250, 226, 120)
    return _TONES[name]


def _shapes(placed: Placed, w: int, h: int) -> list[Shape]:
    """The thing's parts where they stand, in their colours."""
    radius = placed.radius * min(w, h)
    centre = np.array([placed.x * w, placed.y * h], dtype=np.float32)
    return [
        (tone, _tone(tone, placed.colour), outline * radius + centre)
        for tone, outline in DRAWINGS[placed.kind]
    ]


def backdrop_colour(name: str) -> Colour:
    """The softened tone that a plain background of this name has."""
    if name == "black":
        return (48, 46, 56)
    if name == "white":
        return (246, 245, 241)
    if name == "grey":
        return (182, 186, 194)
    return mix(COLOURS[name], (255, 255, 255), 0.52)


_UNSAID: tuple[Colour, ...] = (
    (244, 226, 190),
    (184, 208, 234),
    (212, 206, 196),
    (222, 206, 232),
    (200, 228, 204),
)


def _paint_setting(
    brush: ImageDraw.ImageDraw, scene: Scene, w: int, h: int, rng: Random, layout: int
) -> None:
    if scene.setting == "plain":
        colour = backdrop_colour(scene.backdrop) if scene.backdrop else _UNSAID[layout % len(_UNSAID)]
        brush.rectangle((0, 0, w, h), fill=_jitter(colour, rng, 3))
        return
    _SETTINGS[scene.setting](brush, w, h, rng)


def _fade(
    brush: ImageDraw.ImageDraw, w: int, h: int, top: Colour, bottom: Colour, until: float = 1.0
) -> None:
    end = max(1, round(h * until))
    for y in range(h):
        brush.line((0, y, w, y), fill=mix(top, bottom, min(1.0, y / end)))


def _ground(
    brush: ImageDraw.ImageDraw, w: int, h: int, y: float, colour: Colour, rng: Random, bow: float = 0.06
) -> None:
    x = np.linspace(0, 1, 33)
    line = y + 0.35 * bow * np.sin(rng.choice((0.4, 1.9, 3.5, 5.0)) + x * 3.6)
    points = [(px * w, py * h) for px, py in zip(x, line, strict=True)]
    brush.polygon([*points, (w, h), (0, h)], fill=colour)


def _dots(
    brush: ImageDraw.ImageDraw,
    w: int,
    h: int,
    rng: Random,
    n: int,
    until: float,
    colour: Colour,
    radius: float,
) -> None:
    """Stars, flakes or bubbles: each in the middle of a cell, no two in one."""
    cells = Cells.of(w, h)
    across, down = int(cells.across), int(cells.down * until)
    r = radius * min(w, h)
    for place in rng.sample(range(across * down), n):
        x, y = (place % across + 0.5) * cells.side, (place // across + 0.5) * cells.side
        brush.ellipse((x - r, y - r, x + r, y + r), fill=colour)


def _grass(brush: ImageDraw.ImageDraw, w: int, h: int, rng: Random) -> None:
    _fade(brush, w, h, (128, 192, 240), (172, 216, 246), 0.64)
    _ground(brush, w, h, _HORIZON["grass"], (168, 216, 106), rng)
    _ground(brush, w, h, 0.86, (152, 206, 94), rng)


def _snow(brush: ImageDraw.ImageDraw, w: int, h: int, rng: Random) -> None:
    _fade(brush, w, h, (126, 162, 206), (162, 190, 222), 0.64)
    _ground(brush, w, h, _HORIZON["snow"], (192, 209, 236), rng)
    _dots(brush, w, h, rng, 16, 0.66, (246, 250, 255), 0.011)


def _night(brush: ImageDraw.ImageDraw, w: int, h: int, rng: Random) -> None:
    _fade(brush, w, h, (34, 66, 122), (58, 100, 154), 0.74)
    _dots(brush, w, h, rng, 16, 0.66, (250, 240, 190), 0.008)
    _ground(brush, w, h, _HORIZON["night"], (56, 74, 136), rng)


def _sunset(brush: ImageDraw.ImageDraw, w: int, h: int, rng: Random) -> None:
    _fade(brush, w, h, (250, 150, 112), (255, 214, 140), 0.72)
    _ground(brush, w, h, _HORIZON["sunset"], (120, 80, 140), rng)


def _underwater(brush: ImageDraw.ImageDraw, w: int, h: int, rng: Random) -> None:
    _fade(brush, w, h, (112, 180, 244), (40, 96, 188))
    _ground(brush, w, h, 0.88, (214, 196, 146), rng)
    _dots(brush, w, h, rng, 9, 0.8, (176, 222, 240), 0.016)


def _desert(brush: ImageDraw.ImageDraw, w: int, h: int, rng: Random) -> None:
    _fade(brush, w, h, (120, 184, 226), (218, 202, 162), 0.66)
    _ground(brush, w, h, _HORIZON["desert"], (232, 194, 124), rng, 0.12)
    _ground(brush, w, h, 0.84, (220, 178, 106), rng, 0.12)


def _sea(brush: ImageDraw.ImageDraw, w: int, h: int, rng: Random) -> None:
    _fade(brush, w, h, (150, 206, 240), (200, 230, 248), 0.62)
    brush.rectangle((0, _HORIZON["sea"] * h, w, h), fill=(84, 156, 208))
    _ground(brush, w, h, 0.84, (66, 138, 194), rng)


def _sky(brush: ImageDraw.ImageDraw, w: int, h: int, rng: Random) -> None:
    _fade(brush, w, h, (116, 184, 240), (166, 212, 246))
    for x, y in ((0.0, 0.16), (1.0, 0.84)):
        size = 0.16 * min(w, h)
        cx, cy = x * w, (y + rng.choice((-0.05, 0.0, 0.05))) * h
        for dx, dy, r in ((-0.9, 0.2, 0.6), (0.9, 0.25, 0.55), (0, 0, 0.8)):
            box = (
                cx + (dx - r) * size,
                cy + (dy - r * 0.8) * size,
                cx + (dx + r) * size,
                cy + (dy + r * 0.8) * size,
            )
            brush.ellipse(box, fill=(246, 250, 254))


def _space(brush: ImageDraw.ImageDraw, w: int, h: int, rng: Random) -> None:
    _fade(brush, w, h, (26, 18, 52), (52, 30, 88))
    _dots(brush, w, h, rng, 26, 1.0, (238, 232, 255), 0.007)


def _forest(brush: ImageDraw.ImageDraw, w: int, h: int, rng: Random) -> None:
    _fade(brush, w, h, (178, 204, 166), (196, 212, 178), 0.7)
    cells = Cells.of(w, h)
    step = 3 * cells.side
    x = -rng.randrange(3) * cells.side
    while x < w + step:
        top = rng.choice((0.14, 0.2, 0.26)) * h
        brush.polygon(
            [(x, top), (x + step * 0.62, 0.76 * h), (x - step * 0.62, 0.76 * h)], fill=(132, 168, 118)
        )
        x += step
    _ground(brush, w, h, _HORIZON["forest"], (152, 164, 98), rng)


_SETTINGS = {
    "grass": _grass,
    "snow": _snow,
    "night": _night,
    "sunset": _sunset,
    "underwater": _underwater,
    "desert": _desert,
    "sea": _sea,
    "sky": _sky,
    "space": _space,
    "forest": _forest,
}
