"""Plain measures of pictures, from pixels alone: how far apart, how red, how seamless. Knows no prompts."""

from collections.abc import Sequence

import numpy as np

Pixels = np.ndarray  # (h, w, 3), 0 to 255, as floats


def apart(one: Sequence[Pixels], other: Sequence[Pixels]) -> float:
    """Mean difference of pictures in pairs, in levels of a byte."""
    return float(np.mean([np.abs(a - b).mean() for a, b in zip(one, other, strict=True)]))


def spread(pictures: Sequence[Pixels]) -> float:
    """How different the pictures of one grid are from each other, pair by pair."""
    pairs = [(a, b) for i, a in enumerate(pictures) for b in pictures[i + 1 :]]
    return float(np.mean([np.abs(a - b).mean() for a, b in pairs]))


def red(pictures: Sequence[Pixels]) -> float:
    """Share of plainly red pixels."""
    return float(
        np.mean([((p[..., 0] > 150) & (p[..., 1] < 110) & (p[..., 2] < 110)).mean() for p in pictures])
    )


def sharpness(pictures: Sequence[Pixels]) -> float:
    """By how much neighbouring pixels differ, as a root mean square.

    The plain mean does not tell a blurred edge from a crisp one: the same difference in many small steps.
    """
    return float(
        np.mean(
            [np.sqrt((np.diff(p, axis=0) ** 2).mean() + (np.diff(p, axis=1) ** 2).mean()) for p in pictures]
        )
    )


def seam(picture: Pixels) -> float:
    """The jump across the border over the jumps between neighbours, the worse of both directions."""
    worst = 0.0
    for axis in (0, 1):
        jumps = np.abs(picture - np.roll(picture, 1, axis)).mean(axis=(1 - axis, 2))
        worst = max(worst, float(jumps[0] / jumps[1:].mean()))
    return worst
