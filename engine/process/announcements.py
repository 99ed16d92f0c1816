"""Where those who wait stand and when they will be done: learnt from the turns, told when it has changed.

Knows the lanes and how long forwards took; nothing of pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from engine.job import Queued
from engine.process.job_state import JobState
from engine.sharing.rows import RowLimit, first_rows
from engine.turns.forecast import Rest, forecast
from engine.turns.lanes import Lanes
from engine.turns.pace import Pace
from engine.turns.work import ForwardShape

__all__ = ["Announcer"]

_EVERY = 0.5
"""Seconds between two announcements, unless a job has come or gone."""

_FORESEEN = 32
"""Waiting jobs whose ends are played out; those behind them are told by their work."""


class Announcer:
    """Tells places and times with ``say``. ``rows`` is what a forward of a shape not yet known has."""

    def __init__(
        self, lanes: Lanes, rows: int, say: Callable[[Queued], None], clock: Callable[[], float]
    ) -> None:
        self._lanes, self._rows, self._say, self._clock = lanes, rows, say, clock
        self._pace = Pace()
        self._limits: dict[ForwardShape, RowLimit] = {}
        self._told = float("-inf")

    def hurry(self) -> None:
        """Has the next `announce` tell at once: places have changed."""
        self._told = float("-inf")

    def learn(
        self,
        shape: ForwardShape,
        limit: RowLimit | None,
        forwards: int,
        rows: int,
        decoded: int,
        seconds: float,
    ) -> None:
        """Notes a turn: its forwards, the rows in all of them, the pictures decoded, how long it took.

        ``limit`` is what is known of how many rows such forwards should have; None after a decoding.
        """
        if limit is not None:
            self._limits[shape] = limit
        self._pace.took(shape, forwards, rows, decoded, seconds)

    def announce(self, jobs: Mapping[str, JobState]) -> None:
        """Tells those of ``jobs`` that wait where they stand, when that changed, twice a second at most."""
        if self._clock() - self._told < _EVERY:
            return
        self._told = self._clock()
        waiting = self._lanes.waiting()
        moved = [(place, job_id) for place, _, job_id in waiting if jobs[job_id].place != place]
        etas = self._etas(waiting, jobs) if moved else {}
        for place, job_id in moved:
            jobs[job_id].place = place
            self._say(Queued(job_id, place, etas.get(job_id)))

    def _etas(
        self, waiting: Sequence[tuple[int, float, str]], jobs: Mapping[str, JobState]
    ) -> dict[str, float]:
        """Seconds until each of those who wait is done, as far as that can be told."""
        rests = {job_id: _rest(state) for job_id, state in jobs.items() if state.queued}
        etas = forecast(self._lanes.copy(_FORESEEN), rests, self._rows_for, self._pace)
        if etas and len(waiting) > _FORESEEN:
            latest, work = max(etas.values()), waiting[_FORESEEN - 1][1]
            etas |= {job_id: latest * until / work for _, until, job_id in waiting[_FORESEEN:]}
        return etas

    def _rows_for(self, shape: ForwardShape, rows: int) -> int:
        """How many rows a forward will have when so many wait; an unseen shape is as the model's others."""
        if shape in self._limits:
            return self._limits[shape].wanted(rows)
        known = [(limit.rows, k.megapixels) for k, limit in self._limits.items() if k.model == shape.model]
        return first_rows(self._rows, known, shape.megapixels)


def _rest(state: JobState) -> Rest:
    """What a queued job still has to do."""
    plan = state.job.plan
    assert state.shape is not None
    return Rest(state.shape, (state.steps or plan.stop_step) - state.step, state.rows, len(plan.seeds))
