"""From an entry of the model list to a model on its device: weights found or fetched, laid out, made ready.

Knows nothing of jobs or plans.
"""

from __future__ import annotations

import logging
from typing import Any

import diffusers
import torch
import transformers
from diffusers import AutoPipelineForImage2Image, DiffusionPipeline

from engine.drawing import safety
from engine.drawing.model import DENOISERS, LoadedModel
from engine.drawing.preview import fit
from engine.drawing.single_file import load_file
from engine.drawing.texts import Texts
from engine.errors import ModelUnavailable
from engine.families import FAMILIES
from engine.planning.registry import ModelEntry

__all__ = ["dtype_of", "load"]

_PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
_LOG = logging.getLogger(__name__)


def load(
    entry: ModelEntry, device: str, dtype: torch.dtype = torch.float32, *, checked: bool = True
) -> LoadedModel:
    """The entry's pipeline on ``device``, downloaded first if it must be.

    ``checked`` keeps the safety checker that it may bring along. Raises ModelUnavailable.
    """
    pipe = _loaded(entry, dtype, checked=checked).to(device)
    pipe.set_progress_bar_config(disable=True)
    _channels_last(pipe)
    try:
        image_pipe = AutoPipelineForImage2Image.from_pipe(pipe)
        image_pipe.set_progress_bar_config(disable=True)
    except ValueError:
        image_pipe = None
    family = FAMILIES[entry.family]
    denoisers = tuple(getattr(pipe, name) for name in DENOISERS if getattr(pipe, name, None) is not None)
    texts = Texts(pipe, family, family.encoding) if family.encoding else None
    colours = fit(pipe.vae) if family.encoding else None
    return LoadedModel(entry, device, pipe, image_pipe, denoisers, texts, family, colours)


def _loaded(entry: ModelEntry, dtype: torch.dtype, *, checked: bool) -> Any:
    options: dict[str, Any] = {"dtype": dtype} | safety.options(FAMILIES[entry.family], checked)
    if entry.variant:
        options["variant"] = entry.variant
    if entry.configs:
        return load_file(entry, dtype, options)
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
