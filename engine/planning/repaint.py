"""One picture with surroundings or a part drawn anew: zoomed out, panned, squared, or changed in a region.

Where the picture lies is the arithmetic of `canvas`; here it becomes a plan. Knows nothing of pixels.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.errors import NoRoom, NoSegmenter
from engine.planning.canvas import (
    Box,
    Canvas,
    Direction,
    Framed,
    Margins,
    extended,
    panned,
    parted,
    squared,
    zoomed,
)
from engine.planning.edit import drawn_on
from engine.planning.entries import ModelEntry
from engine.planning.plan import CALM, PICTURES, Action, Plan, running, scheduled
from engine.planning.prompts import seeds_of
from engine.planning.registry import Registry
from engine.planning.remix import OWN_PROPORTION, remixed
from engine.planning.seeds import picture_seeds
from engine.planning.sizes import alike, proportion, tile_size

if TYPE_CHECKING:
    from grammar.spec import GenerationSpec

__all__ = ["plan_painted", "plan_pan", "plan_region", "plan_square", "plan_zoom"]

REDRAWN = 1.0
"""How far a part that is drawn anew is re-noised, 0–1: nothing of it is left."""

_MARGIN = 6
"""What part of the shorter side the margin around a continued picture is."""


def plan_zoom(
    parent: Plan,
    position: int,
    registry: Registry,
    *,
    zoom: float,
    spec: GenerationSpec | None = None,
    seed: int | None = None,
) -> Plan:
    """The picture ``zoom`` (1–2) times smaller in the middle of its tile, and four surroundings for it.

    A ``spec`` replaces what the parent was asked for, its `--ar` the tile's proportion. Raises NoRoom when
    nothing would be new.
    """
    parent = drawn_on(parent, registry)
    entry, tile = registry.get(parent.model), parent.native
    onto, notes = (tile.width, tile.height), tuple[str, ...]()
    if spec is not None and spec.aspect is not None:
        width, height, notes = tile_size(entry, proportion(spec))
        if not alike(width / height, tile.width / tile.height):
            onto = width, height
    framed = zoomed(tile.width, tile.height, zoom, onto)
    plan = _repainted(parent, position, framed, registry, spec, seed)
    return replace(plan, notes=(*notes, *plan.notes))


def plan_pan(
    parent: Plan,
    position: int,
    registry: Registry,
    *,
    direction: Direction,
    spec: GenerationSpec | None = None,
    seed: int | None = None,
) -> Plan:
    """Four continuations of the picture in one direction. Raises NoRoom."""
    parent = drawn_on(parent, registry)
    tile = parent.native
    framed = panned(tile.width, tile.height, direction, registry.get(parent.model))
    return _in_its_proportion(_repainted(parent, position, framed, registry, spec, seed), spec)


def plan_square(
    parent: Plan,
    position: int,
    registry: Registry,
    *,
    spec: GenerationSpec | None = None,
    seed: int | None = None,
) -> Plan:
    """Four continuations of the picture to a square as wide as its longer side. Raises NoRoom."""
    parent = drawn_on(parent, registry)
    tile = parent.native
    framed = squared(tile.width, tile.height, registry.get(parent.model))
    return _repainted(parent, position, framed, registry, spec, seed)


def plan_region(
    parent: Plan,
    position: int,
    registry: Registry,
    *,
    parts: frozenset[int] = frozenset(),
    words: str = "",
    spec: GenerationSpec | None = None,
    seed: int | None = None,
) -> Plan:
    """Four pictures that differ in a region only: ``parts`` (0–8, in reading order) or what ``words`` name.

    Raises NoSegmenter when there are words and nobody to find what they mean.
    """
    parent = drawn_on(parent, registry)
    tile = parent.native
    if words:
        segmenter = registry.segmenter()
        if segmenter is None:
            raise NoSegmenter("No model that finds things by their names is on this machine.")
        whole = Box(0, 0, tile.width, tile.height)
        framed = tile.width, tile.height, Canvas(whole, words=words, segmenter=segmenter.name)
    else:
        framed = parted(tile.width, tile.height, parts)
    plan = _in_its_proportion(_repainted(parent, position, framed, registry, spec, seed), spec)
    return replace(plan, tile=parent.tile)


def _in_its_proportion(plan: Plan, spec: GenerationSpec | None) -> Plan:
    """The plan with a sentence where an `--ar` is said that its picture does not follow."""
    asked = spec is not None and spec.aspect is not None
    return replace(plan, notes=(OWN_PROPORTION, *plan.notes)) if asked else plan


def plan_painted(
    parent: Plan,
    position: int,
    registry: Registry,
    *,
    margins: Margins,
    masked: bool,
    spec: GenerationSpec | None = None,
    seed: int | None = None,
) -> Plan:
    """Four pictures on a canvas with other ``margins`` than the picture's, that differ where a mask is white.

    ``masked``: there is one, of the plan's size, which becomes the job's second input. Raises NoRoom when
    nothing would be new, too little would be left of the picture, or the model draws nothing as long.
    """
    if not margins.grow and not masked:
        also = " as well" if margins else ""
        raise NoRoom(f"That would draw nothing new: paint over a part{also}, or make the canvas larger.")
    parent = drawn_on(parent, registry)
    tile = parent.native
    if margins:
        width, height, canvas = extended(tile.width, tile.height, margins, registry.get(parent.model))
    else:
        width, height = tile.width, tile.height
        canvas = Canvas(Box(0, 0, width, height))
    framed = width, height, replace(canvas, masked=masked)
    plan = _repainted(parent, position, framed, registry, spec, seed)
    return plan if margins else replace(plan, tile=parent.tile)


def _repainted(
    parent: Plan,
    position: int,
    framed: Framed,
    registry: Registry,
    spec: GenerationSpec | None,
    seed: int | None,
) -> Plan:
    """With its old words a picture is continued, calmly; with others its surroundings follow those."""
    parent.check(position)
    width, height, canvas = framed
    entry = registry.get(parent.model)
    plan = replace(
        parent,
        action=Action.REPAINT,
        seeds=picture_seeds(seed, PICTURES) if spec is None else seeds_of(spec, seed),
        muses=parent.muses[position - 1 : position] * PICTURES,
        notes=(),
    )
    if spec is not None:
        plan = remixed(plan, spec, registry)
    filler = None if parent.tile else registry.filler(entry)
    if filler is not None:
        return _filled(plan, framed, filler, round(filler.steps * (plan.effort or entry.steps) / entry.steps))
    calm, strength = 1.0, REDRAWN
    if not canvas.covered(width, height):
        strength = (entry.extend + REDRAWN) / 2
        if plan.conditionings == parent.conditionings and not canvas.masked:
            calm, strength = CALM if entry.extend_by_words else 0.0, entry.extend
            canvas = replace(canvas, margin=min(width, height) // _MARGIN)
    steps = scheduled(plan.effort or plan.steps, strength)
    return replace(
        plan,
        width=width,
        height=height,
        steps=steps,
        stop_step=max(1, round(running(steps, strength) * plan.stop_step / plan.running)),
        strength=strength,
        calm=calm,
        tile=False,
        scale=1,
        canvas=canvas,
        control=None,
    )


def _filled(plan: Plan, framed: Framed, filler: ModelEntry, steps: int) -> Plan:
    """The same by the model that is made for it: from noise alone, with its own guidance."""
    width, height, canvas = framed
    effort = max(1, steps)
    without = [name for name, said in (("LoRAs", plan.loras), ("references", plan.references)) if said]
    told = (f"{filler.title} draws this, without {' and '.join(without)}.",) if without else ()
    return replace(
        plan,
        action=Action.REPAINT,
        model=filler.name,
        revision=filler.revision,
        width=width,
        height=height,
        steps=effort,
        effort=effort,
        stop_step=max(1, round(effort * plan.stop_step / plan.running)),
        guidance=filler.guidance,
        strength=None,
        calm=1.0,
        tile=False,
        stepwise=filler.stepwise,
        scale=1,
        canvas=canvas,
        control=None,
        loras=(),
        references=(),
        notes=(*plan.notes, *told),
    )
