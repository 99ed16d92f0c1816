"""Settings and plain backgrounds, painted. Knows nothing of what stands before them."""

from random import Random

import numpy as np
from PIL import ImageDraw

from pocket.world.cells import Cells
from pocket.world.scenes import COLOURS, Scene
from pocket.world.styles import Colour, mix, tinted

HORIZON = {
    "grass": 0.64,
    "snow": 0.64,
    "night": 0.74,
    "sunset": 0.72,
    "desert": 0.66,
    "sea": 0.62,
    "forest": 0.7,
}
"""Where the ground of a setting begins, as a share of the picture's height from above."""
UNSAID: tuple[Colour, ...] = (
    (244, 226, 190),
    (184, 208, 234),
    (212, 206, 196),
    (222, 206, 232),
    (200, 228, 204),
)
"""Plain backgrounds where a scene says none."""


def backdrop_colour(name: str) -> Colour:
    """The softened tone that a plain background of this name has."""
    if name == "black":
        return (48, 46, 56)
    if name == "white":
        return (246, 245, 241)
    if name == "grey":
        return (182, 186, 194)
    return mix(COLOURS[name], (255, 255, 255), 0.52)


def paint_setting(brush: ImageDraw.ImageDraw, scene: Scene, w: int, h: int, rng: Random, layout: int) -> None:
    """Fill a picture of `w`×`h` pixels with the scene's setting, or with its plain background."""
    if scene.setting == "plain":
        colour = backdrop_colour(scene.backdrop) if scene.backdrop else UNSAID[layout % len(UNSAID)]
        brush.rectangle((0, 0, w, h), fill=tinted(colour, rng, 3))
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
    _ground(brush, w, h, HORIZON["grass"], (168, 216, 106), rng)
    _ground(brush, w, h, 0.86, (152, 206, 94), rng)


def _snow(brush: ImageDraw.ImageDraw, w: int, h: int, rng: Random) -> None:
    _fade(brush, w, h, (126, 162, 206), (162, 190, 222), 0.64)
    _ground(brush, w, h, HORIZON["snow"], (192, 209, 236), rng)
    _dots(brush, w, h, rng, 16, 0.66, (246, 250, 255), 0.011)


def _night(brush: ImageDraw.ImageDraw, w: int, h: int, rng: Random) -> None:
    _fade(brush, w, h, (34, 66, 122), (58, 100, 154), 0.74)
    _dots(brush, w, h, rng, 16, 0.66, (250, 240, 190), 0.008)
    _ground(brush, w, h, HORIZON["night"], (56, 74, 136), rng)


def _sunset(brush: ImageDraw.ImageDraw, w: int, h: int, rng: Random) -> None:
    _fade(brush, w, h, (250, 150, 112), (255, 214, 140), 0.72)
    _ground(brush, w, h, HORIZON["sunset"], (120, 80, 140), rng)


def _underwater(brush: ImageDraw.ImageDraw, w: int, h: int, rng: Random) -> None:
    _fade(brush, w, h, (112, 180, 244), (40, 96, 188))
    _ground(brush, w, h, 0.88, (214, 196, 146), rng)
    _dots(brush, w, h, rng, 9, 0.8, (176, 222, 240), 0.016)


def _desert(brush: ImageDraw.ImageDraw, w: int, h: int, rng: Random) -> None:
    _fade(brush, w, h, (120, 184, 226), (218, 202, 162), 0.66)
    _ground(brush, w, h, HORIZON["desert"], (232, 194, 124), rng, 0.12)
    _ground(brush, w, h, 0.84, (220, 178, 106), rng, 0.12)


def _sea(brush: ImageDraw.ImageDraw, w: int, h: int, rng: Random) -> None:
    _fade(brush, w, h, (150, 206, 240), (200, 230, 248), 0.62)
    brush.rectangle((0, HORIZON["sea"] * h, w, h), fill=(84, 156, 208))
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
    _ground(brush, w, h, HORIZON["forest"], (152, 164, 98), rng)


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
