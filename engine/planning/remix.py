"""A picture's job with another prompt (Remix): what the prompt says counts, as it does for a new one.

What a source picture settles stays as it is, with a sentence where the prompt says otherwise. Knows nothing
of who pressed what; parameters that were not changed in the dialog are the caller's to leave out.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.planning.asked import asked_for, stepped
from engine.planning.entries import ModelEntry
from engine.planning.plan import Action, Plan
from engine.planning.prompts import without_effect, without_images
from engine.planning.reach import too_few_steps, within_reach
from engine.planning.references import IMAGE, with_codes
from engine.planning.registry import Registry
from engine.planning.sizes import alike, proportion, tile_size
from grammar import remarks

if TYPE_CHECKING:
    from grammar.spec import GenerationSpec

__all__ = ["OWN_PROPORTION", "remixed"]

OWN_PROPORTION = "`--ar` has no effect here: the picture keeps its proportion."

_OWN_PICTURE = "An image prompt has no effect here: this begins with the picture itself."

_NO_TILE = "`--tile` has no effect here: the picture is no tile."


def remixed(plan: Plan, spec: GenerationSpec, registry: Registry) -> Plan:
    """The plan with all that the spec says in the place of what the parent was asked for.

    Its model stays. An `--ar` counts for variations, whose source is cut to it. Raises UnknownModel.
    """
    entry, spec = registry.get(plan.model), with_codes(spec)
    said, notes, left = asked_for(_framed(plan, spec, entry), spec, entry, registry)
    said = stepped(said, spec)
    told = (*_settled(said, spec, entry, registry), *without_effect(spec), *remarks(spec))
    said = replace(said, notes=(*said.notes, *notes, *left, *told))
    said = replace(said, notes=(*said.notes, *too_few_steps(said, spec, entry)))
    return within_reach(said, spec.replace(images=()), entry)


def _framed(plan: Plan, spec: GenerationSpec, entry: ModelEntry) -> Plan:
    """A variation of the proportion that is asked for, and as a tile where that is; others as they are."""
    if plan.action is not Action.VARY:
        return replace(plan, notes=())
    plan = replace(plan, tile=bool(spec.tile), notes=())
    if spec.aspect is None or alike(proportion(spec), plan.width / plan.height):
        return plan
    width, height, cut = tile_size(entry, proportion(spec))
    return replace(plan, width=width, height=height, notes=cut)


def _settled(plan: Plan, spec: GenerationSpec, entry: ModelEntry, registry: Registry) -> tuple[str, ...]:
    """A sentence on each thing that the spec says and the picture has settled."""
    asked, told = registry.resolve(spec, plan.model)
    notes = list(told)
    if asked.name != entry.name:
        name = "--niji" if spec.niji is not None else f"--v {spec.version}"
        notes = [f"`{name}` has no effect here: {entry.title}, which drew the picture, goes on from it."]
    if spec.images and not any(each.role == IMAGE for each in plan.references):
        notes.append(_OWN_PICTURE)
    if spec.tile and not plan.tile:
        notes.append(_NO_TILE)
    return (*notes, *without_images(spec))
