"""What classical vision sees in a picture: its things, its place, its colours, how it is laid out.

The honest least that `/describe` can say without a model. Knows nothing of models or prompts.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

__all__ = ["COLOURS", "Look", "colour_name", "form_of", "look_at"]

_EDGE = 96  # pixels of the longer side that is looked at: things stay, noise goes
_LEAST_SHARE = 0.012  # of the picture's area; a smaller patch is not a thing
_STANDS_OUT = 60.0
"""How far (in levels of 255) a pixel must lie from its row's usual colour to belong to a thing."""
_STEP, _EDGE_STEP, _BUSY = 8.0, 40.0, 0.12
"""A picture is textured where more than the last share of neighbouring pixels differ by more than the first
(in levels) and by less than the second, which an edge between flat colours has."""
_CLOSE, _FAR = 0.3, 0.06
"""Shares of a picture that its things fill: from the first on they are close, up to the second far away."""
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
COLOURS = frozenset({"black", "white", "grey", "brown", *(name for _, name in _HUES)})
"""The names that a colour may get."""
_Pixels: TypeAlias = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Look:
    """What is plain to see, in words that fit into a prompt.

    ``what`` the things are and ``where`` they are; ``tone`` is the light, ``colours`` are the most frequent
    first; ``place`` is where in the picture the largest thing stands, ``framing`` how near it all is.
    ``textured``: not made of flat colours.
    """

    what: str
    where: str
    tone: str
    colours: tuple[str, ...]
    place: str
    framing: str
    textured: bool


@dataclass(frozen=True, slots=True)
class _Thing:
    """One connected patch that stands out; its middle as shares of the picture's width and height."""

    colour: str
    form: str
    share: float
    middle: tuple[float, float]


def look_at(picture: Image.Image) -> Look:
    """What an RGB picture looks like."""
    small = picture.copy()
    small.thumbnail((_EDGE, _EDGE), Image.Resampling.BOX)
    pixels = np.asarray(small.filter(ImageFilter.MedianFilter(3)), dtype=np.float32)
    usual = np.median(pixels, axis=1)
    things = sorted(_things(pixels, usual), key=lambda thing: -thing.share)
    return Look(
        what=_what(things),
        where=_where(usual),
        tone=_tone(pixels),
        colours=tuple(_palette(pixels)),
        place=_place(things[0]) if things else "empty in the middle",
        framing=_framing(sum(thing.share for thing in things)),
        textured=_textured(np.asarray(small, dtype=np.float32)),
    )


def _textured(pixels: _Pixels) -> bool:
    across, down = (np.abs(np.diff(pixels, axis=axis)).max(-1).ravel() for axis in (1, 0))
    steps = np.concatenate([across, down])
    return bool(((steps > _STEP) & (steps < _EDGE_STEP)).mean() > _BUSY) if len(steps) else False


def _place(thing: _Thing) -> str:
    x, y = thing.middle
    across = "to the left" if x < 0.4 else "to the right" if x > 0.6 else ""
    down = "near the top" if y < 0.35 else "near the bottom" if y > 0.65 else ""
    return " ".join(filter(None, (down, across))) or "centred"


def _framing(share: float) -> str:
    if share > _CLOSE:
        return "close up"
    return "small in a wide space" if share < _FAR else "with space around"


def _things(pixels: _Pixels, usual: _Pixels) -> list[_Thing]:
    """Connected patches unlike the rest of their rows, but for specks."""
    far = np.abs(pixels - usual[:, None]).max(-1) > _STANDS_OUT
    mask = Image.fromarray(far.astype(np.uint8)).copy()  # what shares an array's memory cannot be filled
    found = []
    for y, x in np.argwhere(far):
        if mask.getpixel((int(x), int(y))) != 1:
            continue
        ImageDraw.floodfill(mask, (int(x), int(y)), 2)
        patch = np.asarray(mask) == 2
        mask.paste(3, mask=Image.fromarray(patch))
        if patch.mean() >= _LEAST_SHARE:
            names = Counter(colour_name(pixel) for pixel in pixels[patch])
            rows, columns = np.nonzero(patch)
            middle = (float(columns.mean()) / patch.shape[1], float(rows.mean()) / patch.shape[0])
            found.append(_Thing(names.most_common(1)[0][0], form_of(patch), float(patch.mean()), middle))
    return found


def colour_name(pixel: _Pixels) -> str:
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


def form_of(patch: npt.NDArray[np.bool_]) -> str:
    """The form of a patch.

    A circle fills π/4 of its box, a square all of it, a triangle half; anything else is a shape."""
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
    top, bottom = colour_name(above), colour_name(below)
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
    names = Counter(colour_name(pixel) for pixel in pixels[::2, ::2].reshape(-1, 3))
    return [name for name, _ in names.most_common(3)]
