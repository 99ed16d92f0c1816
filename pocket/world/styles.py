"""The styles: how each paints the ground, a thing and the finished picture. Knows no scenes and no words.

A brush works on the supersampled picture; its measure is the cell (one latent), so that a stroke is as wide
in a small picture as in a large one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
Shape = tuple[str, Colour, np.ndarray]  # tone, colour, outline (n, 2) in pixels of the supersampled picture

PAPER = (251, 249, 244)
DARK = (16, 12, 34)
_FILLED = {"ink", "beak", "yolk"}  # details that are filled where the rest is drawn in lines


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """From `a` (0) to `b` (1)."""
    return tuple(round(p + (q - p) * share) for p, q in zip(a, b, strict=True))


def shade_of(main: Colour) -> Colour:
    """The tone of the dark parts of a thing in this colour, as a roof."""
    brightness = sum(main) / 3
    if brightness < 60:
        return mix(main, (150, 160, 190), 0.25)
    return mix(main, (90, 60, 150), 0.57) if brightness > 235 else mix(main, (20, 16, 50), 0.28)


def tinted(colour: Colour, rng: Random, amount: int) -> Colour:
    """The colour with each channel moved by chance, by at most `amount` levels."""
    return tuple(min(255, max(0, c + rng.randint(-amount, amount))) for c in colour)


@dataclass(frozen=True, slots=True)
class Style:
    """`ground` makes the setting over, `thing` paints one on it, `finish` makes the whole over.

    Each gets the picture and the cell's side in pixels; `thing` paints in place.
    """

    thing: Callable[[Image.Image, Sequence[Shape], int], None]
    ground: Callable[[Image.Image, int], Image.Image] = lambda picture, cell: picture
    finish: Callable[[Image.Image, int], Image.Image] = lambda picture, cell: picture


def fill(picture: Image.Image, shapes: Sequence[Shape], cell: int) -> None:
    """Every part in its colour."""
    brush = ImageDraw.Draw(picture)
    for _, colour, outline in shapes:
        brush.polygon(outline.ravel().tolist(), fill=colour)


def _towards(colour: Colour, share: float) -> Callable[[Image.Image, int], Image.Image]:
    return lambda picture, cell: Image.blend(picture, Image.new("RGB", picture.size, colour), share)


def _stroke(brush: ImageDraw.ImageDraw, outline: np.ndarray, colour: Colour, width: int) -> None:
    points = [*map(tuple, outline.tolist()), tuple(outline[0].tolist()), tuple(outline[1].tolist())]
    brush.line(points, fill=colour, width=width, joint="curve")


def _main(shapes: Sequence[Shape]) -> Colour:
    return next((colour for tone, colour, _ in shapes if tone == "main"), shapes[0][1])


def _lines(picture: Image.Image, shapes: Sequence[Shape], cell: int) -> None:
    """Outlines in the thing's colour on paper."""
    brush, line = ImageDraw.Draw(picture), _main(shapes)
    for tone, _, outline in shapes:
        brush.polygon(outline.ravel().tolist(), fill=line if tone in _FILLED else PAPER)
        _stroke(brush, outline, line, max(1, round(0.34 * cell)))


def _tubes(picture: Image.Image, shapes: Sequence[Shape], cell: int) -> None:
    """Glowing tubes along the outlines, dark between them."""
    main = _main(shapes)
    glow = mix(main, (255, 255, 255), 0.06)
    sheet = Image.new("RGB", picture.size)
    brush = ImageDraw.Draw(sheet)
    for tone, _, outline in shapes:
        brush.polygon(outline.ravel().tolist(), fill=glow if tone in _FILLED else mix(main, DARK, 0.8))
        _stroke(brush, outline, glow, max(1, round(0.3 * cell)))
    halo = sheet.filter(ImageFilter.GaussianBlur(0.6 * cell))
    lit = ImageChops.screen(picture, halo)
    picture.paste(ImageChops.lighter(lit, sheet))


def _cut(picture: Image.Image, shapes: Sequence[Shape], cell: int) -> None:
    """Cut out of paper: a white rim and a shadow below it."""
    shadow = Image.new("L", picture.size)
    below = ImageDraw.Draw(shadow)
    rim, drop = max(1, round(0.3 * cell)), 0.3 * cell
    for _, _, outline in shapes:
        moved = outline + np.float32(drop)
        below.polygon(moved.ravel().tolist(), fill=120)
        points = [*map(tuple, moved.tolist()), tuple(moved[0].tolist())]
        below.line(points, fill=120, width=2 * rim, joint="curve")
    shadow = shadow.filter(ImageFilter.GaussianBlur(0.2 * cell))
    picture.paste(Image.new("RGB", picture.size, (40, 34, 50)), mask=shadow)
    brush = ImageDraw.Draw(picture)
    for _, _, outline in shapes:
        _stroke(brush, outline, (255, 255, 255), 2 * rim)
    fill(picture, shapes, cell)


def _wash(picture: Image.Image, cell: int) -> Image.Image:
    """Thin paint that runs together in pools: pale, a little soft, darker where a patch ends."""
    soft = picture.filter(ImageFilter.GaussianBlur(0.08 * cell))
    wide = picture.filter(ImageFilter.GaussianBlur(0.5 * cell))
    rim = ImageChops.difference(soft, wide).convert("L").point(lambda v: min(255, 3 * v))
    pale = Image.blend(soft, Image.new("RGB", picture.size, PAPER), 0.32)
    pale.paste(Image.blend(soft, Image.new("RGB", picture.size, (70, 46, 80)), 0.15), mask=rim)
    y, x = np.mgrid[: picture.height, : picture.width] * (2 * np.pi / cell)
    pools = np.cos(0.19 * x + 0.07 * y) + np.cos(0.21 * y - 0.08 * x + 2) + np.cos(0.13 * x - 0.15 * y + 4)
    light = np.asarray(pale, dtype=np.float32) * (1 + 0.03 * pools[..., None].astype(np.float32))
    return Image.fromarray(light.clip(0, 255).astype(np.uint8))


def _blocks(picture: Image.Image, cell: int) -> Image.Image:
    """Square pixels, two to a cell each way, each of the one colour that its middle has."""
    block = max(1, cell // 2)
    size = (max(1, round(picture.width / block)), max(1, round(picture.height / block)))
    small = picture.resize(size, Image.Resampling.NEAREST)
    return small.resize(picture.size, Image.Resampling.NEAREST)


BRUSHES: dict[str, Style] = {
    "flat": Style(fill),
    "line art": Style(_lines, ground=_towards(PAPER, 0.72)),
    "watercolour": Style(fill, finish=_wash),
    "pixel art": Style(fill, finish=_blocks),
    "pastel": Style(fill, finish=_towards((255, 252, 248), 0.45)),
    "neon": Style(_tubes, ground=_towards(DARK, 0.78)),
    "paper": Style(_cut, ground=_towards((240, 232, 218), 0.25)),
}
