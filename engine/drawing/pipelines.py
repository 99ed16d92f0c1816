"""Diffusers pipelines: loading them, and the unmodified call for each kind of job.

A loaded model is a prototype; each job gets a light copy of the pipeline with a scheduler of its own, so that
many jobs may be under way at once. Knows nothing of who else is rendering: sharing forwards happens below the
pipelines.
"""

from __future__ import annotations

import copy
import functools
import inspect
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import diffusers
import torch
import transformers
from diffusers import AutoPipelineForImage2Image, DiffusionPipeline
from PIL import Image, ImageOps
from torch import nn

from engine.drawing import preview, safety
from engine.drawing.estimate import Watch
from engine.drawing.repaint import Held, Scene
from engine.drawing.seamless import ForwardMode, Roll, calmest, wrapping_vae
from engine.drawing.steering import Steering, composed
from engine.drawing.texts import Texts
from engine.drawing.tiles import Tiles
from engine.errors import BadPicture, EngineError, ModelUnavailable
from engine.families import FAMILIES, Family
from engine.pictures import upscale
from engine.pictures.decoding import OWN_SIDE, load_input
from engine.planning.plan import PICTURES, Action, Plan
from engine.planning.registry import ModelEntry
from engine.planning.seeds import picture_seeds
from engine.sharing.batching import pause

__all__ = ["LoadedModel", "Report", "dtype_of", "forward_mode", "load", "run"]

Report: TypeAlias = Callable[[int, int, torch.Tensor | None], None]
"""Told after every step: steps done, steps in all, and the pictures' latents as they would end from here, or
None.
"""

_DENOISERS = ("unet", "transformer", "transformer_2")
_PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
_LOG = logging.getLogger(__name__)


@dataclass(eq=False)
class LoadedModel:
    """A model on its device. ``pipe`` draws from text, ``image_pipe`` from a picture (None: the family
    cannot).
    """

    entry: ModelEntry
    device: str
    pipe: Any
    image_pipe: Any
    denoisers: tuple[nn.Module, ...]
    texts: Texts | None
    family: Family | None
    colours: torch.Tensor | None = field(default=None, repr=False)


def load(
    entry: ModelEntry, device: str, dtype: torch.dtype = torch.float32, *, checked: bool = True
) -> LoadedModel:
    """The entry's pipeline on ``device``, downloaded first if it must be; raises ModelUnavailable when it
    cannot. ``checked`` keeps its safety checker, if it brings one along.
    """
    pipe = _loaded(entry, dtype, checked=checked).to(device)
    pipe.set_progress_bar_config(disable=True)
    _channels_last(pipe)
    try:
        image_pipe = AutoPipelineForImage2Image.from_pipe(pipe)
        image_pipe.set_progress_bar_config(disable=True)
    except ValueError:
        image_pipe = None
    family = FAMILIES.get(entry.family)
    denoisers = tuple(getattr(pipe, name) for name in _DENOISERS if getattr(pipe, name, None) is not None)
    texts = None if family is None else Texts(pipe, family)
    colours = preview.fit(pipe.vae) if family else None
    return LoadedModel(entry, device, pipe, image_pipe, denoisers, texts, family, colours)


def forward_mode(plan: Plan) -> ForwardMode:
    """How the plan's shared forwards must run; part of what decides who shares them."""
    return ForwardMode(circular=plan.tile)


def run(model: LoadedModel | None, plan: Plan, inputs: Sequence[bytes], report: Report) -> list[Image.Image]:
    """The plan's pictures, in order; an upscale needs no ``model``.

    ``inputs`` are the source pictures of a variation, an upscale, image prompts. Raises EngineError with a
    sentence for the user when the plan cannot be rendered with this model.
    """
    if plan.action is Action.UPSCALE:
        picture = upscale.double(_picture(inputs))
        report(1, 1, None)
        return [picture]
    if model is None:
        raise ValueError(f"{plan.action} needs a model")
    if safety.checks(model.pipe):
        report = safety.unseen(report)
    if plan.strength is not None and model.image_pipe is None:
        raise EngineError(f"{model.entry.title} cannot start from a picture.")
    if plan.action is Action.REFINE:
        return [_refined(model, plan, upscale.double(_picture(inputs)), report)]
    if plan.canvas is not None:
        scene = Scene(plan, inputs)
        drawn = _drawn(model, plan, [scene.start] * len(plan.seeds), report, scene.hold)
        return [safety.like(picture, scene.finished(picture)) for picture in drawn]
    sources = () if plan.strength is None else [_source(inputs, plan)] * len(plan.seeds)
    return _drawn(model, plan, sources, report)


def _refined(model: LoadedModel, plan: Plan, large: Image.Image, report: Report) -> Image.Image:
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
    return joined


def _tell_of_tiles(
    report: Report, before: int, count: int, whole: int, step: int, _: int, latents: torch.Tensor | None
) -> None:
    """Steps of ``count`` tiles, ``before`` others, as steps of the whole; tiles are no preview of it."""
    report(before + step * count, whole, None)


def _drawn(
    model: LoadedModel,
    plan: Plan,
    sources: Sequence[Image.Image],
    report: Report,
    hold: Image.Image | None = None,
) -> list[Image.Image]:
    """One picture a seed, begun with ``sources`` if there are any; the lighter ``hold``, the longer they
    stay.
    """
    if model.family is None or model.texts is None:
        return _run_plainly(model, plan, sources, report, hold)
    return _run(model, model.family, model.texts.steering(plan), plan, sources, report, hold)


def _run(
    model: LoadedModel,
    family: Family,
    steering: Steering,
    plan: Plan,
    sources: Sequence[Image.Image],
    report: Report,
    hold: Image.Image | None,
) -> list[Image.Image]:
    pipe = _light_copy(model.image_pipe if sources else model.pipe)
    if not steering.plain:
        _put(pipe, _denoiser(pipe), composed(getattr(pipe, _denoiser(pipe)), steering))
    if plan.tile:
        _put(pipe, "vae", wrapping_vae(pipe.vae))
    guidance = plan.guidance * plan.calm
    guided = family.contrasts(guidance) and not steering.pointless
    texts: dict[str, Any] = dict(steering.main)
    if guided:
        texts |= {f"negative_{name}": rows for name, rows in steering.nothing.items()}
    if family.guided and not guided:
        guidance = 1.0
    steps = _Steps(pipe, family, plan, report, hold)
    pictures = _call(
        pipe, plan, sources, family.nudge, guidance_scale=guidance, callback_on_step_end=steps, **texts
    )
    if not plan.tile or sources:
        return pictures
    return [safety.like(picture, calmest(picture)) for picture in pictures]


def _run_plainly(
    model: LoadedModel,
    plan: Plan,
    sources: Sequence[Image.Image],
    report: Report,
    hold: Image.Image | None,
) -> list[Image.Image]:
    """For pipelines of no known family: the heaviest part as plain text, and what every pipeline takes."""
    pipe = _light_copy(model.image_pipe if sources else model.pipe)
    lead = max(plan.conditionings, key=lambda part: part.weight)
    away = ", ".join(part.text for part in plan.conditionings if part.weight < 0)
    texts = {"prompt": [lead.text] * len(plan.seeds)}
    if away:
        texts["negative_prompt"] = [away] * len(plan.seeds)
    steps = _Steps(pipe, None, plan, report, hold)
    if "callback_on_step_end" not in inspect.signature(pipe.__call__).parameters:
        if hold is not None:
            raise EngineError(f"{model.entry.title} cannot draw a part of a picture.")
        steps.count()
    return _call(pipe, plan, sources, 0.0, guidance_scale=plan.guidance, callback_on_step_end=steps, **texts)


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

    Rounded where the tensor is, as diffusers rounds on the processor: a quarter of the bytes cross.
    """
    if not isinstance(made, torch.Tensor):
        return list(made)
    pixels = (made.float() * 255).round().to(torch.uint8).movedim(1, -1).contiguous().cpu().numpy()
    return [Image.fromarray(picture) for picture in pixels]


def _share(plan: Plan) -> float:
    """The plan's strength as a whole number of its steps, so that each pipeline's rounding finds the same
    one.
    """
    assert plan.strength is not None
    return min(1.0, int(plan.steps * plan.strength) / plan.steps)


class _Steps:
    """What happens between two steps of one job: the estimate is kept and reported, `--stop` stops, tiles
    roll, what is to stay is put back.
    """

    def __init__(
        self, pipe: Any, family: Family | None, plan: Plan, report: Report, hold: Image.Image | None
    ) -> None:
        self._watch = Watch(pipe.scheduler)
        self._held = None if hold is None else Held(pipe.scheduler, hold)
        self._family, self._plan, self._report = family, plan, report
        self._soft: torch.Tensor | None = None
        rolls = plan.tile and _denoiser(pipe) != "unet" and family is not None
        self._roll = Roll(plan.seeds[0]) if rolls else None

    def __call__(self, pipe: Any, step: int, timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        done, last = step + 1, pipe.num_timesteps
        stopping = done >= self._plan.stop_step and self._plan.stopped and done < last
        held = self._watch.estimate
        estimate = self._plain(pipe, tensors["latents"] if held is None else held)
        if self._held is not None:
            estimate = self._held.put_back(estimate, done / last, None)
        if self._plan.stopped:
            # Guidance overshoots early; the mean of all estimates so far is soft and keeps the colours.
            self._soft = estimate if self._soft is None else self._soft.lerp(estimate, 1 / done)
        self._report(done, self._plan.stop_step if self._plan.stopped else last, estimate)
        if stopping or done >= last:
            pause()
        if stopping:
            assert self._soft is not None
            pipe._interrupt = True
            return {"latents": self._packed(pipe, self._soft)}
        if self._roll is None and self._held is None:
            return {}
        flat = self._plain(pipe, tensors["latents"])
        if self._held is not None:
            to_come = None if done >= last else pipe.scheduler.timesteps[done - last]
            flat = self._held.put_back(flat, done / last, to_come)
        rolled = flat if self._roll is None or done >= last else self._roll.on(flat)
        return {"latents": self._packed(pipe, rolled)}

    def count(self) -> None:
        """For a pipeline that tells nothing between steps: its scheduler does; it is not stopped early."""
        self._watch.told = lambda done: self._report(done, self._plan.running, self._watch.estimate)

    def _plain(self, pipe: Any, latents: torch.Tensor) -> torch.Tensor:
        """Latents as (n, channels, height, width), not rolled."""
        if self._family is not None:
            latents = self._family.unpack(pipe, latents, self._plan.height, self._plan.width)
        return latents if self._roll is None else self._roll.back(latents)

    def _packed(self, pipe: Any, latents: torch.Tensor) -> torch.Tensor:
        return latents if self._family is None else self._family.pack(pipe, latents)


def _loaded(entry: ModelEntry, dtype: torch.dtype, *, checked: bool) -> Any:
    options: dict[str, Any] = {"dtype": dtype} | safety.options(entry.family, checked)
    if entry.variant:
        options["variant"] = entry.variant
    if entry.folder is None:
        options["revision"] = entry.revision
    elif not entry.on_this_machine():
        raise ModelUnavailable(f"The weights of {entry.title} are not in its folder.")
    for logger in (diffusers.utils.logging, transformers.utils.logging):
        logger.disable_progress_bar()
    try:
        return DiffusionPipeline.from_pretrained(str(entry.folder or entry.source), **options)
    except (OSError, ValueError) as error:
        _LOG.exception("loading %s", entry.name)
        raise ModelUnavailable(_why(entry)) from error


def _why(entry: ModelEntry) -> str:
    if entry.folder is not None:
        return f"The weights of {entry.title} could not be read."
    if entry.gated:
        return f"{entry.title} could not be fetched: the hub wants its licence accepted and a token here."
    return f"{entry.title} could not be fetched from the hub."


def dtype_of(precision: str, device: str) -> torch.dtype:
    """What "fp32", "bf16" and "fp16" name; "auto" is what the device computes fastest."""
    if precision != "auto":
        return _PRECISIONS[precision]
    if device.startswith("cuda"):
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    if device.startswith("mps"):
        return torch.float16
    able = torch.cpu.get_capabilities()
    return torch.bfloat16 if able.get("avx512_bf16") or able.get("amx_bf16") else torch.float32


def _channels_last(pipe: Any) -> None:
    """Convolutions read pixels, not planes: faster, but for a U-Net in bfloat16 on a CPU.

    There the group norms lose more than the convolutions gain.
    """
    for name in ("unet", "vae"):
        module = getattr(pipe, name, None)
        if module is None:
            continue
        if name == "vae" or module.device.type != "cpu" or module.dtype != torch.bfloat16:
            module.to(memory_format=torch.channels_last)


def _light_copy(pipe: Any) -> Any:
    """The same components with a scheduler of its own."""
    light = copy.copy(pipe)
    _put(light, "scheduler", copy.deepcopy(pipe.scheduler))
    return light


def _put(pipe: Any, name: str, component: Any) -> None:
    """Sets a component of one copy, past `DiffusionPipeline.__setattr__`, which would write the shared
    config.
    """
    vars(pipe)[name] = component


def _denoiser(pipe: Any) -> str:
    return next(name for name in _DENOISERS if getattr(pipe, name, None) is not None)


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
