"""How far two pictures are apart: the peak signal-to-noise ratio of their pixels."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

__all__ = ["psnr"]


def psnr(one: npt.ArrayLike, other: npt.ArrayLike) -> float:
    """In dB, infinite for equal pixels; pictures or arrays of one shape whose values go from 0 to 255.

    From 40 on hardly anybody sees a difference.
    """
    error = float(np.mean((np.asarray(one, np.float64) - np.asarray(other, np.float64)) ** 2))
    return 10 * math.log10(255**2 / error) if error else math.inf
