"""A picture at twice its size with crisp edges: the very picture, nothing drawn anew.

The enlarged picture is sharpened within the range of colours that its surroundings have, so that no halo
appears, and corrected until, scaled down by two, it is the original again. Knows nothing of models.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

__all__ = ["corrected", "double", "neighbourhood"]

_ROUNDS = 4  # of correction; more change nothing that can be seen
_SHARPEN = 0.5  # share of the difference to its blur that is added; more gives seams of light
_Pixels: TypeAlias = npt.NDArray[np.float32]


def double(picture: Image.Image) -> Image.Image:
    """The RGB picture at twice its width and height; halved again it matches the original above 30 dB."""
    small = np.asarray(picture.convert("RGB"), dtype=np.float32)
    low, high = neighbourhood(small)
    large = _larger(small)
    for _ in range(_ROUNDS):
        sharp = large + _SHARPEN * (large - _blurred(large))
        large = np.clip(sharp, low, high)
        large += _larger(small - _halved(large))
    large = np.clip(large, low, high)
    large += _repeated(small - _halved(large))
    return Image.fromarray(np.clip(large.round(), 0, 255).astype(np.uint8))


def corrected(large: Image.Image, picture: Image.Image) -> Image.Image:
    """A picture twice as large as ``picture``, changed no more than needed to be it again when halved."""
    small = np.asarray(picture.convert("RGB"), dtype=np.float32)
    pixels = np.asarray(large.convert("RGB"), dtype=np.float32)
    pixels = pixels + _repeated(small - _halved(pixels))
    return Image.fromarray(np.clip(pixels.round(), 0, 255).astype(np.uint8))


def _larger(small: _Pixels) -> _Pixels:
    """Twice the size by Lanczos interpolation, one channel at a time, as Pillow takes floats."""
    size = (small.shape[1] * 2, small.shape[0] * 2)
    planes = [Image.fromarray(small[..., c]).resize(size, Image.Resampling.LANCZOS) for c in range(3)]
    return np.stack([np.asarray(plane, dtype=np.float32) for plane in planes], axis=-1)


def _halved(large: _Pixels) -> _Pixels:
    height, width, _ = large.shape
    blocks = large.reshape(height // 2, 2, width // 2, 2, 3)
    halved: _Pixels = blocks.mean(axis=(1, 3), dtype=np.float32)
    return halved


def _repeated(small: _Pixels) -> _Pixels:
    return small.repeat(2, axis=0).repeat(2, axis=1)


def _blurred(pixels: _Pixels) -> _Pixels:
    """A 3×3 binomial blur."""
    for axis in (0, 1):
        before, after = _neighbours(pixels, axis)
        pixels = (before + 2 * pixels + after) / np.float32(4)
    return pixels


def neighbourhood(small: _Pixels) -> tuple[_Pixels, _Pixels]:
    """The darkest and the brightest of each channel in a pixel's 3×3 surroundings, at twice the size."""
    low = high = small
    for axis in (0, 1):
        low = np.minimum(low, np.minimum(*_neighbours(low, axis)))
        high = np.maximum(high, np.maximum(*_neighbours(high, axis)))
    return _repeated(low), _repeated(high)


def _neighbours(pixels: _Pixels, axis: int) -> tuple[_Pixels, _Pixels]:
    """The pixels before and after along ``axis``; the edge is its own neighbour."""
    length = pixels.shape[axis]
    index = np.arange(length)
    before = pixels.take(np.maximum(index - 1, 0), axis=axis)
    after = pixels.take(np.minimum(index + 1, length - 1), axis=axis)
    return before, after
