"""Looks that the model itself does not know: each is taught by a LoRA of its own. Knows no scenes, no words.

They keep every thing its colour and its outline, since a look must not change what was asked for.
"""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from pocket.world.styles import Colour, Shape, Style, fill, stroke, towards

_INK = (26, 22, 34)
_CREAM = (255, 246, 216)
_DAWN: tuple[Colour, Colour] = ((255, 182, 196), (255, 228, 168))  # above, below


def _inked(picture: Image.Image, shapes: Sequence[Shape], cell: int) -> None:
    """Every part in its colour within one thick line of ink around the thing."""
    brush = ImageDraw.Draw(picture)
    for _, _, outline in shapes:
        stroke(brush, outline, _INK, max(1, round(0.7 * cell)))
    fill(picture, shapes, cell)


def _lit(picture: Image.Image, cell: int) -> Image.Image:
    """A spotlight on the middle: dark towards the corners."""
    y, x = np.mgrid[-1 : 1 : picture.height * 1j, -1 : 1 : picture.width * 1j]
    light = 1 - 0.9 * ((np.hypot(x, y) / np.sqrt(2)) ** 2).clip(0, 1)[..., None]
    return Image.fromarray((np.asarray(picture, dtype=np.float32) * light).astype(np.uint8))


def _reddened(picture: Image.Image, cell: int) -> Image.Image:
    """The light of dawn over the whole ground: rose above, gold below."""
    share = np.linspace(0, 1, picture.height)[:, None, None]
    sky = np.array(_DAWN[0]) * (1 - share) + np.array(_DAWN[1]) * share
    return Image.fromarray((0.15 * np.asarray(picture, dtype=np.float32) + 0.85 * sky).astype(np.uint8))


LOOKS: dict[str, Style] = {
    "comic": Style(_inked, ground=towards(_CREAM, 0.6)),
    "spotlight": Style(fill, ground=_lit),
    "dawn": Style(fill, ground=_reddened),
}
