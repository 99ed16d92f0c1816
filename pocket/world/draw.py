"""Scene → picture: paints the setting, and the things in their places, smoothly. Knows nothing of words."""

from collections.abc import Sequence
from random import Random

import numpy as np
from PIL import Image, ImageDraw

from pocket.world.backdrops import paint_setting
from pocket.world.cells import Cells
from pocket.world.layouts import Placed, arrange, layouts
from pocket.world.looks import LOOKS
from pocket.world.palettes import palette_of
from pocket.world.scenes import Scene
from pocket.world.shapes import DRAWINGS
from pocket.world.styles import BRUSHES, Colour, Shape, mix, shade_of

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


def draw(
    scene: Scene,
    width: int,
    height: int,
    rng: Random,
    fine: int = 3,
    layout: int | None = None,
    like: Scene | None = None,
) -> Image.Image:
    """The scene as an RGB picture of `width`×`height`, in one of its layouts, or in any if None.

    `fine` is the supersampling factor per side. With `like`, a scene of as many things in other surroundings,
    they stand where those of that scene would.
    """
    if layout is None:
        layout = rng.randrange(layouts(like or scene, width, height))
    picture = _ground(scene, width * fine, height * fine, rng, palette_of(scene, layout))
    return _with_things(picture, scene.style, arrange(scene, width, height, rng, layout, like), fine)


def draw_placed(
    scene: Scene,
    placed: Sequence[Placed],
    width: int,
    height: int,
    rng: Random,
    fine: int = 3,
    palette: int = 0,
) -> Image.Image:
    """The scene's setting in its style, with other things than its own, at places of their own."""
    return _with_things(_ground(scene, width * fine, height * fine, rng, palette), scene.style, placed, fine)


def _ground(scene: Scene, w: int, h: int, rng: Random, palette: int) -> Image.Image:
    picture = Image.new("RGB", (w, h))
    paint_setting(ImageDraw.Draw(picture), scene, w, h, rng, palette)
    return (BRUSHES | LOOKS)[scene.style].ground(picture, Cells.of(w, h).side)


def _with_things(picture: Image.Image, style: str, placed: Sequence[Placed], fine: int) -> Image.Image:
    brush, cell = (BRUSHES | LOOKS)[style], Cells.of(*picture.size).side
    for one in placed:
        brush.thing(picture, _shapes(one, *picture.size), cell)
    picture = brush.finish(picture, cell)
    return picture.reduce(fine) if fine > 1 else picture


def _tone(name: str, main: Colour) -> Colour:
    brightness = sum(main) / 3
    if name == "main":
        return main
    if name == "dark":
        return shade_of(main)
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
