"""One seed a picture. Knows nothing of noise: what a seed draws is the pipelines' business."""

from __future__ import annotations

import secrets

__all__ = ["picture_seeds"]


def picture_seeds(seed: int | None, count: int) -> tuple[int, ...]:
    """``count`` seeds from 0 to 2³²−1: ``seed`` itself (None draws one), and others that follow from it.

    They are mixed rather than counted up, so that `--seed 7` and `--seed 8` share no picture. The mixing is
    splitmix64's (Steele, Lea, Flood 2014).
    """
    first = secrets.randbelow(2**32) if seed is None else seed
    return (first, *(_mixed(first, index) for index in range(1, count)))


def _mixed(seed: int, index: int) -> int:
    whole = 2**64 - 1
    z = (seed + index * 0x9E3779B97F4A7C15) & whole
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & whole
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & whole
    return (z ^ (z >> 31)) >> 32
