"""Pictures changed as an instruction says: who does it, at what size, and what of the prompt has no say.

Knows nothing of pixels; of the pictures only how many there are and how large the first one is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.errors import CannotEdit
from engine.families import FAMILIES
from engine.planning.entries import ModelEntry
from engine.planning.loras import loras_of
from engine.planning.plan import Action, Plan
from engine.planning.prompts import (
    conditionings_of,
    effort_of,
    given,
    seeds_of,
    unknown_words,
    without_effect,
)
from engine.planning.reach import within_reach
from engine.planning.registry import Registry
from engine.planning.sizes import tile_size
from grammar import remarks

if TYPE_CHECKING:
    from grammar.spec import GenerationSpec

__all__ = ["drawn_on", "plan_edit"]

_NO_MODEL = (
    "No model on this machine changes pictures as an instruction says."
    " An operator fetches one: `easel models pull instruct-pix2pix`."
)
_NO_WORDS = "Say what is to change in the picture, for instance “make it night”."
_NO_TILE = "`--edit` and `--tile` cannot be used together. Leave one of them out."


def plan_edit(
    spec: GenerationSpec,
    registry: Registry,
    size: tuple[int, int],
    *,
    pictures: int = 1,
    model: str = "pocket",
    before: Plan | None = None,
    seed: int | None = None,
) -> Plan:
    """Four pictures: the first of the job's ``pictures``, of ``size`` in pixels, changed as the spec says.

    The proportion is that picture's. ``before`` is the plan that it came from. Where the model that the spec
    or ``model`` means does not edit, one of this machine does, and a note says so. Raises CannotEdit and
    UnknownModel.
    """
    if spec.tile:
        raise CannotEdit(_NO_TILE)
    if not any(part.text.strip() for part in spec.parts):
        raise CannotEdit(_NO_WORDS)
    asked, notes = registry.resolve(spec, model)
    entry = registry.editor(asked)
    if entry is None:
        raise CannotEdit(_NO_MODEL)
    edits = FAMILIES[entry.family].edits
    assert edits is not None
    conditionings, said = conditionings_of(spec, entry)
    width, height, cut = tile_size(entry, size[0] / size[1])
    loras, unknown_loras = loras_of(spec, entry, registry.loras, "")
    steps = effort_of(spec, entry)
    plan = Plan(
        action=Action.EDIT,
        model=entry.name,
        revision=entry.revision,
        conditionings=conditionings,
        width=width,
        height=height,
        steps=steps,
        stop_step=max(1, round(steps * given(spec.stop, 100) / 100)),
        guidance=entry.guidance,
        seeds=seeds_of(spec, seed),
        effort=steps,
        unknown=unknown_words(spec, entry),
        loras=loras,
        edits=1 if before is None else before.edits + 1,
        likeness=entry.likeness if edits.likeness else 0.0,
        relevance=entry.relevance if edits.likeness else 0.0,
        still=entry.still,
    )
    notes = (*notes, *_told(spec, asked, entry, pictures, edits.most), *said, *cut, *unknown_loras)
    referring = [f"`--{name}`" for name in ("sref", "cref", "oref") if getattr(spec, name)]
    alone = (
        (f"An edit refers to nothing else, so {' and '.join(referring)} did nothing.",) if referring else ()
    )
    plan = replace(plan, notes=(*notes, *alone, *without_effect(spec), *remarks(spec)))
    return within_reach(plan, spec.replace(images=(), stylize=None, chaos=None, weird=None), entry)


def drawn_on(plan: Plan, registry: Registry) -> Plan:
    """The plan for whoever draws on from its pictures: another model's, where its own does nothing but edit.

    Raises UnknownModel.
    """
    entry = registry.get(plan.model)
    if not entry.drawer:
        return plan
    drawer = registry.drawer(plan.model)
    return replace(
        plan,
        model=drawer.name,
        revision=drawer.revision,
        steps=drawer.steps,
        stop_step=drawer.steps,
        effort=drawer.steps,
        guidance=drawer.guidance,
        stepwise=drawer.stepwise,
        loras=(),
        likeness=0.0,
        relevance=0.0,
        still=0.0,
    )


def _told(
    spec: GenerationSpec, asked: ModelEntry, entry: ModelEntry, pictures: int, most: int
) -> tuple[str, ...]:
    """What is done differently than asked."""
    notes = []
    if entry.name not in (asked.name, asked.editor):
        notes.append(f"{asked.title} does not change pictures it is shown; {entry.title} did.")
    if pictures > most:
        shown = "one picture" if most == 1 else f"{most} pictures"
        notes.append(f"{entry.title} looks at {shown}; the others were left out.")
    values = {"--s": spec.stylize, "--c": spec.chaos, "--w": spec.weird, "--iw": spec.iw, "--ar": spec.aspect}
    idle = [f"`{name}`" for name, value in values.items() if value]
    if spec.edit and spec.images:
        idle.append("image prompts beside `--edit`")
    if idle:
        notes.append(f"{entry.title} changes the picture without {', '.join(idle)}: without effect here.")
    return tuple(notes)
