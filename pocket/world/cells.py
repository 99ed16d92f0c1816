"""The cells of a picture, on whose corners everything stands."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of a picture, those of the latents: everything stands on their corners.

    So the same outline always falls on cells in the same way, which a small model learns many times sooner.
    """

    side: int  # pixels
    across: float
    down: float

    @classmethod
    def of(cls, width: int, height: int) -> "Cells":
        """About 16 by 16 of them, whatever the picture's size."""
        side = max(1, round(math.sqrt(width * height) / 16))
        return cls(side, width / side, height / side)

    @property
    def short(self) -> float:
        """Cells along the shorter side."""
        return min(self.across, self.down)
