"""Jobs that nobody asked for: a model that was loaded ahead draws them until somebody comes.

So kernels are chosen, and row limits and the pace are learnt, before anyone waits.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.job import Job
from engine.planning.plan import PICTURES, Action, Conditioning, Plan
from engine.planning.registry import ModelEntry

__all__ = ["warm_up_jobs"]

_JOBS, _STEPS = 4, 8
"""Grids that are drawn, and their steps: enough forwards to try two numbers of rows three times each."""


def warm_up_jobs(entry: ModelEntry) -> Iterator[Job]:
    """Grids without words, of the size at which the model was trained."""
    for number in range(_JOBS):
        plan = Plan(
            action=Action.IMAGINE,
            model=entry.name,
            revision=entry.revision,
            conditionings=(Conditioning(""),),
            width=entry.side,
            height=entry.side,
            steps=_STEPS,
            stop_step=_STEPS,
            guidance=entry.guidance,
            seeds=tuple(range(PICTURES)),
        )
        name = f"warm-up {number} of {entry.name}"
        yield Job(name, plan, owner=name)
