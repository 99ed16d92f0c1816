"""How long work takes at present: learnt from the turns that were done.

A forward of n rows takes a + b · n · megapixels, decoding d · megapixels; a, b and d differ by model and
machine, and begin in the proportions that were measured here. What a shape of picture deviates from its model
(odd sizes are slower on some machines) is a factor of its own. Recent seconds count most.

Knows nothing of torch, jobs or clocks: it is told how long a turn took.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from engine.turns.work import COSTS, ForwardShape

__all__ = ["Pace"]

_COSTS = np.array(COSTS)
_SECONDS, _TURNS = 60.0, 100
"""What is older than both counts half, and less and less."""
_AT_ONCE = 256
"""Turns that are learnt from together at the latest."""
_DOUBT = 1.0
"""With how many turns' worth of what was expected the learning begins."""


@dataclass(slots=True)
class _Fit:
    """A linear law fitted to what was seen, ridged towards the expected proportions."""

    turns: float = 0.0
    seconds: float = 0.0
    moments: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros((3, 3)))
    products: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))
    work: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))

    def learn(self, work: npt.NDArray[np.float64], seconds: float) -> None:
        """Notes a turn: its ``work`` in units of cost (3,)."""
        self.turns += 1
        self.seconds += seconds
        self.work += work
        self.moments += np.outer(work, work)
        self.products += work * seconds
        if self.seconds > _SECONDS and self.turns > _TURNS:
            for name in self.__slots__:
                setattr(self, name, getattr(self, name) / 2)

    def law(self) -> npt.NDArray[np.float64] | None:
        """Seconds a unit of each cost (3,), none below a tenth of the common pace; None before any turn."""
        if not self.work.any():
            return None
        pace = self.seconds / self.work.sum()
        size = np.maximum(np.diag(self.moments), np.trace(self.moments) / 1e6)
        doubt = np.diag(_DOUBT / self.turns * size)
        missed = self.products - self.moments.sum(1) * pace
        law: npt.NDArray[np.float64] = pace + np.linalg.solve(self.moments + doubt, missed)
        return law.clip(pace / 10)


class Pace:
    """How long forwards and decoding take, by model and shape."""

    def __init__(self) -> None:
        self._all = _Fit()
        self._models: dict[str, _Fit] = {}
        self._noted: list[tuple[ForwardShape, int, int, int, float]] = []  # not learnt from yet
        self._shapes: dict[ForwardShape, tuple[npt.NDArray[np.float64], float]] = {}  # work, and its seconds

    def took(self, shape: ForwardShape, forwards: int, rows: int, decoded: int, seconds: float) -> None:
        """Notes a turn: its forwards, the rows in all of them, the pictures decoded, and how long it took."""
        self._noted.append((shape, forwards, rows, decoded, seconds))
        if len(self._noted) >= _AT_ONCE:
            self._learn()

    def forward(self, shape: ForwardShape, rows: int) -> float | None:
        """Seconds that a forward takes, None before anything was done."""
        law = self._law(shape.model)
        if law is None:
            return None
        seconds = float(law @ (_COSTS * (1, rows * shape.megapixels, 0)))
        done, taken = self._shapes.get(shape, (np.zeros(3), 0.0))
        return seconds * (_DOUBT * seconds + taken) / (_DOUBT * seconds + float(law @ done))

    def decoding(self, shape: ForwardShape, pictures: int) -> float | None:
        """Seconds that decoding takes, None before anything was done."""
        law = self._law(shape.model)
        return None if law is None else float(law[2] * _COSTS[2] * pictures * shape.megapixels)

    def _learn(self) -> None:
        """Takes in the turns that were noted: nobody who draws alone waits for that at each step."""
        for shape, forwards, rows, decoded, seconds in self._noted:
            work = _COSTS * (forwards, rows * shape.megapixels, decoded * shape.megapixels)
            for fit in (self._models.setdefault(shape.model, _Fit()), self._all):
                fit.learn(work, seconds)
            if forwards:
                done, taken = self._shapes.get(shape, (np.zeros(3), 0.0))
                keep = 0.5 if taken > _SECONDS else 1.0
                self._shapes[shape] = keep * done + work, keep * taken + seconds
        self._noted.clear()

    def _law(self, model: str) -> npt.NDArray[np.float64] | None:
        self._learn()
        return self._models.get(model, self._all).law()
