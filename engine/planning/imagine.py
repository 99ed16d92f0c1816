"""A grid of four from text and image prompts, and the same again with another seed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.errors import CannotEdit
from engine.families import FAMILIES, Ability
from engine.planning.asked import asked_for, stepped
from engine.planning.plan import Action, Plan
from engine.planning.prompts import image_strength, seeds_of, without_effect, without_images
from engine.planning.reach import from_a_picture, too_few_steps, within_reach
from engine.planning.references import IMAGE, with_codes
from engine.planning.registry import Registry
from engine.planning.sizes import proportion, tile_size
from grammar import remarks

if TYPE_CHECKING:
    from grammar.spec import GenerationSpec

__all__ = ["plan_imagine", "plan_reroll"]

_WHOLE_GRID = "With `--c` or `--w` a seed is a whole grid's: one picture's own seed gives another picture."


def plan_imagine(
    spec: GenerationSpec, registry: Registry, *, model: str = "pocket", seed: int | None = None
) -> Plan:
    """A grid of four from text (and image prompts). ``seed`` is used when the spec says none; None draws one.

    Raises UnknownModel when the registry has no ``model``, CannotEdit when it does nothing but edit.
    """
    spec = with_codes(spec)
    entry, notes = registry.resolve(spec, model)
    if entry.drawer:
        drawer = registry.get(entry.drawer)
        notes = (*notes, f"{entry.title} only changes pictures; {drawer.title} drew this.")
        entry = drawer
    if Ability.TEXT in FAMILIES[entry.family].cannot:
        raise CannotEdit(f"{entry.title} draws nothing from words alone; it changes pictures: use `/edit`.")
    width, height, cut = tile_size(entry, proportion(spec))
    frame = Plan(
        action=Action.IMAGINE,
        model=entry.name,
        revision=entry.revision,
        conditionings=(),
        width=width,
        height=height,
        steps=entry.steps,
        stop_step=entry.steps,
        guidance=entry.guidance,
        seeds=seeds_of(spec, seed),
        tile=bool(spec.tile),
        stepwise=entry.stepwise,
    )
    plan, said, left = asked_for(frame, spec, entry, registry)
    if spec.seed is not None and (plan.chaos or plan.weird):
        said = (*said, _WHOLE_GRID)
    seen = any(each.role == IMAGE for each in plan.references)
    strength = image_strength(spec) if from_a_picture(entry) and not seen else None
    told = (*without_effect(spec), *without_images(spec), *remarks(spec))
    plan = stepped(replace(plan, strength=strength, notes=(*notes, *said, *cut, *left, *told)), spec)
    plan = replace(plan, notes=(*plan.notes, *too_few_steps(plan, spec, entry)))
    return within_reach(plan, spec, entry)


def plan_reroll(spec: GenerationSpec, registry: Registry, *, model: str = "pocket") -> Plan:
    """The same prompt again with a new seed: one that the spec says is left out."""
    return plan_imagine(spec.unseeded(), registry, model=model)
