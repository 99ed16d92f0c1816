"""Each kind of job: a plan, a model and input pictures become pictures.

What the model draws, `calling` draws; here is what it starts from and what becomes of it. Knows nothing of
who else is rendering.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from PIL import Image, ImageOps

from engine.drawing import safety
from engine.drawing.calling import drawn, starts_from_pictures
from engine.drawing.estimate import OnStep
from engine.drawing.model import LoadedModel
from engine.drawing.reference_adapter import References
from engine.drawing.references import looked_at, references_of_plan
from engine.drawing.relevance import CHANGED
from engine.drawing.repaint import Scene
from engine.drawing.seamless import ForwardMode
from engine.drawing.tiles import Tiles
from engine.errors import BadPicture, EngineError
from engine.families import Ability
from engine.pictures.decoding import OWN_SIDE, load_input
from engine.pictures.details import detailed
from engine.pictures.mark import cleaned
from engine.pictures.unchanged import kept
from engine.pictures.upscale import double
from engine.planning.plan import PICTURES, Action, Plan
from engine.planning.seeds import picture_seeds

__all__ = ["forward_mode", "run"]


def forward_mode(plan: Plan) -> ForwardMode:
    """How the plan's shared forwards must run; part of what decides who shares them."""
    return ForwardMode(circular=plan.tile)


def run(
    model: LoadedModel | None,
    plan: Plan,
    inputs: Sequence[bytes],
    report: OnStep,
    enlarge: Callable[[Image.Image], Image.Image] = double,
) -> list[Image.Image]:
    """The plan's pictures, in order; an upscale needs no ``model``.

    ``inputs`` are the source pictures of a variation, an upscale, image prompts, and behind them those that
    the plan refers to; ``enlarge`` makes a picture twice as large. Raises EngineError with a sentence for
    the user when the plan cannot be rendered with this model.
    """
    if plan.action is Action.UPSCALE:
        picture = enlarge(_picture(inputs))
        report(1, 1, None)
        return [picture]
    if model is None:
        raise ValueError(f"{plan.action} needs a model")
    inputs, referred = inputs[: len(inputs) - plan.referred], inputs[len(inputs) - plan.referred :]
    if len(referred) < plan.referred:
        raise BadPicture("A picture that the prompt refers to is missing.")
    references, shown = references_of_plan(model, plan, referred), looked_at(plan, referred)
    if safety.checks(model.pipe):
        report = safety.unseen(report)
    if plan.action is Action.EDIT:
        return _edited(model, plan, inputs, report)
    if plan.strength is not None and not starts_from_pictures(model):
        raise EngineError(f"{model.entry.title} cannot start from a picture.")
    if plan.action is Action.REFINE:
        return [_refined(model, plan, enlarge(_picture(inputs)), report, references, shown)]
    if plan.canvas is not None:
        scene = Scene(plan, inputs)
        if model.family.fills is not None:
            pictures = drawn(model, plan, (), report, scene.keep, [scene.start], references=references)
        else:
            sources = [scene.start] * len(plan.seeds)
            pictures = drawn(model, plan, sources, report, scene.hold, shown, references=references)
        return [safety.like(picture, scene.finished(picture)) for picture in pictures]
    if plan.control is not None:
        held = _source(inputs, plan)
        return drawn(model, plan, (), report, shown=shown, structure=held, references=references)
    if Ability.TEXT in model.family.cannot:
        raise EngineError(f"{model.entry.title} draws nothing from words alone.")
    begins = () if plan.strength is None else [_source(inputs, plan)] * len(plan.seeds)
    return drawn(model, plan, begins, report, shown=shown, references=references)


def _edited(model: LoadedModel, plan: Plan, inputs: Sequence[bytes], report: OnStep) -> list[Image.Image]:
    """The first input picture, changed; where it was held, or hardly differs, the picture itself stays."""
    if not inputs:
        raise BadPicture("The source picture is missing.")
    if model.family.edits is None:
        raise EngineError(f"{model.entry.title} does not change pictures it is shown.")
    shown = [cleaned(load_input(data, OWN_SIDE)) for data in inputs[: model.family.edits.most]]
    first = ImageOps.fit(shown[0], (plan.width, plan.height), Image.Resampling.LANCZOS)
    pictures = drawn(model, plan, (), report, shown=[first, *shown[1:]])
    if not plan.still and not plan.relevance:
        return pictures
    return [
        safety.like(picture, kept(first, picture, plan.still, picture.info.get(CHANGED)))
        for picture in pictures
    ]


def _refined(
    model: LoadedModel,
    plan: Plan,
    large: Image.Image,
    report: OnStep,
    references: References,
    shown: Sequence[Image.Image],
) -> Image.Image:
    """The large picture with its details drawn anew, tile by tile, a few at a time: decoding takes memory."""
    tiles = Tiles(large.size, plan.width // plan.scale, plan.height // plan.scale)
    sources, seeds = tiles.cut(large), picture_seeds(plan.seeds[0], len(tiles.places))
    steps = plan.running * len(sources)
    done: list[Image.Image] = []
    for start in range(0, len(sources), PICTURES):
        few = slice(start, start + PICTURES)
        part = replace(plan, width=sources[0].width, height=sources[0].height, seeds=seeds[few])
        told = functools.partial(_tell_of_tiles, report, plan.running * start, len(part.seeds), steps)
        done += drawn(model, part, sources[few], told, shown=shown, references=references)
    joined = tiles.joined(done)
    for tile in done:
        joined = safety.like(tile, joined)
    return joined if safety.hidden(joined) else detailed(large, joined, plan.grain)


def _tell_of_tiles(
    report: OnStep, before: int, count: int, whole: int, step: int, _: int, latents: torch.Tensor | None
) -> None:
    """Steps of ``count`` tiles, ``before`` others, as steps of the whole; tiles are no preview of it."""
    report(before + step * count, whole, None)


def _picture(inputs: Sequence[bytes]) -> Image.Image:
    if not inputs:
        raise BadPicture("The source picture is missing.")
    return cleaned(load_input(inputs[0], OWN_SIDE))


def _source(inputs: Sequence[bytes], plan: Plan) -> Image.Image:
    """The input pictures, cut to the tile's proportion; several are laid over each other in equal parts."""
    if not inputs:
        raise BadPicture("The source picture is missing.")
    whole = None
    for count, data in enumerate(inputs, start=1):
        picture = cleaned(load_input(data, OWN_SIDE))
        fitted = ImageOps.fit(picture, (plan.width, plan.height), Image.Resampling.LANCZOS)
        whole = fitted if whole is None else Image.blend(whole, fitted, 1 / count)
    assert whole is not None
    return whole
