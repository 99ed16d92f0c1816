"""A thing in a picture, found by words or by a place in it: a mask that a person goes on painting.

By the best that this machine has: a segmenter that reads words (CLIPSeg), one that is shown a place (the
Segment Anything kind), else what flat colours say. Knows nothing of what the mask is for.
"""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image

from engine.errors import NotFound
from engine.pictures.decoding import load_input, to_png
from engine.planning.registry import DescriberEntry, Registry
from engine.seeing.click import at_point
from engine.seeing.describe import captions
from engine.seeing.flat import named, touched
from engine.seeing.segment import located

__all__ = ["selected"]


def selected(picture: bytes, registry: Registry, words: str, point: tuple[float, float] | None) -> bytes:
    """A PNG of the picture's size, white where ``words`` are, or the thing at ``point``.

    The point is in shares of the picture's sides. Raises NotFound, ModelUnavailable and BadPicture.
    """
    if words:
        segmenter = registry.segmenter()
        if segmenter is not None:
            return located(picture, words, segmenter.name, registry.segmenters)
        return to_png(_by_colours(load_input(picture), words, registry.describers))
    image = load_input(picture)
    x, y = point or (0.5, 0.5)
    clicker = registry.clicker()
    return to_png(touched(image, (x, y)) if clicker is None else at_point(clicker, image, (x, y)))


def _by_colours(image: Image.Image, words: str, describers: Sequence[DescriberEntry]) -> Image.Image:
    mask = named(image, words, captions(image, describers))
    if mask is None:
        raise NotFound(f"“{words}” was not found in the picture. Name it otherwise, or paint over it.")
    return mask
