"""The unmodified call of a diffusers pipeline: what a plan says becomes the arguments that it takes.

Each job draws with light copies of the model's pipeline, so that many jobs may be under way at once. Knows
nothing of input pictures' files, or of who else is rendering: sharing forwards happens below the pipelines.
"""

from __future__ import annotations

import functools
import inspect
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageChops
from torch import nn

from engine.drawing import acting, arguments, late, safety, unread
from engine.drawing.controls import hold as hold_structure
from engine.drawing.estimate import OnStep
from engine.drawing.latents import from_pixels, laid, vae_name
from engine.drawing.loras import texts_of
from engine.drawing.model import LoadedModel, denoiser_name, light_copy, put
from engine.drawing.precise import precise_vae
from engine.drawing.reference_adapter import References
from engine.drawing.referring import referring_denoiser
from engine.drawing.relevance import CHANGED, Unnamed, listening_denoiser
from engine.drawing.repaint import Held
from engine.drawing.seamless import calmest, wrapping_vae, wraps
from engine.drawing.sparing import sparing_vae
from engine.drawing.stages import handed_on, numbers, steerings, told_of_all
from engine.drawing.steering import Steering, steered_denoiser
from engine.drawing.steps import BetweenSteps
from engine.errors import EngineError
from engine.families import Ability, Family
from engine.planning.plan import Plan
from engine.planning.stages import staged
from engine.sharing.abreast import abreast

__all__ = ["drawn", "starts_from_pictures"]


def starts_from_pictures(model: LoadedModel) -> bool:
    """Whether the model can draw from a picture."""
    if model.family.nudge is not None:
        return model.image_pipe is not None
    takes = inspect.signature(type(_part(model.pipe, model.family)).__call__).parameters
    return Ability.PICTURE not in model.family.cannot and "latents" in takes


def drawn(
    model: LoadedModel,
    plan: Plan,
    sources: Sequence[Image.Image],
    report: OnStep,
    hold: Image.Image | None = None,
    shown: Sequence[Image.Image] = (),
    structure: Image.Image | None = None,
    references: References | None = None,
) -> list[Image.Image]:
    """One picture a seed, from ``sources`` if there are any; the lighter ``hold``, the longer they stay.

    ``shown`` are pictures that the model looks at, to change the first of them, or to fill it where ``hold``
    is black. The plan's control holds the new ones to the ``structure`` of a picture of their size. They are
    drawn after the ``references``.
    """
    condition = None
    if structure is not None and plan.control is not None:
        condition = model.controls[plan.control.name].condition(model, structure)
    seen = _Seen(sources, hold, shown, condition, references or References())
    texts = texts_of(model, plan)
    ways = steerings(model, plan, None if texts is None else texts.steering(plan))
    if model.family.together:
        made = [_called(model, ways, plan, seen, report)]
    else:
        count = len(plan.seeds)
        told = _Abreast(report, count)
        made = abreast(
            [
                functools.partial(
                    _called,
                    model,
                    [None if way is None else way.only(index, count) for way in ways],
                    replace(plan, seeds=plan.seeds[index : index + 1]),
                    replace(seen, sources=sources[index : index + 1]),
                    functools.partial(told.of, index),
                )
                for index in range(count)
            ]
        )
    pictures = safety.passed([p for some, _ in made for p in some], [f for _, flags in made for f in flags])
    missing = () if texts is None else texts.unread(plan)
    for picture in pictures if missing else ():
        picture.info[unread.MARK] = missing
    if not plan.tile or sources:
        return pictures
    return [safety.like(picture, calmest(picture)) for picture in pictures]


class _Abreast:
    """The reports of pictures that are drawn in step with each other, as one of all of them."""

    def __init__(self, report: OnStep, count: int) -> None:
        self._report, self._count = report, count
        self._latest: dict[int, torch.Tensor | None] = {}
        self._told: Counter[int] = Counter()

    def of(self, index: int, done: int, steps: int, latents: torch.Tensor | None) -> None:
        """What one of them says."""
        self._latest[index] = latents
        self._told[done] += 1
        if self._told[done] < self._count:
            return
        shown = [part for _, part in sorted(self._latest.items()) if part is not None]
        self._report(done, steps, torch.cat(shown) if len(shown) == self._count else None)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a call draws from beside its texts: pictures, a structure; ``given`` is what is handed on.

    ``condition`` is the structure of a picture, as the plan's control reads it.
    """

    sources: Sequence[Image.Image] = ()
    hold: Image.Image | None = None
    shown: Sequence[Image.Image] = ()
    condition: torch.Tensor | None = None
    references: References = field(default_factory=References)
    given: Mapping[str, Any] = field(default_factory=dict)


def _called(
    model: LoadedModel, ways: Sequence[Steering | None], plan: Plan, seen: _Seen, report: OnStep
) -> tuple[list[Image.Image], list[bool]]:
    """The pictures of one call of each stage's pipeline, and which of them a safety checker hid."""
    stages = staged(plan, model.family)
    reports = told_of_all(report, stages, model)
    generators = [torch.Generator("cpu").manual_seed(seed) for seed in plan.seeds]
    made, missing, changed = _made(model, ways[0], stages[0][0], seen, reports[0], generators)
    hidden = _hidden(made, plan)
    for number, (stage, later) in enumerate(zip(model.family.stages, model.later, strict=True), start=1):
        drawn, _ = stages[number]
        given = _Seen(given={stage.takes: handed_on(stage, made, drawn, later.pipe)})
        made, *_ = _made(later, ways[number], drawn, given, reports[number], generators)
        hidden = [one or other for one, other in zip(hidden, _hidden(made, plan), strict=True)]
    pictures = _pictures(made)
    for picture in pictures if missing else ():
        picture.info[unread.MARK] = missing
    for picture, cells in zip(pictures, changed, strict=False):
        picture.info[CHANGED] = cells
    return pictures, hidden


def _hidden(made: Any, plan: Plan) -> list[bool]:
    """Which of a call's pictures its safety checker hid."""
    flags = getattr(made, "nsfw_content_detected", None) or getattr(made, "nsfw_detected", None)
    return [bool(flag) for flag in flags or [False] * len(plan.seeds)]


def _made(
    model: LoadedModel,
    steering: Steering | None,
    plan: Plan,
    seen: _Seen,
    report: OnStep,
    generators: list[torch.Generator],
) -> tuple[Any, tuple[str, ...], tuple[Image.Image, ...]]:
    """What one pipeline's call gives, the words of plain text that it did not read, and what changed."""
    family, sources, hold, shown = model.family, seen.sources, seen.hold, seen.shown
    condition, references = seen.condition, seen.references
    stock = bool(sources) and family.nudge is not None
    pipe = light_copy(_part(model.image_pipe if stock else model.pipe, family), family)
    if plan.tile and vae_name(pipe):
        if not wraps(getattr(pipe, vae_name(pipe))):
            raise EngineError(
                f"{model.entry.title} cannot repeat without a seam: its autoencoder pads itself."
            )
        put(pipe, vae_name(pipe), wrapping_vae(getattr(pipe, vae_name(pipe))))
    if vae_name(pipe):
        size = plan.width * plan.height / model.entry.side**2
        spared = sparing_vae(getattr(pipe, vae_name(pipe)), model.fit, size)
        put(pipe, vae_name(pipe), spared)
        put(pipe, vae_name(pipe), precise_vae(getattr(pipe, vae_name(pipe))))
    if not stock:
        acting.told(pipe, model.entry.title, sized=not shown and not seen.given)
    if condition is not None and plan.control is not None:
        control = model.controls[plan.control.name]
        hold_structure(pipe, model, control, condition, plan.control.strength)
    heard = None
    if steering is None:
        pipe, heard = unread.overheard(pipe)
        said = arguments.plain_text(plan)
        if "negative_prompt" in said.keys() - inspect.signature(pipe.__call__).parameters:
            raise EngineError(f"{model.entry.title} cannot leave out what `--no` names.")
        guided = family.contrasts(plan.acting_guidance)
        report = functools.partial(
            acting.reported, report, functools.partial(acting.left_out, model.entry.title, heard, said)
        )
    else:
        guided = family.contrasts(plan.acting_guidance)
        guided = guided and (references.some or not steering.pointless)
        name = denoiser_name(pipe, family)
        if references.some:
            put(pipe, name, _referring(pipe, name, references, steering, len(plan.seeds), guided))
        if not steering.plain:
            put(pipe, name, steered_denoiser(getattr(pipe, name), steering))
            report = functools.partial(
                acting.reported,
                report,
                functools.partial(acting.steers, model.entry.title, getattr(pipe, name)),
            )
        said = {"prompt": None, "negative_prompt": None, **steering.main}
        nothing = {f"negative_{name}": rows for name, rows in steering.nothing.items()}
        asked = arguments.demanded(pipe) & nothing.keys()
        said |= nothing if guided else {name: nothing[name] for name in asked}
        if family.wordless:
            put(pipe, "encode_prompt", functools.partial(arguments.wordless, pipe.encode_prompt))
    said |= arguments.guided(pipe, family, plan, guided)
    said = arguments.sized(family, plan) | said
    if family.fills is not None and shown and hold is not None:
        said |= {family.fills.picture: shown[0], family.fills.mask: ImageChops.invert(hold)}
        hold = None
    said |= arguments.shown(family, plan, shown, said)
    vars(pipe).update(arguments.asked(family.sets, plan))
    if stock:
        said |= {"image": list(sources), "strength": min(1.0, _share(plan) + (family.nudge or 0.0))}
    elif family.nudge is None and (sources or plan.stopped):
        skip = plan.steps - plan.running
        stop = skip + plan.stop_step if plan.stopped else None
        late.shorten(pipe.scheduler, skip, stop, begins=bool(sources))
    held = _held(pipe, model, plan, hold, shown)
    said |= seen.given
    said["generator"] = generators if len(generators) > 1 or family.together else generators[0]
    between = BetweenSteps(pipe, model, plan, report, held, said["generator"])
    if sources and not stock:
        said["latents"] = _begun(pipe, model, plan, sources, said)
    torch.manual_seed(plan.seeds[0])  # for what a pipeline draws without asking for a generator
    made = arguments.take(pipe, said)
    between.settle()
    words = () if heard is None else heard.words(said["prompt"][0])
    return made, words, held.changed() if isinstance(held, Unnamed) else ()


def _referring(
    pipe: Any, name: str, references: References, steering: Steering, pictures: int, guided: bool
) -> nn.Module:
    denoiser: nn.Module = getattr(pipe, name)
    return referring_denoiser(denoiser, references, steering, pictures=pictures, guided=guided)


def _held(
    pipe: Any, model: LoadedModel, plan: Plan, hold: Image.Image | None, shown: Sequence[Image.Image]
) -> Held | Unnamed | None:
    """What of a source picture stays as it is while others of its places are drawn."""
    if hold is not None:
        return Held(pipe.scheduler, hold)
    if not shown or not plan.relevance:
        return None
    name, vae = denoiser_name(pipe, model.family), getattr(pipe, vae_name(pipe))
    denoiser = getattr(pipe, name)
    clean = _clean(vae, shown[:1], model.device, vae.dtype)
    unnamed = Unnamed(pipe.scheduler, clean, plan.relevance, len(plan.seeds))
    put(pipe, name, listening_denoiser(denoiser, unnamed))
    return unnamed


def _part(pipe: Any, family: Family) -> Any:
    """The pipeline that draws, where it is a part of another."""
    return getattr(pipe, family.part) if family.part else pipe


def _begun(
    pipe: Any, model: LoadedModel, plan: Plan, sources: Sequence[Image.Image], said: dict[str, Any]
) -> torch.Tensor:
    """The sources' latents with as much noise as they have where the job begins."""
    name, family = vae_name(pipe), model.family
    vae = getattr(pipe, name) if name else None
    own = getattr(pipe, denoiser_name(pipe, family))
    clean = _clean(vae, sources, model.device, (vae or own).dtype)
    generators = said["generator"] if isinstance(said["generator"], list) else [said["generator"]]
    noise = torch.cat([torch.randn(clean[:1].shape, generator=generator) for generator in generators])
    words = {key: value for key, value in said.items() if key != "generator"}
    begun = late.begun(pipe, lambda: arguments.take(pipe, words), clean, noise.to(clean))
    return laid(begun, family.given or family.layout).to(own.dtype)


def _clean(vae: Any, pictures: Sequence[Image.Image], device: str, dtype: torch.dtype) -> torch.Tensor:
    """The latents (n, c, h, w) of pictures of one size."""
    pixels = torch.stack([torch.from_numpy(np.array(picture.convert("RGB"))) for picture in pictures])
    scaled = (pixels.movedim(-1, 1).float() / 127.5 - 1).to(device, dtype)
    with torch.no_grad():
        return torch.cat([from_pixels(vae, each[None]) for each in scaled]).float()


def _pictures(made: Any) -> list[Image.Image]:
    """Pictures from what a pipeline made: numbers from 0 to 1, or pictures already.

    Rounded where the numbers are, as diffusers rounds on the processor: a quarter of the bytes cross.
    """
    found = numbers(made)
    if not isinstance(found, torch.Tensor):
        return found
    pixels = (found.float() * 255).round().to(torch.uint8).movedim(1, -1).contiguous().cpu().numpy()
    return [Image.fromarray(picture) for picture in pixels]


def _share(plan: Plan) -> float:
    """The plan's strength in whole steps, so that each pipeline's rounding finds the same one."""
    assert plan.strength is not None
    return min(1.0, int(plan.steps * plan.strength) / plan.steps)
