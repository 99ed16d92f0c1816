"""What a family cannot do is taken out of a plan, with a sentence about it: nothing is dropped silently.

Knows plans and the families' own words for what they cannot; nothing of pipelines.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.families import FAMILIES, Ability
from engine.planning.plan import Plan
from engine.planning.registry import ModelEntry

if TYPE_CHECKING:
    from grammar.spec import GenerationSpec

__all__ = ["from_a_picture", "within_reach"]


def from_a_picture(entry: ModelEntry) -> bool:
    """Whether the model's family can draw from a picture."""
    return Ability.PICTURE not in FAMILIES[entry.family].cannot


def within_reach(plan: Plan, spec: GenerationSpec, entry: ModelEntry) -> Plan:
    """The plan without what the model's family cannot do, and what it says of it."""
    missing = FAMILIES[entry.family].cannot
    left: list[str] = []
    wanted = [part for part in plan.conditionings if part.weight > 0]
    away = [part for part in plan.conditionings if part.weight <= 0]
    if away and Ability.WITHOUT in missing:
        left.append("`--no`")
        away = []
    if len(wanted) > 1 and Ability.TEXTS in missing:
        wanted = [max(wanted, key=lambda part: part.weight)]
        left.append("more than one text (only the heaviest is drawn)")
    if Ability.EFFECTS in missing:
        said = {"--s": spec.stylize, "--c": spec.chaos, "--w": spec.weird}
        left += [f"`{name}`" for name, value in said.items() if value]
        plan = replace(plan, style_weight=0.0, chaos=0.0, weird=0.0, muses=(), oddity="")
    if plan.tile and Ability.TILE in missing:
        left.append("`--tile`")
        plan = replace(plan, tile=False)
    if plan.stopped and Ability.STOP in missing:
        left.append("`--stop`")
        plan = replace(plan, stop_step=plan.running)
    if spec.images and not from_a_picture(entry):
        left.append("a picture to start from")
    if left:
        note = f"{entry.title} cannot do this, so it was left out: {', '.join(left)}."
        plan = replace(plan, notes=(*plan.notes, note))
    kept = tuple(part for part in plan.conditionings if part in wanted or part in away)
    return plan if kept == plan.conditionings else replace(plan, conditionings=kept)
