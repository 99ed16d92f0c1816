"""What an enlarged picture takes from the same picture drawn anew: details, neither colours nor things.

A model that redraws a large picture tile by tile also shifts its tones and begins its scene again in every
tile. Both are coarse, and what was asked for is fine: everything coarser than the grain stays as it was.
Knows nothing of models or tiles.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from engine.pictures.upscale import neighbourhood

__all__ = ["EDGES", "detailed"]

EDGES = 2
"""The grain at which only outlines are drawn anew: the pixels that a picture's doubling had to guess."""

_ROUNDS = 3
"""How often what is coarse is put back: one interpolation leaves a tenth of it, three nothing to be seen."""


def detailed(plain: Image.Image, drawn: Image.Image, grain: int) -> Image.Image:
    """``plain`` with those details of ``drawn`` that are finer than ``grain`` pixels; 0 takes all of it.

    Both are RGB and of one size. At `EDGES` no pixel leaves the range of colours around it, and an outline
    lies half-way between both pictures: measured on 6 drawn scenes, where it is then 0.1 dB nearer to the
    truth than in ``plain`` (drawn anew alone: 0.7 dB farther).
    """
    if not grain:
        return drawn
    old, new = (np.asarray(picture.convert("RGB"), dtype=np.float32) for picture in (plain, drawn))
    new = _held(new, old, grain)
    if grain == EDGES:
        low, high = neighbourhood(np.asarray(plain.reduce(EDGES), dtype=np.float32))
        new = (_held(np.clip(new, low, high), old, grain) + old) / np.float32(2)
    return Image.fromarray(new.round().clip(0, 255).astype(np.uint8))


def _held(new: npt.NDArray[np.float32], old: npt.NDArray[np.float32], grain: int) -> npt.NDArray[np.float32]:
    """``new`` with everything that is coarser than ``grain`` as it is in ``old``."""
    for _ in range(_ROUNDS):
        new = new + _coarse(old - new, grain)
    return new


def _coarse(pixels: npt.NDArray[np.float32], grain: int) -> npt.NDArray[np.float32]:
    """The means of squares of ``grain`` pixels, and what lies between them interpolated."""
    size = (pixels.shape[1], pixels.shape[0])
    planes = [Image.fromarray(pixels[..., channel]).reduce(grain) for channel in range(pixels.shape[2])]
    return np.stack([np.asarray(p.resize(size, Image.Resampling.BICUBIC)) for p in planes], axis=-1)
