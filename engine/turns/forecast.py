"""When each waiting job will be done, if nobody else comes: the lanes play the rest of their queue on paper.

So a promise knows what the lanes will do: who goes first, who shares whose forwards, who starts when a place
becomes free. Runs of equal forwards are played as one, so a queue of n jobs takes about 2 n moves.

Pure: no torch, no clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from engine.turns.lanes import Lanes, Waiting
from engine.turns.pace import Pace
from engine.turns.work import ForwardShape

__all__ = ["Rest", "forecast"]


@dataclass(frozen=True, slots=True)
class Rest:
    """What a job still has to do: ``steps`` forwards of ``rows`` rows each, then ``pictures`` to decode."""

    shape: ForwardShape
    steps: int
    rows: int
    pictures: int


def forecast(
    lanes: Lanes, rests: Mapping[str, Rest], limit: Callable[[ForwardShape, int], int], pace: Pace
) -> dict[str, float]:
    """Seconds until each job of ``lanes`` is done; nothing while no pace is known. Empties ``lanes``.

    ``limit(shape, rows)`` is how many rows a forward of that shape has when so many wait.
    """
    left, now, ends = dict(rests), 0.0, dict[str, float]()
    while len(lanes):
        lanes.admit(lambda job: True)
        calls = {job: _call(job, left[job]) for job in lanes.started()}
        chosen = lanes.choose(calls, lambda job, rows: limit(left[job].shape, rows))
        seconds = _play(chosen, left, pace)
        if seconds is None:
            return {}
        now += seconds
        lanes.charge(seconds)
        if calls[chosen[0]].rows:
            continue
        lanes.remove(chosen[0])
        ends[chosen[0]] = now
    return ends


def _call(job: str, rest: Rest) -> Waiting:
    return Waiting(rest.shape, rest.rows) if rest.steps else Waiting(job, 0, last=True)


def _play(chosen: list[str], left: dict[str, Rest], pace: Pace) -> float | None:
    """As many forwards as all of ``chosen`` have left, or the one's decoding; how long that takes."""
    first = left[chosen[0]]
    if not first.steps:
        return pace.decoding(first.shape, first.pictures)
    steps = min(left[job].steps for job in chosen)
    seconds = pace.forward(first.shape, sum(left[job].rows for job in chosen))
    for job in chosen:
        left[job] = replace(left[job], steps=left[job].steps - steps)
    return None if seconds is None else steps * seconds
