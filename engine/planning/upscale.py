"""One picture at twice its size: as it is, or with its details drawn anew."""

from __future__ import annotations

import math
from dataclasses import replace

from engine.planning.edit import drawn_on
from engine.planning.plan import CALM, ENLARGED, Action, Plan, running
from engine.planning.registry import Registry
from engine.planning.seeds import picture_seeds

__all__ = ["plan_redo", "plan_refine", "plan_upscale"]

_LEAST_REFINING = 5
"""How many steps details take at least."""


def plan_upscale(parent: Plan, position: int) -> Plan:
    """The parent's picture ``position`` (from 1) at twice its size; its bytes are the job's input.

    Steps and guidance stay the parent's, for variations of the result; no denoising is done.
    """
    parent.check(position)
    return replace(
        parent,
        action=Action.UPSCALE,
        width=parent.width * ENLARGED,
        height=parent.height * ENLARGED,
        seeds=(parent.seeds[position - 1],),
        muses=parent.muses[position - 1 : position],
        scale=parent.scale * ENLARGED,
        canvas=None,
        control=None,
        notes=(),
    )


def plan_refine(parent: Plan, position: int, registry: Registry, *, seed: int | None = None) -> Plan:
    """The parent's picture ``position`` (from 1) at twice its size, its details drawn anew by the model."""
    large = plan_upscale(drawn_on(parent, registry), position)
    entry = registry.get(large.model)
    strength = entry.refine
    steps = max(large.effort or large.steps, math.ceil(_LEAST_REFINING / strength))
    return replace(
        large,
        action=Action.REFINE,
        steps=steps,
        stop_step=running(steps, strength),
        seeds=picture_seeds(seed, 1),
        strength=strength,
        calm=CALM,
        chaos=0.0,
        tile=False,
        grain=entry.grain,
    )


def plan_redo(plan: Plan, registry: Registry, *, creative: bool, seed: int | None = None) -> Plan:
    """Another upscale of the picture that ``plan`` has upscaled; its input is this one's too."""
    before = replace(
        plan, width=plan.width // ENLARGED, height=plan.height // ENLARGED, scale=plan.scale // ENLARGED
    )
    return plan_refine(before, 1, registry, seed=seed) if creative else plan_upscale(before, 1)
