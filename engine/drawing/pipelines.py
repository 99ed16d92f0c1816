"""The unmodified call of a diffusers pipeline for each kind of job: a plan and a model become pictures.

Each job draws with a light copy of the model's pipeline, so that many jobs may be under way at once. Knows
nothing of who else is rendering: sharing forwards happens below the pipelines.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from PIL import Image, ImageOps

from engine.drawing import safety
from engine.drawing.estimate import OnStep
from engine.drawing.loras import texts_of
from engine.drawing.model import LoadedModel, denoiser_name, light_copy, put
from engine.drawing.repaint import Scene
from engine.drawing.seamless import ForwardMode, calmest, wrapping_vae
from engine.drawing.steering import Steering, steered_denoiser
from engine.drawing.steps import BetweenSteps
from engine.drawing.tiles import Tiles
from engine.errors import BadPicture, EngineError
from engine.pictures.decoding import OWN_SIDE, load_input
from engine.pictures.details import detailed
from engine.pictures.upscale import double
from engine.planning.plan import PICTURES, Action, Plan
from engine.planning.seeds import picture_seeds

__all__ = ["forward_mode", "run"]

_NO_NUMBERS = (
    "The model's numbers overflowed, and its pictures would be black."
    " The operator can set `EASEL_PRECISION` to `bf16` or `fp32`."
)


def forward_mode(plan: Plan) -> ForwardMode:
    """How the plan's shared forwards must run; part of what decides who shares them."""
    return ForwardMode(circular=plan.tile)


def run(model: LoadedModel | None, plan: Plan, inputs: Sequence[bytes], report: OnStep) -> list[Image.Image]:
    """The plan's pictures, in order; an upscale needs no ``model``.

    ``inputs`` are the source pictures of a variation, an upscale, image prompts. Raises EngineError with a
    sentence for the user when the plan cannot be rendered with this model.
    """
    if plan.action is Action.UPSCALE:
        picture = double(_picture(inputs))
        report(1, 1, None)
        return [picture]
    if model is None:
        raise ValueError(f"{plan.action} needs a model")
    if safety.checks(model.pipe):
        report = safety.unseen(report)
    if plan.strength is not None and model.image_pipe is None:
        raise EngineError(f"{model.entry.title} cannot start from a picture.")
    if plan.action is Action.REFINE:
        return [_refined(model, plan, double(_picture(inputs)), report)]
    if plan.canvas is not None:
        scene = Scene(plan, inputs)
        drawn = _drawn(model, plan, [scene.start] * len(plan.seeds), report, scene.hold)
        return [safety.like(picture, scene.finished(picture)) for picture in drawn]
    sources = () if plan.strength is None else [_source(inputs, plan)] * len(plan.seeds)
    return _drawn(model, plan, sources, report)


def _refined(model: LoadedModel, plan: Plan, large: Image.Image, report: OnStep) -> Image.Image:
    """The large picture with its details drawn anew, tile by tile, a few at a time: decoding takes memory."""
    tiles = Tiles(large.size, plan.width // plan.scale, plan.height // plan.scale)
    sources, seeds = tiles.cut(large), picture_seeds(plan.seeds[0], len(tiles.places))
    steps = plan.running * len(sources)
    done: list[Image.Image] = []
    for start in range(0, len(sources), PICTURES):
        few = slice(start, start + PICTURES)
        part = replace(plan, width=sources[0].width, height=sources[0].height, seeds=seeds[few])
        told = functools.partial(_tell_of_tiles, report, plan.running * start, len(part.seeds), steps)
        done += _drawn(model, part, sources[few], told)
    joined = tiles.joined(done)
    for tile in done:
        joined = safety.like(tile, joined)
    return joined if safety.hidden(joined) else detailed(large, joined, plan.grain)


def _tell_of_tiles(
    report: OnStep, before: int, count: int, whole: int, step: int, _: int, latents: torch.Tensor | None
) -> None:
    """Steps of ``count`` tiles, ``before`` others, as steps of the whole; tiles are no preview of it."""
    report(before + step * count, whole, None)


def _drawn(
    model: LoadedModel,
    plan: Plan,
    sources: Sequence[Image.Image],
    report: OnStep,
    hold: Image.Image | None = None,
) -> list[Image.Image]:
    """One picture a seed, from ``sources`` if there are any; the lighter ``hold``, the longer they stay."""
    texts = texts_of(model, plan)
    if texts is None:
        return _from_plain_text(model, plan, sources, report, hold)
    return _from_embeddings(model, texts.steering(plan), plan, sources, report, hold)


def _from_embeddings(
    model: LoadedModel,
    steering: Steering,
    plan: Plan,
    sources: Sequence[Image.Image],
    report: OnStep,
    hold: Image.Image | None,
) -> list[Image.Image]:
    family, guidance = model.family, plan.acting_guidance
    pipe = light_copy(model.image_pipe if sources else model.pipe)
    if not steering.plain:
        put(pipe, denoiser_name(pipe), steered_denoiser(getattr(pipe, denoiser_name(pipe)), steering))
    if plan.tile:
        put(pipe, "vae", wrapping_vae(pipe.vae))
    guided = family.contrasts(guidance) and not steering.pointless
    texts: dict[str, Any] = dict(steering.main)
    if guided:
        texts |= {f"negative_{name}": rows for name, rows in steering.nothing.items()}
    if family.guided and not guided:
        guidance = 1.0
    steps = BetweenSteps(pipe, model, plan, report, hold)
    pictures = _call(
        pipe, plan, sources, family.nudge, guidance_scale=guidance, callback_on_step_end=steps, **texts
    )
    if not plan.tile or sources:
        return pictures
    return [safety.like(picture, calmest(picture)) for picture in pictures]


def _from_plain_text(
    model: LoadedModel,
    plan: Plan,
    sources: Sequence[Image.Image],
    report: OnStep,
    hold: Image.Image | None,
) -> list[Image.Image]:
    """Without embeddings: the heaviest part as plain text, and only what every pipeline takes."""
    pipe = light_copy(model.image_pipe if sources else model.pipe)
    lead = max(plan.conditionings, key=lambda part: part.weight)
    away = ", ".join(part.text for part in plan.conditionings if part.weight < 0)
    texts = {"prompt": [lead.text] * len(plan.seeds)}
    if away:
        texts["negative_prompt"] = [away] * len(plan.seeds)
    steps = BetweenSteps(pipe, model, plan, report, hold)
    if "callback_on_step_end" not in inspect.signature(pipe.__call__).parameters:
        if hold is not None:
            raise EngineError(f"{model.entry.title} cannot draw a part of a picture.")
        steps.count()
    return _call(
        pipe,
        plan,
        sources,
        model.family.nudge,
        guidance_scale=plan.guidance,
        callback_on_step_end=steps,
        **texts,
    )


def _call(
    pipe: Any, plan: Plan, sources: Sequence[Image.Image], nudge: float, **said: Any
) -> list[Image.Image]:
    """The pipeline's own call, with those of the arguments that it takes."""
    said |= {
        "width": plan.width,
        "height": plan.height,
        "num_inference_steps": plan.steps,
        "generator": [torch.Generator("cpu").manual_seed(seed) for seed in plan.seeds],
        "output_type": "pt",
        "use_resolution_binning": False,
        "clean_caption": False,
    }
    if sources:
        said |= {"image": list(sources), "strength": min(1.0, _share(plan) + nudge)}
    takes = inspect.signature(pipe.__call__).parameters
    made = pipe(**{name: value for name, value in said.items() if name in takes})
    return safety.passed(_pictures(made.images), getattr(made, "nsfw_content_detected", None))


def _pictures(made: Any) -> list[Image.Image]:
    """Pictures from what a pipeline made: a tensor (n, 3, height, width) from 0 to 1, or pictures already.

    Raises EngineError where numbers overflowed, which would be black. Rounded where the tensor is, as
    diffusers rounds on the processor: a quarter of the bytes cross.
    """
    if not isinstance(made, torch.Tensor):
        return list(made)
    if not torch.isfinite(made).all():
        raise EngineError(_NO_NUMBERS)
    pixels = (made.float() * 255).round().to(torch.uint8).movedim(1, -1).contiguous().cpu().numpy()
    return [Image.fromarray(picture) for picture in pixels]


def _share(plan: Plan) -> float:
    """The plan's strength in whole steps, so that each pipeline's rounding finds the same one."""
    assert plan.strength is not None
    return min(1.0, int(plan.steps * plan.strength) / plan.steps)


def _picture(inputs: Sequence[bytes]) -> Image.Image:
    if not inputs:
        raise BadPicture("The source picture is missing.")
    return load_input(inputs[0], OWN_SIDE)


def _source(inputs: Sequence[bytes], plan: Plan) -> Image.Image:
    """The input pictures, cut to the tile's proportion; several are laid over each other in equal parts."""
    if not inputs:
        raise BadPicture("The source picture is missing.")
    whole = None
    for count, data in enumerate(inputs, start=1):
        fitted = ImageOps.fit(load_input(data, OWN_SIDE), (plan.width, plan.height), Image.Resampling.LANCZOS)
        whole = fitted if whole is None else Image.blend(whole, fitted, 1 / count)
    assert whole is not None
    return whole
