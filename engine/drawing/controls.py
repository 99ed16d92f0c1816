"""Controls: from a ControlNet's folder to what is added inside a denoiser, so that a structure is kept.

As several texts do, it happens around one denoiser: a job's light copy asks the control about the same rows
first and hands its answers on, so that the pipeline above stays as it is, and the forwards of both below are
shared with other jobs. The control is always asked at full strength and its answers are weighed afterwards:
so jobs of any strength share. Knows nothing of prompts or of who else is rendering.
"""

from __future__ import annotations

import functools
import inspect
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import diffusers
import numpy as np
import torch
import transformers
from PIL import Image, ImageFilter
from torch import nn

from engine.drawing.latents import from_pixels, laid, vae_of
from engine.drawing.model import LoadedModel, denoiser_name, put
from engine.drawing.overriding import overriding
from engine.errors import ModelUnavailable
from engine.kernels import blocks
from engine.pictures.edges import edges
from engine.planning.controls import ControlEntry, DepthEntry, Structure
from engine.weights import LOADING

__all__ = ["LoadedControl", "hold", "load_control"]

_LOG = logging.getLogger(__name__)
_STROKE = 5
"""Pixels that a scribble's strokes are wide, an odd number: about what its trainers drew with."""

_KINDS = ("ControlNetModel", "FluxControlNetModel")
"""The classes of diffusers that a control's folder may name."""


@dataclass(frozen=True, slots=True, eq=False)
class LoadedControl:
    """A control on its model's device. ``seen`` makes a picture's map, an RGB picture of its size."""

    entry: ControlEntry
    module: nn.Module
    seen: Callable[[Image.Image], Image.Image] = field(repr=False)

    def condition(self, model: LoadedModel, picture: Image.Image) -> torch.Tensor:
        """The picture's map as the control is shown it, one row: pixels from 0 to 1, or latents."""
        own = next(self.module.parameters())
        shown = torch.from_numpy(np.array(self.seen(picture).convert("RGB"))).movedim(-1, 0)[None]
        pixels = (shown.float() / 255).to(own.device, own.dtype)
        reads_pixels = getattr(self.module, "input_hint_block", None) is not None
        if isinstance(self.module, diffusers.ControlNetModel):
            return pixels
        if reads_pixels:
            return 2 * pixels - 1
        vae = vae_of(model.pipe)
        with torch.no_grad():
            return laid(from_pixels(vae, (2 * pixels - 1).to(vae.dtype)), model.family.layout).to(own.dtype)

    def answers(self, said: Mapping[str, Any], condition: torch.Tensor, strength: float) -> dict[str, Any]:
        """What a denoiser that is called with ``said`` is given besides."""
        if isinstance(self.module, diffusers.ControlNetModel):
            rows = said["sample"]
            down, middle = self.module(
                rows,
                said["timestep"],
                said["encoder_hidden_states"],
                condition.expand(len(rows), -1, -1, -1),
                timestep_cond=said.get("timestep_cond"),
                added_cond_kwargs=said.get("added_cond_kwargs"),
                return_dict=False,
            )
            return {
                "down_block_additional_residuals": tuple(strength * part for part in down),
                "mid_block_additional_residual": strength * middle,
            }
        rows = said["hidden_states"]
        given = {
            name: said.get(name)
            for name in (
                "encoder_hidden_states",
                "pooled_projections",
                "timestep",
                "img_ids",
                "txt_ids",
                "guidance",
            )
        }
        config: Any = self.module.config
        if not config.guidance_embeds:
            given["guidance"] = None
        if self.entry.mode is not None:
            told = torch.full((len(rows), 1), self.entry.mode, dtype=torch.long, device=rows.device)
            given["controlnet_mode"] = told
        blocks, singles = self.module(
            rows, condition.expand(len(rows), *condition.shape[1:]), return_dict=False, **given
        )
        return {
            "controlnet_block_samples": None if blocks is None else [strength * part for part in blocks],
            "controlnet_single_block_samples": None
            if singles is None
            else [strength * part for part in singles],
        }


def load_control(entry: ControlEntry, depth: DepthEntry | None, model: LoadedModel) -> LoadedControl:
    """The control on the model's device, in its precision; ``depth`` sees for it. Raises ModelUnavailable."""
    folder = entry.weights()
    if folder is None or not entry.on_this_machine():
        raise ModelUnavailable(f"The control {entry.title} is not on this machine.")
    own = model.denoisers[0]
    try:
        with LOADING:
            named = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("_class_name")
            if named not in _KINDS:
                raise ModelUnavailable(f"{entry.title} is no control of a known kind, but {named}.")
            module = getattr(diffusers, named).from_pretrained(str(folder), dtype=own.dtype).to(own.device)
            seen = _seer(entry, depth, str(own.device))
    except (ModelUnavailable, torch.OutOfMemoryError):
        raise
    except Exception as error:  # a folder fails in as many ways as it has files
        _LOG.exception("loading %s", entry.name)
        raise ModelUnavailable(f"{entry.title} could not be read; the log says why.") from error
    if named == "ControlNetModel":
        blocks.pixels_first(module, str(own.device))
    return LoadedControl(entry, module.eval().requires_grad_(False), seen)


def hold(
    pipe: Any, model: LoadedModel, control: LoadedControl, condition: torch.Tensor, strength: float
) -> None:
    """From now on this copy of a pipeline draws what has the structure of ``condition``."""
    name = denoiser_name(pipe, model.family)
    put(pipe, name, _controlled(getattr(pipe, name), control, condition, strength))


def _controlled(
    denoiser: nn.Module, control: LoadedControl, condition: torch.Tensor, strength: float
) -> nn.Module:
    """A light copy of ``denoiser`` that is given the control's answers at each call."""
    known = {"_control": control, "_condition": condition, "_strength": strength}
    return overriding(denoiser, _Controlled, _shared=denoiser, **known)


class _Controlled:
    _shared: nn.Module
    _control: LoadedControl
    _condition: torch.Tensor
    _strength: float

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        bound = inspect.signature(type(self._shared).forward).bind(self, *args, **kwargs)
        said = dict(list(bound.arguments.items())[1:])
        return self._shared(**said, **self._control.answers(said, self._condition, self._strength))


def _seer(entry: ControlEntry, depth: DepthEntry | None, device: str) -> Callable[[Image.Image], Image.Image]:
    match Structure(entry.map):
        case Structure.EDGES:
            return edges
        case Structure.SCRIBBLE:
            return _strokes
        case Structure.POSE:
            return _itself
        case Structure.DEPTH:
            return functools.partial(_distances, *_depth_model(depth, device))


def _strokes(picture: Image.Image) -> Image.Image:
    return edges(picture).filter(ImageFilter.MaxFilter(_STROKE))


def _itself(picture: Image.Image) -> Image.Image:
    return picture


def _depth_model(depth: DepthEntry | None, device: str) -> Sequence[Any]:
    if depth is None:
        raise ModelUnavailable("No model that sees how far away things are is on this machine.")
    where, commit = str(depth.folder or depth.source), depth.revision
    reader = transformers.AutoImageProcessor.from_pretrained(where, revision=commit, local_files_only=True)
    model = transformers.AutoModelForDepthEstimation.from_pretrained(
        where, revision=commit, local_files_only=True
    )
    return reader, model.to(device).eval()


def _distances(reader: Any, model: Any, picture: Image.Image) -> Image.Image:
    """The picture's map of depth: the nearest is white, the farthest black."""
    with torch.no_grad():
        seen = (
            model(**reader(images=picture, return_tensors="pt").to(model.device)).predicted_depth[0].float()
        )
    least, most = seen.min(), seen.max()
    levels = ((seen - least) / (most - least).clamp_min(1e-6) * 255).round().to(torch.uint8).cpu().numpy()
    return Image.fromarray(levels).resize(picture.size, Image.Resampling.BICUBIC).convert("RGB")
