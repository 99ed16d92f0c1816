"""What a worker can take: its places, the rows it is to have at hand, and the models that it has room for.

As whoever hands jobs out sees it, from what the worker reported and what it was handed. Pure: no torch, no
clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

from engine.planning.memory import Fit, Placement, crowded

__all__ = ["Capacity", "Demand"]

_FORWARDS = 2
"""Forwards' worth of rows that a worker is to have at hand: one that is run, and the next, with which it also
learns whether larger ones pay."""

_FITS = Fit()
"""A model of which nothing was said."""

_ROWS = 8
"""Rows of a forward of which nothing was said yet."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What a job demands of a worker: its model ("" for none), the rows of its forwards, its cost in any
    one unit."""

    job: str
    owner: str
    lane: int
    model: str
    rows: int
    cost: float


@dataclass(eq=False, slots=True)
class Capacity:
    """One worker. ``places`` bounds the jobs side by side, ``models`` those in its ``memory`` (bytes).

    ``takes_all`` has it take whatever comes, but beside a job that is to be alone: there is no other worker.
    ``rows`` is how many a forward has there. ``fits`` says how each model would lie, None where it does not
    fit; what is not named fits. ``promised`` is a model for which it is being cleared: it takes nothing else
    meanwhile.
    """

    name: Hashable
    places: int
    models: int
    takes_all: bool = False
    rows: int = _ROWS
    memory: int | None = None
    fits: Mapping[str, Fit | None] = field(default_factory=dict)
    resident: frozenset[str] = frozenset()
    promised: str | None = None
    held: dict[str, tuple[Demand, int]] = field(default_factory=dict)  # each with the lane it came in
    alone: str | None = None  # the job beside which nothing is to run
    in_use: Counter[str] = field(default_factory=Counter)
    _rows_of: Counter[int] = field(default_factory=Counter)  # held, by lane

    @property
    def full(self) -> int:
        """The rows that it is to have at hand."""
        return _FORWARDS * self.rows

    @property
    def there(self) -> frozenset[str]:
        """The models that it has, or will have for a job that it holds."""
        return self.resident.union(self.in_use)

    def has(self, model: str) -> bool:
        """Whether a model is there, or will be for a job that it holds."""
        return not model or model in self.resident or model in self.in_use

    def hold(self, demand: Demand, lane: int, alone: bool) -> None:
        """Notes a job that was handed over."""
        self.held[demand.job] = (demand, lane)
        self.alone = demand.job if alone else self.alone
        if demand.model:
            self.in_use[demand.model] += 1
        self._rows_of[lane] += demand.rows

    def let_go(self, job: str) -> None:
        """Notes that a job is no longer here."""
        demand, lane = self.held.pop(job)
        self.alone = None if self.alone == job else self.alone
        self._rows_of[lane] -= demand.rows
        self.in_use[demand.model] -= 1
        if self.in_use[demand.model] <= 0:
            del self.in_use[demand.model]

    def open(self, lane: int) -> bool:
        """Whether it can start another job of a lane soon: less urgent ones give way at their next step."""
        if self.takes_all:
            return self.alone is None
        places = max(1, self.places - lane)
        return self.alone is None and len(self.held) < places and self.load(lane) < self.full

    def load(self, lane: int) -> int:
        """The rows at hand that do not give way to a job of a lane."""
        return sum(rows for other, rows in self._rows_of.items() if other <= lane)

    def room(self, model: str) -> bool:
        """Whether a model finds room beside those in use."""
        if self.takes_all or not model:
            return True
        if self.promised not in (None, model):
            return False
        if not self.in_use or model in self.in_use:
            return True
        if len(self.in_use) >= self.models:
            return False
        fits = [fit for name in (model, *self.in_use) if (fit := self.fits.get(name)) is not None]
        return not fits or not crowded(fits, self.memory)

    def takes(self, model: str) -> bool:
        """Whether a model fits, and finds room."""
        return self.room(model) and self.placement(model) is not None

    def placement(self, model: str) -> Placement | None:
        """How a model would lie here; None where it does not fit."""
        fit = self.fits.get(model, _FITS)
        return None if fit is None else fit.placement
