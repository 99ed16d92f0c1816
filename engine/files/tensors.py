"""What a header tells of one tensor."""

from dataclasses import dataclass

__all__ = ["MOST_DIMENSIONS", "Tensor"]

MOST_DIMENSIONS = 8
"""Dimensions of a tensor at most; those of models have 5."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """Its dimensions, the slowest first, as torch counts them; and its type, as the format calls it."""

    shape: tuple[int, ...]
    dtype: str
