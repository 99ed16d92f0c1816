"""From one file of weights, as people download them, to a pipeline of diffusers.

What the file holds comes from it; the configurations, the tokenizers and what else it lacks from the folder
that the entry's `configs` means. Knows nothing of jobs or devices.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from diffusers import DiffusionPipeline, GGUFQuantizationConfig
from diffusers.loaders.single_file_utils import load_single_file_checkpoint

from engine.drawing import quantising
from engine.drawing.flux_names import diffusers_names
from engine.errors import BadFile, ModelUnavailable
from engine.files import Recognised
from engine.planning.entries import Precision
from engine.planning.registry import ModelEntry
from engine.planning.single_file import DENOISERS, borrowed, index_of, parts_of, what_is, why_not
from engine.weights import LOADING

__all__ = ["load_file", "load_vae"]

_LOG = logging.getLogger(__name__)

_ORIGINAL = "model.diffusion_model."
"""What diffusers wants before the names of an original U-Net."""


def load_file(
    entry: ModelEntry, dtype: torch.dtype, options: Mapping[str, Any], stored: Precision = "auto"
) -> Any:
    """The pipeline of an entry whose source is one file.

    ``options`` are those of a pipeline's loading, ``stored`` what the denoiser's weights are to be stored in.

    Raises ModelUnavailable with a sentence where the file, or what it lacks, cannot be had or read.
    """
    file = entry.folder
    if file is None:
        raise ModelUnavailable(f"{entry.title} has no file.")
    configs = entry.configs_folder()
    if configs is None:
        lender = entry.sibling or entry
        raise ModelUnavailable(
            f"{entry.title} takes its configurations from {entry.configs}, which is not on this machine. An"
            f" operator fetches it: `easel models pull {lender.name}`."
        )
    if sentence := why_not(file, entry.family, configs, entry.given()):
        raise ModelUnavailable(f"{entry.title} cannot be loaded. {sentence}")
    found = what_is(file)
    if found.format == "gguf" and importlib.util.find_spec("gguf") is None:
        raise ModelUnavailable(
            f"{entry.title} is a GGUF file: reading it takes the package `gguf`, `pip install 'easel[gguf]'`."
        )
    quantised = None if found.format == "gguf" else quantising.for_denoiser(stored, dtype)
    if quantised is not None and found.kind != "denoiser":
        raise ModelUnavailable(
            f"{entry.title} is a checkpoint in one file, which cannot be stored in {stored} here:"
            ' `precision = "fp8"` in its entry takes half of its memory.'
        )
    for logger in (diffusers.utils.logging, transformers.utils.logging):
        logger.disable_progress_bar()
    try:
        with LOADING:
            pipe = _pipeline(entry, file, found, configs, dtype, options, quantised)
    except (torch.OutOfMemoryError, ModelUnavailable):
        raise
    except Exception as error:  # diffusers' converters raise whatever a missing or foreign tensor leads to
        _LOG.exception("loading %s", entry.name)
        raise ModelUnavailable(
            f"The file of {entry.title} does not fit the configurations of {entry.configs}; the log says why."
        ) from error
    if lost := _without_weights(pipe):
        raise ModelUnavailable(
            f"The file of {entry.title} lacks {len(lost)} of its weights, first {lost[0]}."
        )
    return pipe


def _pipeline(
    entry: ModelEntry,
    file: Path,
    found: Recognised,
    configs: Path,
    dtype: torch.dtype,
    options: Mapping[str, Any],
    quantised: Any,
) -> Any:
    parts = parts_of(configs)
    name = next(part for part in DENOISERS if part in parts)
    variant = (entry.sibling or entry).variant
    made = {} if entry.vae_file is None else {"vae": load_vae(entry, configs, dtype)}
    if found.kind == "denoiser":
        made[name] = _denoiser(file, found, configs, name, dtype, quantised)
        given = made | _variant(configs, variant)
        return _completed(DiffusionPipeline.from_pretrained(str(configs), **given, **options), found)
    for part in borrowed(found, configs):
        if part not in made:
            made[part] = _borrowed(configs, part, dtype, variant)
    if found.families == ("flux",):
        made[name] = _denoiser(file, found, configs, name, dtype)
    kind = getattr(diffusers, str(index_of(configs)["_class_name"]))
    pipe = kind.from_single_file(str(file), config=str(configs), dtype=dtype, local_files_only=True, **made)
    return _completed(pipe, found)


def _completed(pipe: Any, found: Recognised) -> Any:
    """The pipeline with what the file says of its own prediction and noise.

    A model that was trained with a schedule that ends in noise alone must be sampled from there (Lin et al.
    2023, arXiv 2305.08891): its betas are rescaled, and steps are counted from the last.

    diffusers makes T5 as for training: what drops out at random is turned off, weights that are one are tied.
    """
    for part in pipe.components.values():
        if isinstance(part, transformers.PreTrainedModel):
            part.eval().tie_weights()
    said: dict[str, Any] = {"prediction_type": found.prediction} if found.prediction else {}
    said |= {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"} if found.zero_snr else {}
    known = {name: value for name, value in said.items() if name in pipe.scheduler.config}
    if known:
        pipe.scheduler = type(pipe.scheduler).from_config(pipe.scheduler.config, **known)
    return pipe


def _denoiser(
    file: Path, found: Recognised, configs: Path, name: str, dtype: torch.dtype, quantised: Any = None
) -> Any:
    """The denoiser out of the file, quantised as it lies there or as is asked."""
    weights = load_single_file_checkpoint(str(file))
    options: dict[str, Any] = {
        "config": str(configs),
        "subfolder": name,
        "dtype": dtype,
        "local_files_only": True,
    }
    if quantised is not None:
        options["quantization_config"] = quantised
    if found.format == "gguf":
        options["quantization_config"] = GGUFQuantizationConfig(compute_dtype=dtype)
    if found.families == ("flux",):
        weights = _flux(weights)
        options["guidance_embeds"] = any("guidance" in name for name in weights)
    elif "input_blocks.0.0.weight" in weights:
        weights = {_ORIGINAL + name: weight for name, weight in weights.items()}
    kind = getattr(diffusers, parts_of(configs)[name][1])
    return kind.from_single_file(weights, **options)


def _flux(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The transformer's weights alone, in diffusers' names."""
    inner = {
        name.removeprefix(_ORIGINAL): weight for name, weight in weights.items() if name.startswith(_ORIGINAL)
    } or weights
    return diffusers_names(inner) if "img_in.weight" in inner else inner


def _borrowed(configs: Path, name: str, dtype: torch.dtype, variant: str | None) -> Any:
    library, kind = parts_of(configs)[name]
    made = getattr(importlib.import_module(library), kind)
    chosen = _variant(configs / name, variant)
    return made.from_pretrained(str(configs), subfolder=name, dtype=dtype, **chosen)


def _variant(folder: Path, variant: str | None) -> dict[str, str]:
    """What chooses the lender's weights in its folder, where those have a variant's name."""
    there = variant and (any(folder.glob(f"*.{variant}*")) or any(folder.glob(f"*/*.{variant}*")))
    return {"variant": variant} if variant and there else {}


def load_vae(entry: ModelEntry, configs: Path, dtype: torch.dtype) -> Any:
    """The VAE of the file that the entry names, configured as the model's own. Raises ModelUnavailable."""
    file = entry.vae_file
    assert file is not None
    try:
        found = what_is(file)
    except (BadFile, OSError) as error:
        raise ModelUnavailable(f"The VAE of {entry.title} cannot be read: {file}.") from error
    if found.kind != "vae" or found.refused:
        told = found.refused or f"This is {found.what}, no VAE."
        raise ModelUnavailable(f"{entry.title} cannot be drawn with {file.name} as its VAE. {told}")
    kind = getattr(diffusers, parts_of(configs)["vae"][1])
    try:
        vae = kind.from_single_file(
            str(file), config=str(configs), subfolder="vae", dtype=dtype, local_files_only=True
        )
    except torch.OutOfMemoryError:
        raise
    except Exception as error:  # diffusers' converters raise whatever a missing or foreign tensor leads to
        _LOG.exception("loading the VAE of %s", entry.name)
        raise ModelUnavailable(
            f"The VAE {file.name} does not fit {entry.title}; the log says why."
        ) from error
    if any(weight.is_meta for weight in vae.parameters()):
        raise ModelUnavailable(f"The VAE {file.name} lacks weights that {entry.title} needs.")
    return vae


def _without_weights(pipe: Any) -> list[str]:
    """The parameters that nothing was loaded into, by name."""
    modules = {name: part for name, part in pipe.components.items() if isinstance(part, torch.nn.Module)}
    return [
        f"{name}.{parameter}"
        for name, module in modules.items()
        for parameter, weight in module.named_parameters()
        if weight.is_meta
    ]
