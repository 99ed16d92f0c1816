"""Jobs that nobody asked for: a model that was loaded ahead draws them until somebody comes.

So kernels are chosen, and row limits and the pace are learnt, before anyone waits.
"""

from __future__ import annotations

from collections.abc import Iterator

from PIL import Image

from engine.families import FAMILIES, Ability
from engine.job import Job
from engine.pictures.decoding import to_png
from engine.planning.canvas import parted
from engine.planning.plan import PICTURES, Action, Conditioning, Plan
from engine.planning.registry import ModelEntry

__all__ = ["A_PICTURE", "warm_up_jobs", "warm_up_plan"]

_JOBS, _STEPS = 4, 8
"""Grids that are drawn, and their steps: enough forwards to try two numbers of rows three times each."""

_MIDDLE = frozenset({4})
"""The part of a picture that is filled."""

A_PICTURE = to_png(Image.linear_gradient("L").convert("RGB"))
"""What models are shown that draw nothing from words alone."""


def warm_up_jobs(entry: ModelEntry) -> Iterator[Job]:
    """Grids without words, of the size at which the model was trained, of the kind that it draws."""
    inputs = (A_PICTURE,) if Ability.TEXT in FAMILIES[entry.family].cannot else ()
    for number in range(_JOBS):
        name = f"warm-up {number} of {entry.name}"
        yield Job(name, warm_up_plan(entry), owner=name, inputs=inputs)


def warm_up_plan(entry: ModelEntry) -> Plan:
    """A grid without words; of a model that only edits, edits, of one that only fills, the middle filled."""
    family = FAMILIES[entry.family]
    shown = Ability.TEXT in family.cannot
    action = Action.EDIT if shown else Action.IMAGINE
    return Plan(
        action=Action.REPAINT if family.fills is not None else action,
        model=entry.name,
        revision=entry.revision,
        conditionings=(Conditioning(""),),
        width=entry.side,
        height=entry.side,
        steps=_STEPS,
        stop_step=_STEPS,
        guidance=entry.guidance,
        seeds=tuple(range(PICTURES)),
        likeness=entry.likeness if shown else 0.0,
        canvas=None if family.fills is None else parted(entry.side, entry.side, _MIDDLE)[2],
    )
