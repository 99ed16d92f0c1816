"""Jobs that nobody asked for: a model that was loaded ahead draws them until somebody comes.

So kernels are chosen, and row limits and the pace are learnt, before anyone waits.
"""

from __future__ import annotations

from collections.abc import Iterator

from PIL import Image

from engine.families import FAMILIES, Ability
from engine.job import Job
from engine.pictures.decoding import to_png
from engine.planning.plan import PICTURES, Action, Conditioning, Plan
from engine.planning.registry import ModelEntry

__all__ = ["warm_up_jobs"]

_JOBS, _STEPS = 4, 8
"""Grids that are drawn, and their steps: enough forwards to try two numbers of rows three times each."""


def warm_up_jobs(entry: ModelEntry) -> Iterator[Job]:
    """Grids without words, of the size at which the model was trained; of a model that only edits, edits."""
    edits = Ability.TEXT in FAMILIES[entry.family].cannot
    inputs = (to_png(Image.linear_gradient("L").convert("RGB")),) if edits else ()
    for number in range(_JOBS):
        plan = Plan(
            action=Action.EDIT if edits else Action.IMAGINE,
            model=entry.name,
            revision=entry.revision,
            conditionings=(Conditioning(""),),
            width=entry.side,
            height=entry.side,
            steps=_STEPS,
            stop_step=_STEPS,
            guidance=entry.guidance,
            seeds=tuple(range(PICTURES)),
            likeness=entry.likeness if edits else 0.0,
        )
        name = f"warm-up {number} of {entry.name}"
        yield Job(name, plan, owner=name, inputs=inputs)
