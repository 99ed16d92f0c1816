"""How much memory a model takes, told before it is loaded: the one place that says it.

From the headers of the weights on disk, component by component, at the precision in which they will be
stored; of a model that is not on this machine, from what its entry says. What pictures in the making take
beside the weights is estimated. Reads headers and configurations, no weights, and loads no torch.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.errors import BadFile
from engine.families import FAMILIES
from engine.files.headers import Header, read_header
from engine.files.tensors import Tensor
from engine.planning.entries import ModelEntry, Precision
from engine.planning.memory import KEPT_WHOLE, QUANTISED, Needs, Part, is_quantised, stored_in
from engine.planning.single_file import borrowed, what_is

__all__ = ["listed", "needs"]

_COMPUTED: Mapping[Precision, int] = {"fp32": 4, "bf16": 2, "fp16": 2}
"""Bytes of a number, by the precision that names it."""

_FLOATS = ("F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2")
"""Types of tensors that are loaded in the precision in which a model computes."""

_OTHERS = {"I64": 8, "U64": 8, "I32": 4, "U32": 4, "I16": 2, "U16": 2}
"""Bytes of a number of the other types; 1 where it is not named here."""

_DECODERS = ("vae", "movq", "vqgan")
"""How the names of components end that make pixels of latents."""

_ROWS = 2
"""Rows of the smallest forward: one picture, guided."""

_DENOISED = 120
"""Numbers that a denoiser holds for a pixel of a row, about: with SDXL at 1024² a quarter GB a row."""

_DECODED = 6
"""Full-size activations that a VAE's decoder holds at most, about: SDXL at 1024² in half precision 3.2 GB."""

_WIDTH = 256
"""Channels of a decoder's last full-size layers where its configuration does not say: Stable Diffusion's."""

_TILE = 512
"""Edge in pixels of the tiles in which a picture is decoded where it does not fit as a whole."""

_SHARE = 20
"""A model's largest layer is about this part of its denoiser, where no header says."""

_ORIGINAL: Mapping[str, str] = {
    "model_ema.": "",
    "first_stage_model.": "vae",
    "vae.": "vae",
    "cond_stage_model.": "text_encoder",
    "conditioner.embedders.0.": "text_encoder",
    "conditioner.embedders.1.": "text_encoder_2",
    "text_encoders.clip_l.": "text_encoder",
    "text_encoders.clip_g.": "text_encoder_2",
    "text_encoders.t5xxl.": "text_encoder_3",
}
"""What tensors' names begin with in one file of all → the component; empty: it is not loaded."""


def needs(entry: ModelEntry, precision: Precision = "auto", *, width: int = 2, checked: bool = True) -> Needs:
    """What the entry takes, read from its weights where they are on this machine.

    ``width`` is how many bytes a number has that is computed with where ``precision`` is "auto" or names how
    weights are stored. ``checked`` counts the safety checker.
    """
    stored = stored_in(entry, precision)
    width = _COMPUTED.get(stored, width)
    try:
        found = {
            part.name: part
            for part in _parts(entry, stored, width)
            if checked or part.name != "safety_checker"
        }
    except (BadFile, OSError):
        found = {}
    if not found:
        return listed(entry, stored, width=width)
    return _with_work(entry, tuple(found.values()), stored, width, _decoder_width(entry))


def listed(entry: ModelEntry, precision: Precision, *, width: int = 2) -> Needs:
    """What the entry takes by the billions of weights that the list names; nothing where it names none."""
    if not any(entry.parameters):
        return Needs()
    stored = stored_in(entry, precision)
    each = QUANTISED.get(stored, _COMPUTED.get(stored, width))
    denoiser, rest = (round(billions * 1e9 * each) for billions in entry.parameters)
    parts = (
        Part("denoiser", denoiser, denoiser // _SHARE),
        Part("text encoders and VAE", rest, denoiser // _SHARE),
    )
    return _with_work(entry, tuple(part for part in parts if part.size), stored, width, _WIDTH)


def _with_work(
    entry: ModelEntry, parts: tuple[Part, ...], stored: Precision, width: int, channels: int
) -> Needs:
    pixels = entry.side**2
    each = channels * width * _DECODED
    drawing, decoding = _ROWS * pixels * _DENOISED * width, each * pixels
    # bitsandbytes quantises on the GPU, to which diffusers loads each part
    return Needs(parts, drawing, decoding, min(decoding, each * _TILE**2), stored == "nf4")


def _parts(entry: ModelEntry, stored: Precision, width: int) -> Iterator[Part]:
    """The components of the entry on this machine, by their headers. Raises BadFile, OSError."""
    denoisers = FAMILIES[entry.family].denoisers
    lent = entry.configs_folder() if entry.configs else None
    if entry.configs and entry.folder is not None:
        yield from _of_file(entry.folder, denoisers[0], stored, width)
        if lent is not None:
            for name in borrowed(what_is(entry.folder), lent):
                yield _part(name, _headers(lent / name, None), stored, width)
        return
    folder = entry.weights()
    if folder is None:
        return
    given = {name: each for name, each in entry.part_folders().items() if each is not None}
    stages = {stage.part: stage.shares for stage in FAMILIES[entry.family].stages}
    for name, each in sorted(_component_folders(folder)):
        part = _part(name, _headers(each, entry.variant), stored, width)
        if name not in given and part.size:
            yield part
    for prefix, other in given.items():
        for name, inner in sorted(_component_folders(other) or [("", other)]):
            if name in stages.get(prefix, ()):
                continue
            whole = f"{prefix}_{name}" if name else prefix
            called = name if prefix in stages else whole
            part = _part(called, _headers(inner, entry.variant), stored, width)
            if part.size:
                yield replace(part, name=whole)


def _component_folders(folder: Path) -> list[tuple[str, Path]]:
    return [(config.parent.name, config.parent) for config in folder.glob("*/config.json")]


def _headers(part: Path, variant: str | None) -> list[Header | int]:
    """The headers of the one set of weights that would be loaded; of pickles the bytes."""
    files = sorted(part.glob("*.safetensors"))
    chosen = [file for file in files if variant and f".{variant}" in file.name]
    chosen = chosen or [file for file in files if file.name.count(".") == 1] or files
    if chosen:
        return [read_header(file) for file in chosen]
    pickles = [file for file in part.glob("*.bin") if file.name.count(".") == 1] or list(part.glob("*.bin"))
    return [file.stat().st_size for file in pickles]


def _part(name: str, headers: Iterable[Header | int], stored: Precision, width: int) -> Part:
    size = layer = 0
    decodes = name.endswith(_DECODERS)
    for header in headers:
        if isinstance(header, int):
            size, layer = size + header, max(layer, header // _SHARE)
            continue
        more = _measured(name, header.tensors, stored, width)
        size, layer = size + more.size, max(layer, more.layer)
    return Part(name, size, layer, decodes)


def _of_file(file: Path, denoiser: str, stored: Precision, width: int) -> Iterator[Part]:
    """The components that lie in one file."""
    header = read_header(file)
    if header.format == "gguf":
        numbers = [math.prod(tensor.shape) for tensor in header.tensors.values()]
        share = max(numbers, default=0) / max(1, sum(numbers))
        yield Part(denoiser, header.size, round(header.size * share))
        return
    parts: dict[str, dict[str, Tensor]] = {}
    for name, tensor in header.tensors.items():
        part = next((part for start, part in _ORIGINAL.items() if name.startswith(start)), denoiser)
        if part:
            parts.setdefault(part, {})[name] = tensor
    for name, tensors in parts.items():
        yield _measured(name, tensors, stored, width)


def _measured(name: str, tensors: Mapping[str, Tensor], stored: Precision, width: int) -> Part:
    """A component by its tensors, as they are stored once it is loaded."""
    small = QUANTISED.get(stored) if is_quantised(name) else None
    size = layer = 0
    for key, tensor in tensors.items():
        numbers = math.prod(tensor.shape)
        each: float = width if tensor.dtype in _FLOATS else _OTHERS.get(tensor.dtype, 1)
        shrinks = len(tensor.shape) == 2 or (stored == "fp8" and len(tensor.shape) > 2)
        if small is not None and shrinks and tensor.dtype in _FLOATS and not _kept_whole(key, stored):
            each = small
        size, layer = size + math.ceil(numbers * each), max(layer, math.ceil(numbers * each))
    return Part(name, size, layer, name.endswith(_DECODERS))


def _kept_whole(name: str, stored: Precision) -> bool:
    """Whether the layer whose weight is called so is stored as it computes."""
    layer = name.rpartition(".")[0]
    return any(re.search(pattern, layer) for pattern in KEPT_WHOLE[stored])


def _decoder_width(entry: ModelEntry) -> int:
    """Channels of the VAE's last full-size layers; 0 where there is no VAE."""
    folder = entry.configs_folder() if entry.configs else entry.weights()
    if folder is None:
        return _WIDTH
    configs = (folder / name / "config.json" for name in ("vae", "movq"))
    config = next((path for path in configs if path.exists()), None)
    if config is None:
        return _WIDTH if entry.parts or entry.configs else 0
    try:
        told: dict[str, Any] = json.loads(config.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return _WIDTH
    channels = told.get("decoder_block_out_channels") or told.get("block_out_channels")
    if isinstance(channels, list) and channels and all(type(each) is int for each in channels):
        return int(channels[min(1, len(channels) - 1)])
    base = told.get("base_dim")
    return 2 * base if isinstance(base, int) else _WIDTH
