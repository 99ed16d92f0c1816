"""How many rows one forward should have: learnt, per model and shape, from the forwards that do the work.

Knows nothing of torch or time: it is told how long a forward took.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["RowLimit", "first_rows"]

_TRIALS = 3  # forwards of a size before its time is believed; the first is a warm-up
_GAIN = 0.9
"""A row must take this much less time: jobs that share a forward all wait for its end."""


def first_rows(least: int, known: Iterable[tuple[int, float]], size: float) -> int:
    """How many rows a new shape, whose rows hold ``size``, begins with: a power of two.

    As many as hold what its model's other shapes, ``known`` as (rows, size), were found to deserve.
    """
    rows = max([least, *(int(rows * other / size) for rows, other in known if size)])
    return 1 << rows.bit_length() - 1


class RowLimit:
    """``rows`` is what a forward of many should have, ``most`` what one may have, ``size`` what a row holds.

    Twice the rows are tried whenever so many wait, and kept if each row then takes less time: the best of as
    many forwards of either size. The first of a size is not counted: kernels are chosen and caches filled.
    """

    def __init__(self, rows: int, most: int, size: int = 0) -> None:
        self.rows, self.most, self.size = min(rows, most), most, size
        self._seconds: dict[int, list[float]] = {}
        self._settled = False

    @property
    def learning(self) -> bool:
        """Whether timings are still wanted."""
        return not self._settled and 2 * self.rows <= self.most

    def wanted(self, waiting: int) -> int:
        """How many rows the next forward should take of those waiting."""
        double = 2 * self.rows
        known = len(self._seconds.get(self.rows, ())) > _TRIALS
        return double if self.learning and known and waiting >= double else self.rows

    def record(self, rows: int, seconds: float) -> None:
        """Learns from a forward of ``rows`` rows."""
        if not self.learning or rows not in (self.rows, 2 * self.rows):
            return
        self._seconds.setdefault(rows, []).append(seconds / rows)
        one, two = (self._seconds.get(size, [])[1:][-_TRIALS:] for size in (self.rows, 2 * self.rows))
        if len(one) < _TRIALS or len(two) < _TRIALS:
            return
        if min(two) <= _GAIN * min(one):
            self.rows *= 2
        else:
            self._settled = True

    def exhausted(self, rows: int) -> None:
        """Remembers that so many rows did not fit in memory."""
        self.most = max(1, rows // 2)
        self.rows = min(self.rows, self.most)
