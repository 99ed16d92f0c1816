"""From an entry of the model list to a model on its device: weights found, laid out, made ready.

Knows nothing of jobs or plans.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from diffusers import AutoPipelineForImage2Image, DiffusionPipeline, pipelines
from diffusers.pipelines.deprecated import wuerstchen

from engine.drawing import quantising, safety
from engine.drawing.latents import draws_films, vae_of
from engine.drawing.model import LoadedModel
from engine.drawing.modular import load_modular
from engine.drawing.offloading import by_turns
from engine.drawing.preview import fit as fit_colours
from engine.drawing.single_file import load_file, load_vae
from engine.drawing.texts import Texts
from engine.errors import ModelUnavailable
from engine.families import FAMILIES, Ability, Family, Layout, Stage
from engine.kernels import blocks
from engine.planning.entries import Precision
from engine.planning.memory import Fit, Placement, stored_in
from engine.planning.presence import lacking
from engine.planning.registry import ModelEntry
from engine.weights import LOADING

__all__ = ["dtype_of", "load"]

_PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
_LOG = logging.getLogger(__name__)

_LINE = 64
"""Bytes of a cache line."""


def load(
    entry: ModelEntry,
    device: str,
    dtype: torch.dtype = torch.float32,
    *,
    checked: bool = True,
    precision: Precision = "auto",
    fit: Fit | None = None,
) -> LoadedModel:
    """The entry's pipeline on ``device``, from the weights that are on this machine.

    It computes in ``dtype``, and its weights are stored as the entry or ``precision`` asks. ``checked`` keeps
    the safety checker that it may bring along. ``fit`` says how it lies there, None: as a whole. Raises
    ModelUnavailable.
    """
    family, stored, fit = FAMILIES[entry.family], stored_in(entry, precision), fit or Fit()
    dtype = _PRECISIONS.get(entry.precision, dtype)
    quantising.check(entry, stored, device)
    pipe = _loaded(entry, dtype, stored, checked=checked)
    stages = [(stage, _of_stage(entry, stage, pipe, dtype, stored)) for stage in family.stages]
    parts = dict(pipe.components)
    for components in (parts, *(_own(stage, each) for stage, each in stages)):
        if device == "cpu":
            _align(components)
        quantising.cast(components, stored, dtype)
    for stage, each in stages:
        parts |= {f"{stage.part}_{name}": part for name, part in _own(stage, each).items()}
    draws = getattr(pipe, family.part) if family.part else pipe
    for each in (pipe, draws, *(each for _, each in stages)):
        if fit.placement is Placement.WHOLE:
            each.to(device)
        each.set_progress_bar_config(disable=True)
        _channels_last(each, device)
    denoisers = _denoisers(draws, family)
    if not denoisers:
        raise ModelUnavailable(f"{entry.title} has no part that denoises: is its family {entry.family}?")
    image_pipe = _from_pictures(pipe, family)
    denoisers += tuple(module for stage, each in stages for module in _denoisers(each, stage.family))
    turns = None if fit.placement is Placement.WHOLE else by_turns(parts, device, fit, denoisers)
    texts = _texts(pipe, entry, family)
    previewed = family.texts and family.layout is not Layout.UNSEEN and Ability.PREVIEW not in family.cannot
    colours = fit_colours(vae_of(draws), device) if previewed else None
    model = LoadedModel(
        entry, device, pipe, image_pipe, denoisers, texts, family, colours, dtype=dtype, fit=fit, turns=turns
    )
    return replace(model, later=tuple(_later(model, stage, each) for stage, each in stages))


def _of_stage(
    entry: ModelEntry, stage: Stage, first: Any, dtype: torch.dtype, stored: Precision
) -> DiffusionPipeline:
    """The pipeline of a later stage, with what it shares with the first one."""
    folder = entry.part_folders()[stage.part]
    assert folder is not None  # that all are here was looked at before the first one was loaded
    if missing := lacking(folder, given=stage.shares):
        raise ModelUnavailable(f"The weights of {entry.title} are not whole: {missing}.")
    options: dict[str, Any] = {name: getattr(first, name, None) for name in stage.shares}
    options |= _stored_as(entry, folder, dtype, stored)
    pipelines.wuerstchen = wuerstchen  # where folders of Stable Cascade still look for it
    try:
        with LOADING:
            return DiffusionPipeline.from_pretrained(str(folder), **options)
    except torch.OutOfMemoryError:
        raise
    except Exception as error:  # a folder fails in as many ways as it has parts
        raise _unavailable(entry) from error


def _own(stage: Stage, pipe: Any) -> dict[str, Any]:
    """A later stage's components that the first one does not have."""
    return {name: part for name, part in pipe.components.items() if name not in stage.shares}


def _later(model: LoadedModel, stage: Stage, pipe: Any) -> LoadedModel:
    """A later stage, as a model of its own on the same device."""
    texts = _texts(pipe, model.entry, stage.family) if stage.reads else None
    colours = fit_colours(vae_of(pipe), model.device)
    mine = _denoisers(pipe, stage.family)
    return replace(
        model, pipe=pipe, image_pipe=None, denoisers=mine, texts=texts, family=stage.family, colours=colours
    )


def _denoisers(pipe: Any, family: Family) -> tuple[torch.nn.Module, ...]:
    there = (getattr(pipe, name, None) for name in family.denoisers)
    return tuple(module for module in there if module is not None)


def _from_pictures(pipe: Any, family: Family) -> Any:
    """The stock pipeline that draws from a picture, where one is used."""
    if family.nudge is None:
        return None
    image_pipe = AutoPipelineForImage2Image.from_pipe(pipe)
    image_pipe.set_progress_bar_config(disable=True)
    return image_pipe


def _loaded(entry: ModelEntry, dtype: torch.dtype, stored: Precision, *, checked: bool) -> Any:
    family = FAMILIES[entry.family]
    options = safety.options(family, checked)
    if entry.configs:
        return load_file(entry, dtype, {"dtype": dtype} | options, stored)
    folder = _weights(entry)
    options |= _stored_as(entry, folder, dtype, stored)
    for logger in (diffusers.utils.logging, transformers.utils.logging):
        logger.disable_progress_bar()
    stages = {stage.part for stage in family.stages}
    others = {
        name: each for name, each in entry.part_folders().items() if each is not None and name not in stages
    }
    joined = {name: each for name, each in others.items() if (each / "model_index.json").exists()}
    try:
        if family.blocks is not None:
            with LOADING:
                return load_modular(folder, family.blocks, dtype)
        kind = getattr(diffusers, "DiffusionPipeline" if joined else family.pipeline or "DiffusionPipeline")
        with LOADING:
            singles = {name: _part(name, each, dtype) for name, each in others.items() if name not in joined}
            if entry.vae_file is not None:
                singles["vae"] = load_vae(entry, folder, dtype)
            return _joined(kind.from_pretrained(str(folder), **options | singles), joined, dtype)
    except (torch.OutOfMemoryError, ModelUnavailable):
        raise
    except Exception as error:  # a folder fails in as many ways as it has parts
        raise _unavailable(entry) from error


def _stored_as(entry: ModelEntry, folder: Path, dtype: torch.dtype, stored: Precision) -> dict[str, Any]:
    """What a pipeline's loading is told of its weights: how they compute, are stored, are called."""
    options: dict[str, Any] = {"dtype": dtype}
    if (quantised := quantising.for_pipeline(folder, stored, dtype)) is not None:
        options["quantization_config"] = quantised
    if entry.variant and any(folder.glob(f"*/*.{entry.variant}*")):
        options["variant"] = entry.variant
    return options


def _weights(entry: ModelEntry) -> Path:
    """The folder to load from. Nothing is fetched here: that is an operator's, and said first."""
    folder = entry.weights()
    if entry.folder is not None and folder is None:
        raise ModelUnavailable(f"The weights of {entry.title} are not in its folder.")
    if folder is None or None in entry.part_folders().values():
        raise ModelUnavailable(
            f"{entry.title} is not on this machine. An operator fetches it: `easel models pull {entry.name}`."
        )
    if missing := lacking(folder, given=tuple(entry.parts)):
        raise ModelUnavailable(f"The weights of {entry.title} are not whole: {missing}.")
    return folder


def _part(name: str, folder: Path, dtype: torch.dtype) -> Any:
    """A component of another repository: a tokenizer, or a language model whose every layer is read."""
    if name.startswith("tokenizer"):
        return transformers.AutoTokenizer.from_pretrained(str(folder))
    return transformers.AutoModelForCausalLM.from_pretrained(
        str(folder), output_hidden_states=True, dtype=dtype
    )


def _joined(pipe: Any, others: Mapping[str, Path], dtype: torch.dtype) -> Any:
    """The pipeline and others, as the one that diffusers combines them in (Kandinsky 2.2 and its prior)."""
    if not others:
        return pipe
    parts: dict[str, Any] = {}
    for name, folder in others.items():
        other = DiffusionPipeline.from_pretrained(str(folder), dtype=dtype)
        parts |= {f"{name}_{part}": module for part, module in other.components.items()}
    combined = type(pipe).__name__.replace("Pipeline", "CombinedPipeline")
    return getattr(diffusers, combined)(**pipe.components, **parts)


def _texts(pipe: Any, entry: ModelEntry, family: Family) -> Texts | None:
    """The text side, tried with the absent text: what it lacks shows here, and not in somebody's job."""
    if not family.texts:
        return None
    texts = Texts(pipe, family)
    try:
        texts.nothing()
    except Exception as error:  # whatever a text encoder's code finds missing
        raise _unavailable(entry) from error
    return texts


def _unavailable(entry: ModelEntry) -> ModelUnavailable:
    _LOG.exception("loading %s", entry.name)
    return ModelUnavailable(_why(entry))


def _why(entry: ModelEntry) -> str:
    wanted = (*FAMILIES[entry.family].needs, *entry.needs)
    missing = [package for package in wanted if find_spec(package) is None]
    if missing:
        return f"{entry.title} needs the Python package {missing[0]}, which is not installed here."
    return f"The weights of {entry.title} could not be read; the log says why."


def dtype_of(precision: str, device: str) -> torch.dtype:
    """What "fp32", "bf16" and "fp16" name; all others compute in what the device computes fastest."""
    if precision in _PRECISIONS:
        return _PRECISIONS[precision]
    if device.startswith("cuda"):
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    if device.startswith("mps"):
        return torch.float16
    able = torch.cpu.get_capabilities()
    return torch.bfloat16 if able.get("avx512_bf16") or able.get("amx_bf16") else torch.float32


def _align(components: Mapping[str, Any]) -> None:
    """Has weights begin at whole cache lines, wherever they lay in their files.

    Kernels of a CPU round otherwise where they do not: a picture would depend on how long a file's header is.
    """
    for part in components.values():
        for tensor in (*part.parameters(), *part.buffers()) if isinstance(part, torch.nn.Module) else ():
            if type(tensor) in (torch.nn.Parameter, torch.Tensor) and tensor.data_ptr() % _LINE:
                tensor.data = tensor.data.clone()


def _channels_last(pipe: Any, device: str) -> None:
    """Convolutions read pixels, not planes: faster, but for a U-Net in bfloat16 on a CPU.

    There the group norms lose more than the convolutions gain. On a GPU all blocks read pixels then.
    """
    for name in ("unet", "vae", "movq", "vqgan"):
        module = getattr(pipe, name, None)
        if module is None or draws_films(module):
            continue
        if name != "unet" or module.device.type != "cpu" or module.dtype != torch.bfloat16:
            blocks.pixels_first(module, device)
