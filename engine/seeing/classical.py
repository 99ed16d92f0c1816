"""What classical vision sees in a picture: where it is, how many things of which colour and simple form.

The honest least that `/describe` can say without a model. Knows nothing of models or prompts.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

__all__ = ["captions"]

_EDGE = 96
_LEAST_SHARE = 0.012
_STANDS_OUT = 60.0
"""How far (in levels of 255) a pixel must lie from its row's usual colour to belong to a thing."""
_NUMBERS = ("no", "one", "two", "three", "four")
_HUES = (
    (0.035, "red"),
    (0.11, "orange"),
    (0.185, "yellow"),
    (0.44, "green"),
    (0.53, "teal"),
    (0.69, "blue"),
    (0.82, "purple"),
    (0.94, "pink"),
    (1.01, "red"),
)
_Pixels: TypeAlias = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Thing:
    """One connected patch that stands out."""

    colour: str
    form: str
    share: float


def captions(picture: Image.Image) -> list[str]:
    """Four sentences about an RGB picture, the most particular first."""
    small = picture.copy()
    small.thumbnail((_EDGE, _EDGE), Image.Resampling.BOX)
    pixels = np.asarray(small.filter(ImageFilter.MedianFilter(3)), dtype=np.float32)
    usual = np.median(pixels, axis=1)
    things = sorted(_things(pixels, usual), key=lambda thing: -thing.share)
    what, where, tone = _what(things), _where(usual), _tone(pixels)
    colours = _listed(_palette(pixels))
    return [
        f"{what} {where}",
        f"{what} {where}, flat illustration, clean shapes",
        f"a {tone} picture of {what}, {colours}",
        f"{colours}, {tone}, {where}, minimal composition",
    ]


def _things(pixels: _Pixels, usual: _Pixels) -> list[_Thing]:
    """Connected patches unlike the rest of their rows, but for specks."""
    far = np.abs(pixels - usual[:, None]).max(-1) > _STANDS_OUT
    mask = Image.fromarray(far.astype(np.uint8))
    found = []
    for y, x in np.argwhere(far):
        if mask.getpixel((int(x), int(y))) != 1:
            continue
        ImageDraw.floodfill(mask, (int(x), int(y)), 2)
        patch = np.asarray(mask) == 2
        mask.paste(3, mask=Image.fromarray(patch))
        if patch.mean() >= _LEAST_SHARE:
            names = Counter(_name(pixel) for pixel in pixels[patch])
            found.append(_Thing(names.most_common(1)[0][0], _form(patch), float(patch.mean())))
    return found


def _name(pixel: _Pixels) -> str:
    """A colour's everyday name, by hue, saturation and value."""
    red, green, blue = (float(channel) / 255 for channel in pixel)
    high, low = max(red, green, blue), min(red, green, blue)
    spread = high - low
    if high < 0.22:
        return "black"
    if spread < 0.13 or spread / high < 0.14:
        return "white" if high > 0.86 else "grey"
    if high == red:
        hue = ((green - blue) / spread / 6) % 1
    elif high == green:
        hue = (blue - red) / spread / 6 + 1 / 3
    else:
        hue = (red - green) / spread / 6 + 2 / 3
    name = next(name for limit, name in _HUES if hue < limit)
    if name in ("red", "orange") and high < 0.65 and hue < 0.12:
        return "brown" if hue > 0.02 else "red"
    return "pink" if name == "red" and spread / high < 0.55 and high > 0.8 else name


def _form(patch: npt.NDArray[np.bool_]) -> str:
    """A circle fills π/4 of its box, a square all of it, a triangle half; anything else is a shape."""
    rows, columns = np.flatnonzero(patch.any(1)), np.flatnonzero(patch.any(0))
    height, width = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
    filled = patch.sum() / (height * width)
    square = max(height, width) < 1.25 * min(height, width)
    if filled > 0.93:
        return "square" if square else "rectangle"
    if 0.73 < filled < 0.84:
        return "circle" if square else "oval"
    return "triangle" if 0.45 < filled < 0.57 else "shape"


def _where(usual: _Pixels) -> str:
    """What the upper and the lower part are, row by row.

    A place when they tell one, a background otherwise.
    """
    third = max(1, len(usual) // 4)
    above, below = (np.median(part, axis=0) for part in (usual[:third], usual[-third:]))
    top, bottom = _name(above), _name(below)
    if np.abs(above - below).max() < 40:
        return "in space" if above.max() < 60 and top != "black" else f"on a {top} background"
    if above.max() < 125:
        return "at night"
    if top in ("orange", "pink", "purple", "red"):
        return "at sunset"
    places = {
        "green": "on grass",
        "white": "in the snow",
        "yellow": "in the desert",
        "orange": "in the desert",
    }
    if top in ("blue", "teal", "white", "grey") and bottom in places:
        return places[bottom]
    return "by the sea" if top == bottom == "blue" else f"with {top} above and {bottom} below"


def _what(things: list[_Thing]) -> str:
    """`two red circles and a blue square`: at most two kinds of thing, the larger first."""
    kinds = Counter((thing.colour, thing.form) for thing in things)
    said = [_counted(count, *kind) for kind, count in list(kinds.items())[:2]]
    return " and ".join(said) or "an empty scene"


def _counted(count: int, colour: str, form: str) -> str:
    if count == 1:
        return f"{'an' if colour[0] in 'aeiou' else 'a'} {colour} {form}"
    return f"{_NUMBERS[count] if count < len(_NUMBERS) else 'many'} {colour} {form}s"


def _tone(pixels: _Pixels) -> str:
    brightness = pixels.mean()
    return "dark" if brightness < 85 else "bright" if brightness > 165 else "softly lit"


def _palette(pixels: _Pixels) -> list[str]:
    names = Counter(_name(pixel) for pixel in pixels[::2, ::2].reshape(-1, 3))
    return [name for name, _ in names.most_common(3)]


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
