"""Variations of one picture of a grid, and any plan again with new seeds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.planning.edit import drawn_on
from engine.planning.plan import PICTURES, Action, Plan, running, scheduled
from engine.planning.prompts import remixed
from engine.planning.registry import Registry
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

    A ``spec`` (Remix) replaces what the parent was asked for: text, `--no`, and of `--s --c --w` what it
    says; the model, the tile and the effort stay the parent's. Words are checked as in `plan_imagine`; how
    far strong variations go is the model's own. Raises UnknownModel where that one is gone.
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
        seeds=picture_seeds(seed, PICTURES),
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
    again = replace(plan, seeds=picture_seeds(None, len(plan.seeds)))
    return again if spec is None else remixed(again, spec, registry)
