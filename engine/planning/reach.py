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

__all__ = ["from_a_picture", "too_few_steps", "within_reach"]


def from_a_picture(entry: ModelEntry) -> bool:
    """Whether the model's family can draw from a picture."""
    return Ability.PICTURE not in FAMILIES[entry.family].cannot


def within_reach(plan: Plan, spec: GenerationSpec, entry: ModelEntry) -> Plan:
    """The plan without what the model's family cannot do, and what it says of it."""
    family = FAMILIES[entry.family]
    missing = family.cannot
    left: list[str] = []
    wanted = [part for part in plan.conditionings if part.weight > 0]
    away = [part for part in plan.conditionings if part.weight <= 0]
    # Plain text is left out by guidance alone; embeddings are weighed, with guidance or without.
    unheard = not family.texts and not family.contrasts(plan.acting_guidance)
    if away and (Ability.WITHOUT in missing or unheard):
        left.append("`--no`")
        away = []
    if len(wanted) > 1 and Ability.TEXTS in missing:
        wanted = [max(wanted, key=lambda part: part.weight)]
        left.append("more than one text (only the heaviest is drawn)")
    if Ability.EFFECTS in missing:
        said = {"--s": spec.stylize, "--c": spec.chaos, "--w": spec.weird}
        left += [f"`{name}`" for name, value in said.items() if value]
        left += [f"`{name}`" for name in ("--style", "--raw") if _said_of_style(spec, name)]
        plan = replace(plan, style_weight=0.0, chaos=0.0, weird=0.0, muses=(), oddity="")
    else:
        plan = replace(plan, notes=(*plan.notes, *_nothing_to_draw_to(plan, spec, entry)))
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


def _said_of_style(spec: GenerationSpec, name: str) -> bool:
    """Whether the spec says `--raw`, or `--style` (and perhaps what)."""
    return spec.raw if name == "--raw" else spec.style is not None


def _nothing_to_draw_to(plan: Plan, spec: GenerationSpec, entry: ModelEntry) -> tuple[str, ...]:
    """A sentence on each effect for which the model's entry has no words."""
    said = []
    raw = spec.style == "raw" or spec.raw
    if not plan.style and (spec.stylize or raw):
        if not entry.style:
            names = [f"`--s {spec.stylize}`"] if spec.stylize else []
            names += [f"`{name}`" for name in ("--style raw", "--raw") if _said_of_style(spec, name)]
            said.append(f"{entry.title} has no house style, so {' and '.join(names)} changes nothing.")
        elif spec.stylize:
            said.append(f"The house style is left out, so `--s {spec.stylize}` changes nothing.")
    if spec.chaos and not plan.muses:
        said.append(f"{entry.title} has no `muses` in its entry, so `--c {spec.chaos}` changes nothing.")
    if spec.weird and not plan.oddity:
        said.append(f"{entry.title} has no `oddities` in its entry, so `--w {spec.weird}` changes nothing.")
    return tuple(said)


def too_few_steps(plan: Plan, spec: GenerationSpec, entry: ModelEntry) -> tuple[str, ...]:
    """A sentence on what is said of steps where so few are taken that it comes to the same."""
    effort = [f"`--q {spec.quality:g}`"] if spec.quality not in (None, 1) else []
    effort += ["`--draft`"] if spec.draft else []
    steps = "1 step" if entry.steps == 1 else f"{entry.steps} steps"
    said = []
    if effort and plan.effort == entry.steps:
        said.append(f"{entry.title} draws in {steps}, so {' and '.join(effort)} changes nothing.")
    if spec.stop is not None and spec.stop < 100 and not plan.stopped:
        said.append(f"{entry.title} draws in {steps}, so `--stop {spec.stop}` changes nothing.")
    return tuple(said)
