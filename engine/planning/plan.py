"""From what the user said to what will be done: a spec and a model entry become a fully resolved plan.

A plan leaves nothing implicit: two equal plans with equal input pictures give equal pictures. It is plain
JSON data and loads no torch. Knows nothing of who asked, or when.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from random import Random
from typing import TYPE_CHECKING, Any

from engine.errors import NoSegmenter
from engine.planning.canvas import Box, Canvas, Direction, Framed, panned, parted, squared, zoomed
from engine.planning.registry import ModelEntry, Registry
from engine.planning.seeds import picture_seeds
from engine.planning.sizes import tile_size
from engine.planning.vocabulary import known_text
from grammar import PARAMETERS, remarks

if TYPE_CHECKING:
    from grammar.spec import GenerationSpec

__all__ = [
    "PICTURES",
    "Action",
    "Conditioning",
    "Plan",
    "plan_again",
    "plan_imagine",
    "plan_pan",
    "plan_redo",
    "plan_refine",
    "plan_region",
    "plan_reroll",
    "plan_square",
    "plan_upscale",
    "plan_vary",
    "plan_zoom",
]

PICTURES = 4
"""How many pictures a grid has."""

UPSCALE = 2
"""How many times larger an upscaled picture is than its tile, both ways."""

SUBTLE = 0.35
"""How far a subtle variation's source is re-noised, 0–1; a strong one's by its model's entry."""

REDRAWN = 1.0
"""How far a part that is drawn anew is re-noised: nothing of it is left."""

CALM = 0.5
"""How much of the guidance acts on what only continues a picture, or draws its details anew."""

_LEAST_REFINING = 5
"""How many steps details take at least."""

_MARGIN = 6
"""What part of the shorter side the margin around a continued picture is."""

_SAME_RATIO = 0.03
_MOST_PARTS = 8
_LEAST_RUN = 8
_AWAY = -0.5
"""The weight of a `--no`: Midjourney's own, `thing::-0.5`."""


class Action(StrEnum):
    """The kinds of job."""

    IMAGINE = "imagine"
    VARY = "vary"
    UPSCALE = "upscale"
    REFINE = "refine"
    REPAINT = "repaint"


@dataclass(frozen=True, slots=True)
class Conditioning:
    """One text that steers the picture, with its weight (negative: away from it)."""

    text: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a worker needs to render, besides input pictures.

    ``width``/``height`` are one tile's pixels (an upscale's: the result's). ``steps`` denoising steps are
    scheduled, ``stop_step`` of them run (an input picture skips the first ones, `--stop` the last).
    ``guidance`` is the classifier-free guidance scale. ``seeds`` has one entry a picture. ``style`` is the
    house style's text and ``style_weight`` (0–1) how much of it is mixed in; ``chaos`` and ``weird`` are 0–1;
    ``strength`` (0–1) is how far an input picture is re-noised, None without one. ``scale`` is how many times
    larger the picture is, both ways, than what the model drew. ``canvas`` says what of the input picture
    stays, None: nothing need. ``calm`` (0–1) is how much of the guidance acts where a picture is continued:
    the whole of it would draw the prompt's things again. ``effort`` is how many steps a picture from text
    alone takes at the wanted quality (0: as ``steps``); later jobs are planned from it.
    """

    action: Action
    model: str
    revision: str | None
    conditionings: tuple[Conditioning, ...]
    width: int
    height: int
    steps: int
    stop_step: int
    guidance: float
    seeds: tuple[int, ...]
    style: str = ""
    style_weight: float = 0.0
    chaos: float = 0.0
    weird: float = 0.0
    tile: bool = False
    strength: float | None = None
    muses: tuple[str, ...] = ()
    oddity: str = ""
    notes: tuple[str, ...] = ()
    scale: int = 1
    canvas: Canvas | None = None
    calm: float = 1.0
    effort: int = 0

    @property
    def stopped(self) -> bool:
        """Whether `--stop` ends it before its last step."""
        return self.stop_step < self.running

    @property
    def running(self) -> int:
        """How many of the scheduled steps would run without `--stop`."""
        return _running(self.steps, self.strength)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data; ``from_dict`` gives an equal plan back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Plan:
        """The plan that ``to_dict`` described."""
        known = dict(data)
        known["action"] = Action(known["action"])
        known["conditionings"] = tuple(Conditioning(**c) for c in known["conditionings"])
        known["seeds"] = tuple(known["seeds"])
        known["muses"] = tuple(known.get("muses", ()))
        known["notes"] = tuple(known.get("notes", ()))
        known.setdefault("scale", UPSCALE if known["action"] is Action.UPSCALE else 1)
        known["canvas"] = Canvas.from_dict(known["canvas"]) if known.get("canvas") else None
        return cls(**known)


def plan_imagine(
    spec: GenerationSpec, registry: Registry, *, model: str = "pocket", seed: int | None = None
) -> Plan:
    """A grid of four from text (and image prompts). ``seed`` is used when the spec says none; None draws one.

    Raises UnknownModel when the registry has no ``model``.
    """
    entry, notes = registry.resolve(spec, model)
    conditionings, said = _conditionings(spec, entry)
    width, height, cut = tile_size(entry, spec.aspect[0] / spec.aspect[1] if spec.aspect else 1.0)
    style, unknown_style = _style(spec, entry)
    strength = _image_strength(spec)
    effort = _or(spec.quality, 1.0) * (0.5 if spec.draft else 1.0)
    whole = max(1, round(entry.steps * effort))
    steps = _scheduled(whole, strength)
    seeds = _seeds(spec, seed)
    chaos, weird = _or(spec.chaos, 0) / 100, _or(spec.weird, 0) / 3000
    return Plan(
        action=Action.IMAGINE,
        model=entry.name,
        revision=entry.revision,
        conditionings=conditionings,
        width=width,
        height=height,
        steps=steps,
        stop_step=max(1, round(_running(steps, strength) * _or(spec.stop, 100) / 100)),
        guidance=entry.guidance,
        seeds=seeds,
        style=style,
        style_weight=_style_weight(spec.stylize, 100) if style else 0.0,
        chaos=chaos,
        weird=weird,
        tile=bool(spec.tile),
        strength=strength,
        muses=_muses(entry, seeds) if chaos else (),
        oddity=_oddity(entry, seeds) if weird else "",
        effort=whole,
        notes=(*notes, *said, *cut, *unknown_style, *_idle(spec), *remarks(spec)),
    )


def plan_reroll(spec: GenerationSpec, registry: Registry, *, model: str = "pocket") -> Plan:
    """The same prompt again with a new seed: one that the spec says is left out."""
    return plan_imagine(spec.unseeded(), registry, model=model)


def plan_vary(
    parent: Plan,
    position: int,
    registry: Registry,
    *,
    strong: bool,
    spec: GenerationSpec | None = None,
    seed: int | None = None,
) -> Plan:
    """Four variations of the parent's picture ``position`` (from 1); that picture's bytes are the job's
    input.

    A ``spec`` (Remix) replaces what the parent was asked for: text, `--no`, and of `--s --c --w` what it
    says; the model, the tile and the effort stay the parent's. Words are checked as in `plan_imagine`; how
    far strong variations go is the model's own. Raises UnknownModel where that one is gone.
    """
    _check(parent, position)
    strength = registry.get(parent.model).strong if strong else SUBTLE
    share = parent.stop_step / parent.running
    steps = _scheduled(parent.effort or parent.steps, strength)
    varied = replace(
        _native(parent),
        action=Action.VARY,
        steps=steps,
        stop_step=max(1, round(_running(steps, strength) * share)),
        seeds=picture_seeds(seed, PICTURES),
        strength=strength,
        muses=parent.muses[position - 1 : position] * PICTURES,
        canvas=None,
        calm=1.0,
        notes=(),
    )
    return varied if spec is None else _remixed(varied, spec, registry)


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
    entry, tile = registry.get(parent.model), _native(parent)
    onto, notes = (tile.width, tile.height), tuple[str, ...]()
    if spec is not None and spec.aspect is not None and (ratio := spec.aspect[0] / spec.aspect[1]):
        width, height, notes = tile_size(entry, ratio)
        if abs(math.log(width / height * tile.height / tile.width)) > _SAME_RATIO:
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
    tile = _native(parent)
    framed = panned(tile.width, tile.height, direction, registry.get(parent.model))
    return _repainted(parent, position, framed, registry, spec, seed)


def plan_square(
    parent: Plan,
    position: int,
    registry: Registry,
    *,
    spec: GenerationSpec | None = None,
    seed: int | None = None,
) -> Plan:
    """Four continuations of the picture to a square as wide as its longer side. Raises NoRoom."""
    tile = _native(parent)
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
    tile = _native(parent)
    if words:
        segmenter = registry.segmenter()
        if segmenter is None:
            raise NoSegmenter("No model that finds things by their names is on this machine.")
        whole = Box(0, 0, tile.width, tile.height)
        framed = tile.width, tile.height, Canvas(whole, words=words, segmenter=segmenter.name)
    else:
        framed = parted(tile.width, tile.height, parts)
    return replace(_repainted(parent, position, framed, registry, spec, seed), tile=parent.tile)


def plan_again(plan: Plan, registry: Registry, spec: GenerationSpec | None = None) -> Plan:
    """The same from the same input picture with new seeds; a ``spec`` (Remix) replaces what was asked for."""
    again = replace(plan, seeds=picture_seeds(None, len(plan.seeds)))
    return again if spec is None else _remixed(again, spec, registry)


def plan_upscale(parent: Plan, position: int) -> Plan:
    """The parent's picture ``position`` (from 1) at twice its size; its bytes are the job's input.

    Steps and guidance stay the parent's, for variations of the result; no denoising is done.
    """
    _check(parent, position)
    return replace(
        parent,
        action=Action.UPSCALE,
        width=parent.width * UPSCALE,
        height=parent.height * UPSCALE,
        seeds=(parent.seeds[position - 1],),
        muses=parent.muses[position - 1 : position],
        scale=parent.scale * UPSCALE,
        canvas=None,
        notes=(),
    )


def plan_refine(parent: Plan, position: int, registry: Registry, *, seed: int | None = None) -> Plan:
    """The parent's picture ``position`` (from 1) at twice its size, its details drawn anew by the model."""
    large = plan_upscale(parent, position)
    strength = registry.get(parent.model).refine
    steps = max(large.effort or large.steps, math.ceil(_LEAST_REFINING / strength))
    return replace(
        large,
        action=Action.REFINE,
        steps=steps,
        stop_step=_running(steps, strength),
        seeds=picture_seeds(seed, 1),
        strength=strength,
        calm=CALM,
        chaos=0.0,
        tile=False,
    )


def plan_redo(plan: Plan, registry: Registry, *, creative: bool, seed: int | None = None) -> Plan:
    """Another upscale of the picture that ``plan`` has upscaled; its input is this one's too."""
    before = replace(
        plan, width=plan.width // UPSCALE, height=plan.height // UPSCALE, scale=plan.scale // UPSCALE
    )
    return plan_refine(before, 1, registry, seed=seed) if creative else plan_upscale(before, 1)


def _native(plan: Plan) -> Plan:
    """The plan at the size that the model draws."""
    return replace(plan, width=plan.width // plan.scale, height=plan.height // plan.scale, scale=1)


def _repainted(
    parent: Plan,
    position: int,
    framed: Framed,
    registry: Registry,
    spec: GenerationSpec | None,
    seed: int | None,
) -> Plan:
    """With its old words a picture is continued, calmly; with others its surroundings follow those."""
    _check(parent, position)
    width, height, canvas = framed
    entry = registry.get(parent.model)
    said = None if spec is None else spec.seed
    plan = replace(
        parent,
        seeds=picture_seeds(seed if said is None else said, PICTURES),
        muses=parent.muses[position - 1 : position] * PICTURES,
        notes=(),
    )
    if spec is not None:
        plan = _remixed(plan, spec, registry)
    calm, strength = 1.0, REDRAWN
    if (canvas.picture.width, canvas.picture.height) != (width, height):
        strength = (entry.extend + REDRAWN) / 2
        if plan.conditionings == parent.conditionings:
            calm, strength = CALM, entry.extend
            canvas = replace(canvas, margin=min(width, height) // _MARGIN)
    steps = _scheduled(parent.effort or parent.steps, strength)
    return replace(
        plan,
        action=Action.REPAINT,
        width=width,
        height=height,
        steps=steps,
        stop_step=max(1, round(_running(steps, strength) * parent.stop_step / parent.running)),
        strength=strength,
        calm=calm,
        tile=False,
        scale=1,
        canvas=canvas,
    )


def _scheduled(steps: int, strength: float | None) -> int:
    """How many steps to schedule when a source picture skips the first ones.

    Enough that a faint re-noising still gets eight (or all that the model takes), for its edges' sake.
    """
    return steps if strength is None else max(steps, math.ceil(min(steps, _LEAST_RUN) / strength))


def _running(steps: int, strength: float | None) -> int:
    """How many of the scheduled steps are left to run."""
    return steps if strength is None else max(1, min(steps, int(steps * strength)))


def _conditionings(
    spec: GenerationSpec, entry: ModelEntry | None
) -> tuple[tuple[Conditioning, ...], tuple[str, ...]]:
    """The spec's parts and its `--no`, in the words the model knows, and what to tell of the rest."""
    wanted = [(part.text, float(part.weight)) for part in spec.parts]
    wanted += [(thing, _AWAY) for thing in spec.no]
    notes: list[str] = []
    if len(wanted) > _MOST_PARTS:
        heaviest = sorted(wanted, key=lambda pair: -abs(pair[1]))[:_MOST_PARTS]
        wanted = [pair for pair in wanted if pair in heaviest][:_MOST_PARTS]
        notes.append(f"Only the {_MOST_PARTS} heaviest parts of the prompt count.")
    parts: list[Conditioning] = []
    strange: list[str] = []
    for text, weight in wanted:
        known, unknown = known_text(text, entry) if entry else (text, ())
        strange += [word for word in unknown if word not in strange]
        if known or weight > 0:
            parts.append(Conditioning(known, weight))
    if strange and entry:
        notes.append(f"{entry.name} does not know: {', '.join(strange[:12])}.")
    return tuple(parts) or (Conditioning(""),), tuple(notes)


def _style(spec: GenerationSpec, entry: ModelEntry) -> tuple[str, tuple[str, ...]]:
    """The house style's text and a note when `--style` names one the model has not."""
    named = spec.style or ("raw" if spec.raw else None)
    if named is None:
        return entry.style, ()
    if named in entry.styles:
        return entry.styles[named], ()
    if named == "raw":
        return "", ()
    return entry.style, (f"`--style {named}` is not a style of {entry.name}, so its own was kept.",)


def _image_strength(spec: GenerationSpec) -> float | None:
    """How far image prompts are re-noised: `--iw` 0 leaves them out, 1 keeps their layout, 3 most of them."""
    weight = _or(spec.iw, 1.0)
    if not spec.images or weight <= 0:
        return None
    return round(0.62 - 0.125 * min(weight, 3.0), 4)


def _remixed(plan: Plan, spec: GenerationSpec, registry: Registry) -> Plan:
    entry = registry.get(plan.model)
    conditionings, notes = _conditionings(spec, entry)
    chaos, weird = _or(spec.chaos, 100 * plan.chaos) / 100, _or(spec.weird, 3000 * plan.weird) / 3000
    return replace(
        plan,
        conditionings=conditionings,
        style_weight=_style_weight(spec.stylize, 1000 * plan.style_weight) if plan.style else 0.0,
        chaos=chaos,
        weird=weird,
        muses=plan.muses or (_muses(entry, plan.seeds) if chaos else ()),
        oddity=plan.oddity or (_oddity(entry, plan.seeds) if weird else ""),
        notes=(*notes, *_idle(spec), *remarks(spec)),
    )


def _muses(entry: ModelEntry, seeds: tuple[int, ...]) -> tuple[str, ...]:
    """A different text for each picture to be drawn to, as long as there are enough of them."""
    drawn = Random(seeds[0]).sample(entry.muses, len(entry.muses))
    return tuple(drawn[index % len(drawn)] for index in range(len(seeds))) if drawn else ()


def _oddity(entry: ModelEntry, seeds: tuple[int, ...]) -> str:
    return Random(seeds[0]).choice(entry.oddities) if entry.oddities else ""


def _seeds(spec: GenerationSpec, seed: int | None) -> tuple[int, ...]:
    if spec.sameseed is not None:
        return (spec.sameseed,) * PICTURES
    return picture_seeds(spec.seed if spec.seed is not None else seed, PICTURES)


def _style_weight(stylize: float | None, default: float) -> float:
    """0–1; the values of 2022's models, up to 60000, count as the most."""
    return min(1.0, _or(stylize, default) / 1000)


def _idle(spec: GenerationSpec) -> tuple[str, ...]:
    """A sentence about the parameters that parse but do nothing here yet."""
    said = [f"`--{row.short}`" for row in PARAMETERS if row.idle and spec.get(row.short) is not None]
    return (f"{', '.join(said)}: understood, but without effect here.",) if said else ()


def _or(value: float | None, default: float) -> float:
    return default if value is None else float(value)


def _check(parent: Plan, position: int) -> None:
    if not 1 <= position <= len(parent.seeds):
        raise ValueError(f"picture {position} of a plan with {len(parent.seeds)}")
