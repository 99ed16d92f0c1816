"""Weights stored in less than they compute in: fp8 with torch alone, int8 by torchao, nf4 by bitsandbytes.

Denoisers and text encoders are stored so; VAEs, whose errors show, are not. What lies on disk quantised is
loaded as it lies. Knows modules and folders; nothing of devices or jobs.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from diffusers.hooks import apply_layerwise_casting
from diffusers.quantizers import PipelineQuantizationConfig
from torch import nn

from engine.errors import ModelUnavailable
from engine.families import FAMILIES
from engine.planning.entries import ModelEntry, Precision
from engine.planning.memory import KEPT_WHOLE, is_quantised
from engine.planning.presence import read_index

__all__ = ["cast", "check", "for_denoiser", "for_pipeline"]

_PACKAGES = {"int8": "torchao", "nf4": "bitsandbytes"}
"""What reads and computes with such weights; it is the name of an extra, too."""


def check(entry: ModelEntry, stored: Precision, device: str) -> None:
    """Raises ModelUnavailable with a sentence where what weights stored so ask for is missing here."""
    package = _PACKAGES.get(stored)
    if package is not None and FAMILIES[entry.family].blocks is not None:
        raise ModelUnavailable(
            f"{entry.title} is a modular pipeline; its weights are not stored in {stored} here, but in `fp8`."
        )
    if package is not None and find_spec(package) is None:
        raise ModelUnavailable(
            f"{entry.title} is to be stored in {stored}, which takes the package `{package}`: "
            f"`pip install 'easel[{package}]'`, or `fp8`, which takes none."
        )
    if stored == "nf4" and not device.startswith("cuda"):
        raise ModelUnavailable(
            f"{entry.title} is to be stored in nf4, which takes an NVIDIA GPU; `fp8` and `int8` do not."
        )


def for_pipeline(folder: Path, stored: Precision, dtype: torch.dtype) -> Any:
    """How a pipeline's folder is to be loaded; None where nothing is to be quantised on the way."""
    if stored not in _PACKAGES:
        return None
    chosen = {}
    for name, library in _quantised_parts(folder):
        chosen[name] = _config(library, stored, dtype)
    return PipelineQuantizationConfig(quant_mapping=chosen) if chosen else None


def for_denoiser(stored: Precision, dtype: torch.dtype) -> Any:
    """How a denoiser out of one file is to be loaded; None where nothing is to be quantised on the way."""
    return _config("diffusers", stored, dtype) if stored in _PACKAGES else None


def cast(components: Mapping[str, Any], stored: Precision, dtype: torch.dtype) -> None:
    """Has a pipeline's denoisers and text encoders keep their weights in fp8, where that is asked.

    Each layer computes in ``dtype``: its weights are cast for as long as it takes.
    """
    if stored != "fp8":
        return
    for name, module in components.items():
        if isinstance(module, nn.Module) and is_quantised(name) and not _is_small(module):
            apply_layerwise_casting(
                module,
                storage_dtype=torch.float8_e4m3fn,
                compute_dtype=dtype,
                skip_modules_pattern=KEPT_WHOLE["fp8"],
            )


def _config(library: str, stored: Precision, dtype: torch.dtype) -> Any:
    """The library's own configuration: diffusers' for denoisers, transformers' for text encoders."""
    made: Any = diffusers if library == "diffusers" else transformers
    if stored == "nf4":
        return made.BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=dtype
        )
    torchao = importlib.import_module("torchao.quantization")  # an extra, which few have
    return made.TorchAoConfig(torchao.Int8WeightOnlyConfig())


def _quantised_parts(folder: Path) -> Iterator[tuple[str, str]]:
    """The components of a folder that are to be quantised, and the library of each."""
    for name, value in (read_index(folder) or {}).items():
        config = folder / name / "config.json"
        if is_quantised(name) and isinstance(value, list) and config.is_file():
            told = json.loads(config.read_text(encoding="utf-8"))
            if "quantization_config" not in told:
                yield name, str(value[0])


def _is_small(module: nn.Module) -> bool:
    """Whether its weights are stored in less than two bytes as they lie on disk."""
    return any(not weight.is_floating_point() or weight.element_size() < 2 for weight in module.parameters())
