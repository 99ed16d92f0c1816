"""A grid of four from text and image prompts, and the same again with another seed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.errors import CannotEdit
from engine.families import FAMILIES, Ability
from engine.planning.embeddings import embeddings_of
from engine.planning.looking import likeness_of, references_for, with_words
from engine.planning.loras import loras_of, words_of
from engine.planning.plan import Action, Plan, running, scheduled
from engine.planning.prompts import (
    conditionings_of,
    effort_of,
    given,
    image_strength,
    look_of,
    muses_of,
    oddity_of,
    seeds_of,
    style_of,
    unknown_words,
    without_effect,
    without_images,
)
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
    conditionings, said = conditionings_of(spec, entry)
    width, height, cut = tile_size(entry, proportion(spec))
    style, unknown_style = style_of(spec, entry)
    loras, unknown_loras = loras_of(spec, entry, registry.loras, style)
    references, unknown_references = references_for(spec, entry, registry.adapters)
    seen = any(each.role == IMAGE for each in references)
    texts = [words_of(style), *(part.text for part in conditionings)]
    embeddings, unread = embeddings_of(texts, entry, registry.embeddings)
    strength = image_strength(spec) if from_a_picture(entry) and not seen else None
    whole = effort_of(spec, entry)
    steps = scheduled(whole, strength)
    seeds = seeds_of(spec, seed)
    chaos, weird = given(spec.chaos, 0) / 100, given(spec.weird, 0) / 3000
    if spec.seed is not None and (chaos or weird):
        said = (*said, _WHOLE_GRID)
    words, weight, replaced = look_of(spec, entry, registry, style, references)
    left = (*unknown_references, *replaced)
    told = (*without_effect(spec), *without_images(spec), *remarks(spec))
    plan = Plan(
        action=Action.IMAGINE,
        model=entry.name,
        revision=entry.revision,
        conditionings=with_words(conditionings, references),
        width=width,
        height=height,
        steps=steps,
        stop_step=max(1, round(running(steps, strength) * given(spec.stop, 100) / 100)),
        guidance=entry.guidance,
        seeds=seeds,
        style=words,
        style_weight=weight,
        chaos=chaos,
        weird=weird,
        tile=bool(spec.tile),
        strength=strength,
        muses=muses_of(entry, seeds) if chaos else (),
        oddity=oddity_of(entry, seeds) if weird else "",
        effort=whole,
        unknown=unknown_words(spec, entry),
        stepwise=entry.stepwise,
        loras=loras,
        embeddings=embeddings,
        references=references,
        unmet=bool(unknown_references),
        likeness=likeness_of(entry, references),
        notes=(*notes, *said, *cut, *unknown_style, *unknown_loras, *unread, *left, *told),
    )
    plan = replace(plan, notes=(*plan.notes, *too_few_steps(plan, spec, entry)))
    return within_reach(plan, spec, entry)


def plan_reroll(spec: GenerationSpec, registry: Registry, *, model: str = "pocket") -> Plan:
    """The same prompt again with a new seed: one that the spec says is left out."""
    return plan_imagine(spec.unseeded(), registry, model=model)
