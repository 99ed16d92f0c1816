"""Scene → picture: arranges the things, paints the setting and them, anti-aliased. Knows nothing of words."""

from dataclasses import dataclass
from random import Random

import numpy as np
from PIL import Image, ImageDraw

from pocket.scenes import COLOURS, Scene, Thing
from pocket.shapes import DRAWINGS

Colour = tuple[int, int, int]

_TONES: dict[str, Colour] = {
    "ink": (44, 38, 52),
    "white": (255, 253, 247),
    "wood": (122, 82, 50),
    "leaf": (84, 158, 74),
    "yolk": (255, 206, 70),
    "cream": (250, 236, 208),
    "glass": (206, 232, 246),
    "beak": (250, 166, 48),
    "blush": (248, 170, 172),
}
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


@dataclass(frozen=True, slots=True)
class Placed:
    """A thing at its place: centre as fractions of the sides, radius as a fraction of the shorter side."""

    kind: str
    colour: Colour
    x: float
    y: float
    radius: float
    mirrored: bool
    turn: float


def draw(scene: Scene, width: int, height: int, rng: Random, fine: int = 3) -> Image.Image:
    """The scene as an RGB picture of `width`×`height`; `fine` is the supersampling factor per side."""
    w, h = width * fine, height * fine
    picture = Image.new("RGB", (w, h))
    brush = ImageDraw.Draw(picture)
    _paint_setting(brush, scene, w, h, rng)
    for placed in arrange(scene, width, height, rng):
        _paint_thing(brush, placed, w, h)
    return picture.reduce(fine) if fine > 1 else picture


def arrange(scene: Scene, width: int, height: int, rng: Random) -> list[Placed]:
    """Where everything stands, with a little chance in it."""
    if len(scene.things) == 2:
        places = _pair_places(scene, width, height, rng)
    else:
        places = _group_places(scene, width, height, rng)
    tints = [_jitter(COLOURS[t.colour], rng, 8) for t in scene.things]
    mirrored = [rng.random() < 0.5 for _ in scene.things]
    things = [
        (t, tint, m) for t, tint, m in zip(scene.things, tints, mirrored, strict=True) for _ in range(t.count)
    ]
    return [
        Placed(t.kind, tint, x, y, r, m, rng.uniform(-4, 4))
        for (t, tint, m), (x, y, r) in zip(things, places, strict=True)
    ]


def _resting_height(thing: Thing, scene: Scene, radius: float, height: int, side: int, rng: Random) -> float:
    """The centre's height (fraction): on the ground where there is one, else about the middle."""
    half = radius * side / height
    horizon = _HORIZON.get(scene.setting)
    if horizon is None:
        y = 0.5 + rng.uniform(-0.06, 0.06)
    elif thing.kind in _AIRBORNE:
        y = 0.42 + rng.uniform(-0.05, 0.05)
    else:
        y = horizon + rng.uniform(0.1, 0.18) - half
    return min(max(y, half + 0.03), 0.97 - half)


def _group_places(scene: Scene, width: int, height: int, rng: Random) -> list[tuple[float, float, float]]:
    thing, side = scene.things[0], min(width, height)
    n = thing.count
    if n == 1:
        low, high = {"small": (0.15, 0.18), "medium": (0.24, 0.32), "big": (0.38, 0.43)}[thing.size]
        r = rng.uniform(low, high)
        x = 0.5 + rng.uniform(-1, 1) * min(0.1, 0.48 - r * side / width)
        return [(x, _resting_height(thing, scene, r, height, side, rng), r)]
    wide = width / height
    rows = {2: (2,), 3: (3,) if wide >= 1 else (1, 2), 4: (2, 2) if wide < 1.3 else (4,)}[n]
    if n == 3 and 0.7 < wide < 1.3 and rng.random() < 0.4:
        rows = (1, 2) if rng.random() < 0.5 else (2, 1)
    if n == 2 and wide < 0.7:
        rows = (1, 1)
    most = max(rows)
    r = min(0.44 * width / most, 0.4 * height / len(rows), 0.22 * side) / side * rng.uniform(0.86, 1.0)
    step_x = max(2.2 * r * side / width, 0.92 / most * rng.uniform(0.86, 0.98))
    base = _resting_height(thing, scene, r, height, side, rng) if len(rows) == 1 else 0.5
    step_y = max(2.15 * r * side / height, 0.4)
    places = []
    for i, in_row in enumerate(rows):
        y = base + (i - (len(rows) - 1) / 2) * step_y
        for j in range(in_row):
            x = 0.5 + (j - (in_row - 1) / 2) * step_x
            places.append((x + rng.uniform(-0.01, 0.01), y + rng.uniform(-0.015, 0.015), r))
    return places


def _pair_places(scene: Scene, width: int, height: int, rng: Random) -> list[tuple[float, float, float]]:
    side = min(width, height)
    first, second = scene.things
    if scene.relation == "above":
        r = min(0.215 * height, 0.3 * width) / side * rng.uniform(0.84, 1.0)
        x = 0.5 + rng.uniform(-0.08, 0.08)
        return [
            (x + rng.uniform(-0.05, 0.05), 0.265 + rng.uniform(-0.02, 0.01), r),
            (x + rng.uniform(-0.05, 0.05), 0.735 + rng.uniform(-0.01, 0.02), r),
        ]
    r = min(0.215 * width, 0.3 * height) / side * rng.uniform(0.84, 1.0)
    gap = 0.25 * rng.uniform(0.92, 1.02)
    places = [
        (0.5 - gap, _resting_height(first, scene, r, height, side, rng), r),
        (0.5 + gap, _resting_height(second, scene, r, height, side, rng), r),
    ]
    if scene.relation == "beside" and rng.random() < 0.5:
        (xa, ya, ra), (xb, yb, rb) = places
        places = [(xb, ya, ra), (xa, yb, rb)]
    return places


def _mix(a: Colour, b: Colour, share: float) -> Colour:
    return tuple(round(p + (q - p) * share) for p, q in zip(a, b, strict=True))


def _jitter(colour: Colour, rng: Random, amount: int) -> Colour:
    return tuple(min(255, max(0, c + rng.randint(-amount, amount))) for c in colour)


def _tone(name: str, main: Colour) -> Colour:
    brightness = sum(main) / 3
    if name == "main":
        return main
    if name == "dark":
        return _mix(main, (150, 160, 190), 0.5) if brightness < 60 else _mix(main, (20, 16, 50), 0.28)
    if name == "light":
        return _mix(main, (176, 186, 205), 0.4) if brightness > 235 else _mix(main, (255, 255, 255), 0.4)
    if name == "yolk" and main[0] > 200 and main[1] > 170 and main[2] < 120:
        return (150, 92, 46)
    if name == "ink" and brightness < 60:
        return (250, 226, 120)
    return _TONES[name]


def _paint_thing(brush: ImageDraw.ImageDraw, placed: Placed, w: int, h: int) -> None:
    radius = placed.radius * min(w, h)
    a = np.radians(placed.turn)
    turn = np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]], dtype=np.float32)
    flip = np.array([-1 if placed.mirrored else 1, 1], dtype=np.float32)
    centre = np.array([placed.x * w, placed.y * h], dtype=np.float32)
    for tone, outline in DRAWINGS[placed.kind]:
        points = (outline * flip) @ turn * radius + centre
        brush.polygon(points.ravel().tolist(), fill=_tone(tone, placed.colour))


def backdrop_colour(name: str) -> Colour:
    """The softened tone that a plain background of this name has."""
    if name == "black":
        return (58, 56, 66)
    if name == "white":
        return (246, 245, 241)
    if name == "grey":
        return (190, 193, 199)
    return _mix(COLOURS[name], (255, 255, 255), 0.52)


_UNSAID: tuple[Colour, ...] = (
    (250, 243, 226),
    (232, 240, 246),
    (246, 245, 241),
    (240, 232, 244),
    (228, 242, 230),
)


def _paint_setting(brush: ImageDraw.ImageDraw, scene: Scene, w: int, h: int, rng: Random) -> None:
    if scene.setting == "plain":
        colour = backdrop_colour(scene.backdrop) if scene.backdrop else rng.choice(_UNSAID)
        brush.rectangle((0, 0, w, h), fill=_jitter(colour, rng, 5))
        return
    _SETTINGS[scene.setting](brush, w, h, rng)


def _fade(
    brush: ImageDraw.ImageDraw, w: int, h: int, top: Colour, bottom: Colour, until: float = 1.0
) -> None:
    end = max(1, round(h * until))
    for y in range(h):
        brush.line((0, y, w, y), fill=_mix(top, bottom, min(1.0, y / end)))


def _ground(
    brush: ImageDraw.ImageDraw, w: int, h: int, y: float, colour: Colour, rng: Random, bow: float = 0.06
) -> None:
    x = np.linspace(0, 1, 33)
    phase, height = rng.uniform(0, 6.28), rng.uniform(0.3, 1.0) * bow / 2
    line = y + height * np.sin(phase + x * 3.6)
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
    r: tuple[float, float],
) -> None:
    for _ in range(n):
        x, y, radius = rng.uniform(0, w), rng.uniform(0, h * until), rng.uniform(*r) * min(w, h)
        brush.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


def _grass(brush: ImageDraw.ImageDraw, w: int, h: int, rng: Random) -> None:
    _fade(brush, w, h, (168, 216, 246), (222, 241, 250), 0.64)
    _ground(brush, w, h, _HORIZON["grass"], (158, 208, 98), rng)
    _ground(brush, w, h, 0.86, (140, 194, 84), rng)


def _snow(brush: ImageDraw.ImageDraw, w: int, h: int, rng: Random) -> None:
    _fade(brush, w, h, (150, 178, 208), (186, 206, 226), 0.64)
    _ground(brush, w, h, _HORIZON["snow"], (228, 236, 247), rng)
    _dots(brush, w, h, rng, 16, 0.66, (246, 250, 255), (0.008, 0.014))


def _night(brush: ImageDraw.ImageDraw, w: int, h: int, rng: Random) -> None:
    _fade(brush, w, h, (34, 40, 100), (70, 78, 148), 0.74)
    _dots(brush, w, h, rng, 16, 0.66, (250, 240, 190), (0.005, 0.010))
    _ground(brush, w, h, _HORIZON["night"], (44, 58, 84), rng)


def _sunset(brush: ImageDraw.ImageDraw, w: int, h: int, rng: Random) -> None:
    _fade(brush, w, h, (250, 150, 112), (255, 214, 140), 0.72)
    _ground(brush, w, h, _HORIZON["sunset"], (142, 84, 112), rng)


def _underwater(brush: ImageDraw.ImageDraw, w: int, h: int, rng: Random) -> None:
    _fade(brush, w, h, (98, 186, 220), (36, 108, 172))
    _ground(brush, w, h, 0.88, (214, 196, 146), rng)
    _dots(brush, w, h, rng, 9, 0.8, (176, 222, 240), (0.010, 0.022))


def _desert(brush: ImageDraw.ImageDraw, w: int, h: int, rng: Random) -> None:
    _fade(brush, w, h, (150, 206, 232), (250, 232, 196), 0.66)
    _ground(brush, w, h, _HORIZON["desert"], (236, 200, 132), rng, 0.12)
    _ground(brush, w, h, 0.84, (224, 184, 114), rng, 0.12)


def _sea(brush: ImageDraw.ImageDraw, w: int, h: int, rng: Random) -> None:
    _fade(brush, w, h, (186, 226, 246), (232, 245, 250), 0.62)
    brush.rectangle((0, _HORIZON["sea"] * h, w, h), fill=(84, 156, 208))
    _ground(brush, w, h, 0.84, (66, 138, 194), rng)


def _sky(brush: ImageDraw.ImageDraw, w: int, h: int, rng: Random) -> None:
    _fade(brush, w, h, (116, 184, 240), (186, 222, 248))
    for x, y in ((0.0, 0.16), (1.0, 0.84)):
        size = 0.16 * min(w, h)
        cx, cy = (x + rng.uniform(-0.04, 0.04)) * w, (y + rng.uniform(-0.05, 0.05)) * h
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
    _dots(brush, w, h, rng, 26, 1.0, (238, 232, 255), (0.004, 0.010))


def _forest(brush: ImageDraw.ImageDraw, w: int, h: int, rng: Random) -> None:
    _fade(brush, w, h, (198, 224, 206), (226, 238, 220), 0.7)
    step = 0.2 * min(w, h)
    x = -rng.uniform(0, step)
    while x < w + step:
        top = rng.uniform(0.12, 0.3) * h
        brush.polygon(
            [(x, top), (x + step * 0.62, 0.76 * h), (x - step * 0.62, 0.76 * h)], fill=(112, 160, 122)
        )
        x += step
    _ground(brush, w, h, _HORIZON["forest"], (136, 148, 92), rng)


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
