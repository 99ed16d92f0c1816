"""Finding a thing in a picture of flat colours without a model: what a colour fills, what plain words name.

Things stand out from the usual colour of their rows; a word finds them by colour, form or place, or by what a
describer said the picture shows. Good for drawn scenes, and sure of little else. Knows no models.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

from engine.seeing.classical import COLOURS, colour_name, form_of

__all__ = ["named", "touched"]

_SIDE = 160  # pixels of the longer side that is looked at
_ALIKE = 36  # levels of 255 by which two pixels of one flat colour differ at most
_STANDS_OUT = 48  # levels by which a pixel of a thing differs from its row's usual colour at least
_LEAST_THING = 0.004  # of a picture's area; smaller patches are noise
_LEAST_PART = 0.06  # of a thing's area
_MUCH = 0.25  # of a thing's area that must have a colour for the thing to be called by it

_SKY = {"sky", "air", "top"}
_GROUND = {
    "ground",
    "grass",
    "snow",
    "sand",
    "sea",
    "water",
    "floor",
    "field",
    "meadow",
    "bottom",
    "desert",
    "earth",
}
_BACKGROUND = {"background", "backdrop", "surroundings", "behind"}
_UPPER = {"roof", "hat", "cap", "crown", "peak"}
_ANYTHING = {"thing", "object", "figure", "subject", "everything"}
_FORMS = {"circle", "oval", "square", "rectangle", "triangle"}
_IDLE = {"the", "a", "an", "of", "in", "on", "to", "and", "its", "my", "that", "this"}

_Mask = npt.NDArray[np.bool_]
_Pixels = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Thing:
    """One connected patch that stands out, and how much of it has which colour's name."""

    patch: _Mask
    colours: dict[str, float]


def touched(picture: Image.Image, point: tuple[float, float]) -> Image.Image:
    """A mask of an RGB picture's size: the patch of one colour at ``point``, in shares of the sides."""
    pixels = _small(picture)
    height, width = pixels.shape[:2]
    x, y = min(width - 1, int(point[0] * width)), min(height - 1, int(point[1] * height))
    return _mask(_patch_at(pixels, x, y, _ALIKE), picture.size)


def named(picture: Image.Image, words: str, captions: Sequence[str]) -> Image.Image | None:
    """A mask of the picture's size, white on what ``words`` name; None where that is nothing known here.

    ``captions`` are what a describer said that the picture shows, the likeliest first.
    """
    pixels = _small(picture)
    edge = max(1, pixels.shape[1] // 8)  # a thing may fill most of a row, but seldom both of its ends
    usual = np.median(pixels[:, :edge], axis=1)
    things = _things(pixels, (usual, np.median(pixels[:, -edge:], axis=1)))
    tokens = [_singular(word) for word in re.findall(r"[a-z]+", words.lower())]
    tokens = [word for word in tokens if word not in _IDLE]
    colour = next((word for word in tokens if word in COLOURS), "")
    nouns = [word for word in tokens if word not in COLOURS]
    found = _found(pixels, usual, things, nouns, colour, captions)
    return None if found is None or not found.any() else _mask(found, picture.size)


def _found(
    pixels: _Pixels,
    usual: _Pixels,
    things: Sequence[_Thing],
    nouns: Sequence[str],
    colour: str,
    captions: Sequence[str],
) -> _Mask | None:
    known = set(nouns)
    empty = np.zeros(pixels.shape[:2], dtype=bool)
    all_things = _together(empty, things)
    rows = np.arange(pixels.shape[0])[:, None]
    if known & _BACKGROUND:
        return ~all_things
    if known & (_SKY | _GROUND) and len(rows) < 2:
        return None  # one row has no horizon
    if known & _SKY:
        return ~all_things & (rows < _horizon(usual))
    if known & _GROUND:
        return ~all_things & (rows >= _horizon(usual))
    meant = [each for each in things if not colour or each.colours.get(colour, 0) >= _MUCH]
    if known & _UPPER:
        named_too = [noun for noun in nouns if noun not in _UPPER]
        whose = _said(meant, named_too, captions) if named_too else meant
        return _together(empty, [_Thing(_upper(pixels, each), {}) for each in whose])
    if not nouns or known & _ANYTHING:
        return _together(empty, meant) if meant else None
    if forms := known & _FORMS:
        return _together(empty, [each for each in meant if form_of(each.patch) in forms])
    return _together(empty, _said(meant, nouns, captions))


def _said(things: Sequence[_Thing], nouns: Sequence[str], captions: Sequence[str]) -> list[_Thing]:
    """Those of the things that a caption calls so; by the colour that it gives them, where it gives one."""
    for caption in captions:
        told = [_singular(word) for word in re.findall(r"[a-z]+", caption.lower())]
        place = next((told.index(noun) for noun in nouns if noun in told), None)
        if place is None:
            continue
        colours = [word for word in told[max(0, place - 2) : place] if word in COLOURS]
        coloured = [each for each in things if colours and each.colours.get(colours[-1], 0) >= _MUCH]
        return coloured or list(things)
    return []


def _things(pixels: _Pixels, ends: Sequence[_Pixels]) -> list[_Thing]:
    """Connected patches unlike both ends of their rows, with what they enclose."""
    apart = np.min([np.abs(pixels - end[:, None]).max(-1) for end in ends], axis=0) > _STANDS_OUT
    specks = Image.fromarray((apart * 255).astype(np.uint8))
    far = np.asarray(specks.filter(ImageFilter.MedianFilter(3))) > 127
    left = far.copy()
    found = []
    while left.any():
        y, x = np.argwhere(left)[0]
        patch = _component(far, int(x), int(y))
        left &= ~patch
        if patch.mean() >= _LEAST_THING:
            whole = _closed(patch)
            names = [colour_name(pixel) for pixel in pixels[whole][::7]]
            share = {name: names.count(name) / len(names) for name in set(names)}
            found.append(_Thing(whole, share))
    return found


def _upper(pixels: _Pixels, thing: _Thing) -> _Mask:
    """The uppermost flat colour of a thing: the first that is large on the way down its middle."""
    rows, columns = np.nonzero(thing.patch)
    middle = int(np.median(columns))
    seen = np.zeros_like(thing.patch)
    for y in np.unique(rows[columns == middle]):
        if seen[y, middle]:
            continue
        part = _patch_at(pixels, middle, int(y), _ALIKE) & thing.patch
        seen |= part
        if part.sum() >= _LEAST_PART * thing.patch.sum():
            return part
    return thing.patch


def _horizon(usual: _Pixels) -> int:
    """The row from which on the background is another one."""
    apart = max(1, len(usual) // 24)
    steps = np.abs(usual[apart:] - usual[:-apart]).max(-1)
    return int(steps.argmax()) + apart // 2 + 1


def _together(empty: _Mask, things: Sequence[_Thing]) -> _Mask:
    whole = empty.copy()
    for each in things:
        whole |= each.patch
    return whole


def _closed(patch: _Mask) -> _Mask:
    """A patch with its holes: a window belongs to its house."""
    around = np.pad(~patch, 1, constant_values=True)
    return ~_component(around, 0, 0)[1:-1, 1:-1]


def _patch_at(pixels: _Pixels, x: int, y: int, tolerance: float) -> _Mask:
    alike = np.abs(pixels - pixels[y, x]).max(-1) <= tolerance
    return _component(alike, x, y)


def _component(mask: _Mask, x: int, y: int) -> _Mask:
    """What of a mask hangs together with one of its places."""
    drawn = Image.fromarray(mask.astype(np.uint8)).copy()  # what lies on an array's own memory is not filled
    ImageDraw.floodfill(drawn, (x, y), 2)
    found: _Mask = np.asarray(drawn) == 2
    return found


def _small(picture: Image.Image) -> _Pixels:
    small = picture.copy()
    small.thumbnail((_SIDE, _SIDE), Image.Resampling.BOX)
    return np.asarray(small.filter(ImageFilter.MedianFilter(3)), dtype=np.float32)


def _mask(found: _Mask, size: tuple[int, int]) -> Image.Image:
    """At full size, a little larger than found: an edge's soft pixels go with it."""
    grown = Image.fromarray((found * 255).astype(np.uint8)).filter(ImageFilter.MaxFilter(5))
    return grown.resize(size, Image.Resampling.BILINEAR).point(lambda level: 255 if level > 127 else 0)


def _singular(word: str) -> str:
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us")) and len(word) > 3 else word
