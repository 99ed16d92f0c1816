"""The unmodified call of a diffusers pipeline: what a plan says becomes the arguments that it takes.

Each job draws with light copies of the model's pipeline, so that many jobs may be under way at once. Knows
nothing of input pictures' files, or of who else is rendering: sharing forwards happens below the pipelines.
"""

from __future__ import annotations

import functools
import inspect
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageChops
from torch import nn

from engine.drawing import acting, late, safety, unread
from engine.drawing.controls import hold as hold_structure
from engine.drawing.estimate import OnStep
from engine.drawing.latents import from_pixels, laid, vae_name
from engine.drawing.loras import texts_of
from engine.drawing.model import LoadedModel, denoiser_name, light_copy, put
from engine.drawing.precise import precise_vae
from engine.drawing.reference_adapter import References
from engine.drawing.referring import referring_denoiser
from engine.drawing.seamless import calmest, wrapping_vae, wraps
from engine.drawing.sparing import sparing_vae
from engine.drawing.steering import Steering, steered_denoiser
from engine.drawing.steps import BetweenSteps
from engine.errors import EngineError
from engine.families import Ability, Family
from engine.planning.plan import Plan
from engine.sharing.abreast import abreast

__all__ = ["drawn", "starts_from_pictures"]

_NO_NUMBERS = (
    "The model's numbers overflowed, and its pictures would be black."
    " The operator can set `EASEL_PRECISION` to `bf16` or `fp32`."
)


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
    after = references or References()
    condition = None
    if structure is not None and plan.control is not None:
        condition = model.controls[plan.control.name].condition(model, structure)
    texts = texts_of(model, plan)
    steering = None if texts is None else texts.steering(plan)
    if model.family.together:
        made = [_called(model, steering, plan, sources, report, hold, shown, condition, after)]
    else:
        count = len(plan.seeds)
        told = _Abreast(report, count)
        made = abreast(
            [
                functools.partial(
                    _called,
                    model,
                    None if steering is None else steering.only(index, count),
                    replace(plan, seeds=plan.seeds[index : index + 1]),
                    sources[index : index + 1],
                    functools.partial(told.of, index),
                    hold,
                    shown,
                    condition,
                    after,
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


def _called(
    model: LoadedModel,
    steering: Steering | None,
    plan: Plan,
    sources: Sequence[Image.Image],
    report: OnStep,
    hold: Image.Image | None,
    shown: Sequence[Image.Image],
    condition: torch.Tensor | None,
    references: References,
) -> tuple[list[Image.Image], list[bool]]:
    """The pictures of one call, and which of them a safety checker hid."""
    family = model.family
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
        acting.told(pipe, model.entry.title, sized=not shown)
    if condition is not None and plan.control is not None:
        control = model.controls[plan.control.name]
        hold_structure(pipe, model, control, condition, plan.control.strength)
    heard = None
    if steering is None:
        pipe, heard = unread.overheard(pipe)
        said = _plain_text(plan)
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
        said |= nothing if guided else {name: nothing[name] for name in _demanded(pipe) & nothing.keys()}
        if family.wordless:
            put(pipe, "encode_prompt", functools.partial(_wordless, pipe.encode_prompt))
    said |= _guided(pipe, family, plan, guided)
    said = _sized(family, plan) | said
    if family.fills is not None and shown and hold is not None:
        said |= {family.fills.picture: shown[0], family.fills.mask: ImageChops.invert(hold)}
        hold = None
    said |= _shown(family, plan, shown, said)
    vars(pipe).update(_asked(family.sets, plan))
    if stock:
        said |= {"image": list(sources), "strength": min(1.0, _share(plan) + (family.nudge or 0.0))}
    elif family.nudge is None and (sources or plan.stopped):
        skip = plan.steps - plan.running
        stop = skip + plan.stop_step if plan.stopped else None
        late.shorten(pipe.scheduler, skip, stop, begins=bool(sources))
    between = BetweenSteps(pipe, model, plan, report, hold)
    generators = [torch.Generator("cpu").manual_seed(seed) for seed in plan.seeds]
    said["generator"] = generators if len(generators) > 1 or family.together else generators[0]
    if sources and not stock:
        said["latents"] = _begun(pipe, model, plan, sources, said)
    torch.manual_seed(plan.seeds[0])  # for what a pipeline draws without asking for a generator
    made = _take(pipe, said)
    between.settle()
    flags = getattr(made, "nsfw_content_detected", None) or getattr(made, "nsfw_detected", None)
    pictures = _pictures(made)
    if heard is not None and (missing := heard.words(said["prompt"][0])):
        for picture in pictures:
            picture.info[unread.MARK] = missing
    return pictures, [bool(flag) for flag in flags or ()]


def _referring(
    pipe: Any, name: str, references: References, steering: Steering, pictures: int, guided: bool
) -> nn.Module:
    denoiser: nn.Module = getattr(pipe, name)
    return referring_denoiser(denoiser, references, steering, pictures=pictures, guided=guided)


def _part(pipe: Any, family: Family) -> Any:
    """The pipeline that draws, where it is a part of another."""
    return getattr(pipe, family.part) if family.part else pipe


def _demanded(pipe: Any) -> set[str]:
    """The arguments without which the pipeline cannot be called."""
    takes = inspect.signature(pipe.__call__).parameters.values()
    return {parameter.name for parameter in takes if parameter.default is parameter.empty}


def _wordless(encode: Any, prompt: Any = None, **said: Any) -> Any:
    """For an `encode_prompt` that counts words even where it is given embeddings."""
    return encode(prompt=prompt or "", **said)


def _plain_text(plan: Plan) -> dict[str, Any]:
    """Without embeddings: the heaviest part as plain text, and only what every pipeline takes."""
    lead = max(plan.conditionings, key=lambda part: part.weight)
    away = ", ".join(part.text for part in plan.conditionings if part.weight < 0)
    said: dict[str, Any] = {"prompt": [lead.text] * len(plan.seeds)}
    return said | ({"negative_prompt": [away] * len(plan.seeds)} if away else {})


def _guided(pipe: Any, family: Family, plan: Plan, guided: bool) -> dict[str, Any]:
    """The guidance, said as the pipeline hears it; guiders are the job's own."""
    guidance = plan.acting_guidance
    if family.guided and not guided:
        guidance = 1.0 - family.less
    for name in family.own:
        if hasattr(getattr(pipe, name, None), "guidance_scale"):
            getattr(pipe, name).guidance_scale = guidance
    return {family.scale: guidance}


def _sized(family: Family, plan: Plan) -> dict[str, Any]:
    """What all pipelines are told alike, and what the family's are told besides."""
    return {
        "width": plan.width,
        "height": plan.height,
        "num_inference_steps": plan.steps,
        "output_type": "pt",
        "use_resolution_binning": False,
        "clean_caption": False,
        **_asked(family.said, plan),
    }


def _asked(values: Mapping[str, Any], plan: Plan) -> dict[str, Any]:
    """A family's values, those that depend on the pixels for the plan's."""
    return {k: v(plan.width, plan.height) if callable(v) else v for k, v in values.items()}


def _shown(
    family: Family, plan: Plan, shown: Sequence[Image.Image], said: Mapping[str, Any]
) -> dict[str, Any]:
    """The pictures to look at, as the pipeline takes them, and the words that go with them."""
    if not shown or family.edits is None:
        return {}
    edits, seen = family.edits, list(shown[: family.edits.most])
    pictures: Any = seen if edits.most > 1 else seen[0]
    if edits.nested:
        pictures = [seen] * len(plan.seeds)
    elif edits.most == 1 and family.together:
        pictures = seen * len(plan.seeds)
    told: dict[str, Any] = {edits.likeness: plan.likeness} if edits.likeness else {}
    if said.get("prompt"):
        told["prompt"] = [edits.words(text, len(seen)) for text in said["prompt"]]
    return {edits.argument: pictures, **told}


def _begun(
    pipe: Any, model: LoadedModel, plan: Plan, sources: Sequence[Image.Image], said: dict[str, Any]
) -> torch.Tensor:
    """The sources' latents with as much noise as they have where the job begins."""
    name, family = vae_name(pipe), model.family
    vae = getattr(pipe, name) if name else None
    own = getattr(pipe, denoiser_name(pipe, family))
    pixels = torch.stack([torch.from_numpy(np.array(picture.convert("RGB"))) for picture in sources])
    scaled = (pixels.movedim(-1, 1).float() / 127.5 - 1).to(model.device, (vae or own).dtype)
    with torch.no_grad():
        clean = torch.cat([from_pixels(vae, each[None]) for each in scaled]).float()
    generators = said["generator"] if isinstance(said["generator"], list) else [said["generator"]]
    noise = torch.cat([torch.randn(clean[:1].shape, generator=generator) for generator in generators])
    words = {key: value for key, value in said.items() if key != "generator"}
    begun = late.begun(pipe, lambda: _take(pipe, words), clean, noise.to(clean))
    return laid(begun, family.given or family.layout).to(own.dtype)


def _take(pipe: Any, said: dict[str, Any]) -> Any:
    """The pipeline's own call, with those of the arguments that it takes."""
    takes = inspect.signature(pipe.__call__).parameters
    return pipe(**{name: value for name, value in said.items() if name in takes})


def _pictures(made: Any) -> list[Image.Image]:
    """Pictures from what a pipeline made: numbers from 0 to 1, or pictures already.

    A tensor is (n, 3, height, width), an array (n, height, width, 3). Raises EngineError where numbers
    overflowed, which would be black. Rounded where the tensor is, as diffusers rounds on the processor: a
    quarter of the bytes cross.
    """
    found = next(getattr(made, name) for name in ("images", "image", "frames") if hasattr(made, name))
    if isinstance(found, np.ndarray):
        found = torch.from_numpy(found).movedim(-1, 1)
    if not isinstance(found, torch.Tensor):
        return list(found)
    found = found.squeeze(1) if found.ndim == 5 else found
    if not torch.isfinite(found).all():
        raise EngineError(_NO_NUMBERS)
    pixels = (found.float() * 255).round().to(torch.uint8).movedim(1, -1).contiguous().cpu().numpy()
    return [Image.fromarray(picture) for picture in pixels]


def _share(plan: Plan) -> float:
    """The plan's strength in whole steps, so that each pipeline's rounding finds the same one."""
    assert plan.strength is not None
    return min(1.0, int(plan.steps * plan.strength) / plan.steps)
