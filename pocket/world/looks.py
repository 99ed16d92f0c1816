"""Looks that the model itself does not know: each is taught by a LoRA of its own. Knows no scenes, no words.

They keep every thing its colour and its outline, since a look must not change what was asked for.
"""

import functools

import numpy as np
from PIL import Image

from pocket.world.styles import Colour, Style, fill

_DAWN: tuple[Colour, Colour] = ((255, 182, 196), (255, 228, 168))  # above, below
_INDIGO: tuple[Colour, Colour] = ((34, 28, 86), (62, 40, 112))
_OWN = 0.15  # what is left of the ground's own colours


def _lit(picture: Image.Image, cell: int) -> Image.Image:
    """A spotlight on the middle: dark towards the corners."""
    y, x = np.mgrid[-1 : 1 : picture.height * 1j, -1 : 1 : picture.width * 1j]
    light = 1 - 0.9 * ((np.hypot(x, y) / np.sqrt(2)) ** 2).clip(0, 1)[..., None]
    return Image.fromarray((np.asarray(picture, dtype=np.float32) * light).astype(np.uint8))


def _washed(colours: tuple[Colour, Colour], picture: Image.Image, cell: int) -> Image.Image:
    """One wash over the whole ground, from the first colour above to the second below."""
    share = np.linspace(0, 1, picture.height)[:, None, None]
    wash = np.array(colours[0]) * (1 - share) + np.array(colours[1]) * share
    own = np.asarray(picture, dtype=np.float32)
    return Image.fromarray((_OWN * own + (1 - _OWN) * wash).astype(np.uint8))


LOOKS: dict[str, Style] = {
    "dawn": Style(fill, ground=functools.partial(_washed, _DAWN)),
    "indigo": Style(fill, ground=functools.partial(_washed, _INDIGO)),
    "spotlight": Style(fill, ground=_lit),
}
