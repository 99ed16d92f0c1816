"""Settings and plain backgrounds, painted in a palette. Knows nothing of what stands before them."""

from dataclasses import replace
from random import Random

import numpy as np
from PIL import ImageDraw

from pocket.world.cells import Cells
from pocket.world.palettes import Palette, palettes
from pocket.world.scenes import Scene
from pocket.world.styles import Colour, mix, tinted


def paint_setting(
    brush: ImageDraw.ImageDraw, scene: Scene, w: int, h: int, rng: Random, palette: int
) -> None:
    """Fill a picture of `w`×`h` pixels with the scene's surroundings, in one of their palettes."""
    them = palettes(scene)
    tones = them[palette % len(them)]
    if scene.setting == "plain":
        _plain(brush, w, h, tones, rng)
    else:
        _SETTINGS[scene.setting](brush, w, h, tones, rng)


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


def _plain(brush: ImageDraw.ImageDraw, w: int, h: int, tones: Palette, rng: Random) -> None:
    top, bottom = tinted(tones.top, rng, 3), tinted(tones.bottom, rng, 3)
    _fade(brush, w, h, top, top if tones.top == tones.bottom else bottom)
    if tones.ground:
        brush.rectangle((0, tones.horizon * h, w, h), fill=tinted(tones.ground, rng, 3))


def _air(brush: ImageDraw.ImageDraw, w: int, h: int, tones: Palette) -> None:
    _fade(brush, w, h, tones.top, tones.bottom, tones.horizon)


def _land(
    brush: ImageDraw.ImageDraw,
    w: int,
    h: int,
    tones: Palette,
    rng: Random,
    bow: float = 0.06,
    near: float = 0.2,
) -> None:
    """The ground, and `near` of the height below the horizon what lies before it, where there is a tone."""
    if tones.ground:
        _ground(brush, w, h, tones.horizon, tones.ground, rng, bow)
    if tones.near:
        _ground(brush, w, h, tones.horizon + near, tones.near, rng, bow)


def _grass(brush: ImageDraw.ImageDraw, w: int, h: int, tones: Palette, rng: Random) -> None:
    _air(brush, w, h, tones)
    _land(brush, w, h, tones, rng, near=0.22)


def _snow(brush: ImageDraw.ImageDraw, w: int, h: int, tones: Palette, rng: Random) -> None:
    _air(brush, w, h, tones)
    _land(brush, w, h, tones, rng)
    _dots(brush, w, h, rng, 16, 0.66, (246, 250, 255), 0.011)


def _night(brush: ImageDraw.ImageDraw, w: int, h: int, tones: Palette, rng: Random) -> None:
    _air(brush, w, h, tones)
    _dots(brush, w, h, rng, 16, 0.66, (250, 240, 190), 0.008)
    _land(brush, w, h, tones, rng)


def _sunset(brush: ImageDraw.ImageDraw, w: int, h: int, tones: Palette, rng: Random) -> None:
    _air(brush, w, h, tones)
    _land(brush, w, h, tones, rng)


def _underwater(brush: ImageDraw.ImageDraw, w: int, h: int, tones: Palette, rng: Random) -> None:
    _fade(brush, w, h, tones.top, tones.bottom)
    _land(brush, w, h, tones, rng)
    _dots(brush, w, h, rng, 9, 0.8, (176, 222, 240), 0.016)


def _desert(brush: ImageDraw.ImageDraw, w: int, h: int, tones: Palette, rng: Random) -> None:
    _air(brush, w, h, tones)
    _land(brush, w, h, tones, rng, 0.12, 0.18)


def _sea(brush: ImageDraw.ImageDraw, w: int, h: int, tones: Palette, rng: Random) -> None:
    _air(brush, w, h, tones)
    brush.rectangle((0, tones.horizon * h, w, h), fill=tones.ground)
    if tones.near:
        _ground(brush, w, h, tones.horizon + 0.22, tones.near, rng)


def _sky(brush: ImageDraw.ImageDraw, w: int, h: int, tones: Palette, rng: Random) -> None:
    _fade(brush, w, h, tones.top, tones.bottom)
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


def _space(brush: ImageDraw.ImageDraw, w: int, h: int, tones: Palette, rng: Random) -> None:
    _fade(brush, w, h, tones.top, tones.bottom)
    _dots(brush, w, h, rng, 26, 1.0, (238, 232, 255), 0.007)


def _forest(brush: ImageDraw.ImageDraw, w: int, h: int, tones: Palette, rng: Random) -> None:
    _air(brush, w, h, tones)
    cells = Cells.of(w, h)
    step = 3 * cells.side
    x = -rng.randrange(3) * cells.side
    foot = tones.horizon + 0.06
    while x < w + step:
        top = rng.choice((0.14, 0.2, 0.26)) * h
        brush.polygon([(x, top), (x + step * 0.62, foot * h), (x - step * 0.62, foot * h)], fill=tones.near)
        x += step
    _land(brush, w, h, replace(tones, near=None), rng)


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
