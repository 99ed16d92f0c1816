"""Variations of one picture of a grid, and any plan again with new seeds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.planning.edit import drawn_on
from engine.planning.plan import PICTURES, Action, Plan, running, scheduled
from engine.planning.prompts import seeds_of
from engine.planning.registry import Registry
from engine.planning.remix import remixed
from engine.planning.seeds import picture_seeds

if TYPE_CHECKING:
    from grammar.spec import GenerationSpec

__all__ = ["plan_again", "plan_vary"]

SUBTLE = 0.35
"""How far a subtle variation's source is re-noised, 0–1; a strong one's by its model's entry."""


def plan_vary(
    parent: Plan,
    position: int,
    registry: Registry,
    *,
    strong: bool,
    spec: GenerationSpec | None = None,
    seed: int | None = None,
) -> Plan:
    """Four variations of the parent's picture ``position`` (from 1), whose bytes are the job's input.

    A ``spec`` (Remix) replaces all that the parent was asked for but the model, its `--ar` the proportion, to
    which the picture is cut. How far strong variations go is the model's own. Raises UnknownModel where that
    one is gone.
    """
    parent = drawn_on(parent, registry)
    parent.check(position)
    strength = registry.get(parent.model).strong if strong else SUBTLE
    share = parent.stop_step / parent.running
    steps = scheduled(parent.effort or parent.steps, strength)
    varied = replace(
        parent.native,
        action=Action.VARY,
        steps=steps,
        stop_step=max(1, round(running(steps, strength) * share)),
        seeds=picture_seeds(seed, PICTURES) if spec is None else seeds_of(spec, seed),
        strength=strength,
        muses=parent.muses[position - 1 : position] * PICTURES,
        canvas=None,
        control=None,
        calm=1.0,
        notes=(),
    )
    return varied if spec is None else remixed(varied, spec, registry)


def plan_again(plan: Plan, registry: Registry, spec: GenerationSpec | None = None) -> Plan:
    """The same from the same input picture with new seeds; a ``spec`` (Remix) replaces what was asked for."""
    if spec is None:
        return replace(plan, seeds=picture_seeds(None, len(plan.seeds)))
    return remixed(replace(plan, seeds=seeds_of(spec, None)[: len(plan.seeds)]), spec, registry)
