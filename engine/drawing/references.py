"""From a reference adapter's files to what its model sees of a picture.

An adapter is an image encoder, a projection to tokens, and keys and values for each attention to the text.
The files are those of IP-Adapter and its kin; the projections are built by diffusers' own converters, which
know their layouts.

Knows nothing of jobs.
"""

from __future__ import annotations

import json
import logging
import math
import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from diffusers.models.embeddings import IPAdapterTimeImageProjection
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import CLIPVisionModelWithProjection, SiglipVisionModel

from engine.drawing.model import LoadedModel
from engine.drawing.reference_adapter import Layer, ReferenceAdapter, References, TimedLayer, parts_of
from engine.errors import ModelUnavailable
from engine.pictures.decoding import OWN_SIDE, load_input
from engine.pictures.mark import cleaned
from engine.planning.plan import Plan
from engine.planning.references import AdapterEntry, Reference
from engine.sharing.image_prompts import Place

__all__ = ["load_reference_adapter", "looked_at", "references_of_plan"]

_LOG = logging.getLogger(__name__)

_CLIP_MEAN, _CLIP_STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
"""Levels that CLIP's encoders were trained with; a folder's `preprocessor_config.json` may say others."""

_PARTS = {
    "image_proj.": "image_proj",
    "ip_adapter_proj_model.": "image_proj",
    "ip_adapter.": "ip_adapter",
    "double_blocks.": "ip_adapter",
}
"""What a key of a file begins with, and which half of the adapter it belongs to."""

_XLABS = (
    (".processor.ip_adapter_double_stream_k_proj", ".to_k_ip"),
    (".processor.ip_adapter_double_stream_v_proj", ".to_v_ip"),
    ("processor.", ""),
)
"""What the layers of FLUX's adapter are called in XLabs' file, and are called elsewhere."""


def references_of_plan(model: LoadedModel, plan: Plan, pictures: Sequence[bytes]) -> References:
    """What the plan's rows see; ``pictures`` are those that it refers to. All adapters must have been loaded.

    Raises BadPicture.
    """
    if not plan.references:
        return References()
    known = model.references.adapters
    asked = [
        (known[each.adapter], each, picture)
        for each, picture in _with_pictures(plan, pictures)
        if each.adapter
    ]
    made = [adapter.prompts(each, picture) for adapter, each, picture in asked if not adapter.timed]
    timed = [adapter.prompts_at(each, picture) for adapter, each, picture in asked if adapter.timed]
    return References(tuple(shown for shown, _ in made), tuple(hidden for _, hidden in made), tuple(timed))


def looked_at(plan: Plan, pictures: Sequence[bytes]) -> list[Image.Image]:
    """The pictures that the model looks at itself, no larger than those it draws. Raises BadPicture."""
    found = [
        cleaned(load_input(picture, OWN_SIDE))
        for each, picture in _with_pictures(plan, pictures)
        if not each.adapter and picture is not None
    ]
    area = plan.width * plan.height
    return [_within(each.convert("RGB"), area) for each in found]


def _within(picture: Image.Image, area: int) -> Image.Image:
    """The picture, made smaller where it has more pixels than ``area``."""
    share = math.sqrt(area / (picture.width * picture.height))
    if share >= 1:
        return picture
    return picture.resize(
        (max(1, round(picture.width * share)), max(1, round(picture.height * share))),
        Image.Resampling.LANCZOS,
    )


def _with_pictures(plan: Plan, pictures: Sequence[bytes]) -> list[tuple[Reference, bytes | None]]:
    """The plan's references, each with its picture; None for the style of a number."""
    rest = iter(pictures)
    return [(each, next(rest) if each.code is None else None) for each in plan.references]


def load_reference_adapter(entry: AdapterEntry, model: LoadedModel) -> ReferenceAdapter:
    """The adapter beside the layers of ``model``, on its device and in its precision.

    Raises ModelUnavailable with a sentence where its files cannot be had or read, or do not fit the model.
    """
    file, folder = entry.path(), entry.encoder_folder()
    if file is None or folder is None:
        raise ModelUnavailable(f"{entry.title} is not on this machine.")
    try:
        parts = _parts(file)
        encoder = _encoder(folder)
        levels = _levels(folder)
        anchors = None if (kept := entry.anchors_path()) is None else load_file(kept)["anchors"]
    except (OSError, SafetensorError, ValueError, KeyError, pickle.UnpicklingError) as error:
        _LOG.exception("reading the reference adapter %s", entry.name)
        raise ModelUnavailable(f"The files of {entry.title} could not be read.") from error
    denoiser = model.denoisers[0]
    try:
        project = denoiser._convert_ip_adapter_image_proj_to_diffusers(  # type: ignore[operator]
            parts["image_proj"], low_cpu_mem_usage=False
        )
        timed = isinstance(project, IPAdapterTimeImageProjection)
        layers = (_timed_layers if timed else _layers)(denoiser, parts["ip_adapter"])
    except Exception as error:  # whatever a file of another layout makes diffusers' converters raise
        _LOG.exception("fitting the reference adapter %s", entry.name)
        raise ModelUnavailable(f"{entry.title} was not made for {model.entry.title}.") from error
    like = next(denoiser.parameters())
    precision = like.dtype if like.dtype.is_floating_point else torch.bfloat16
    for module in (encoder, project, *(each for layer in layers for each in parts_of(layer))):
        module.to(like.device, precision).eval().requires_grad_(False)
    return ReferenceAdapter(entry, encoder, project, layers, levels, anchors)


def _parts(file: Path) -> Mapping[str, dict[str, Tensor]]:
    """The adapter's two halves, by the names that diffusers knows."""
    if file.suffix != ".safetensors":
        read: Mapping[str, dict[str, Tensor]] = torch.load(file, map_location="cpu", weights_only=True)
        return {name: dict(read[name]) for name in ("image_proj", "ip_adapter")}
    parts: dict[str, dict[str, Tensor]] = {"image_proj": {}, "ip_adapter": {}}
    for key, tensor in load_file(file).items():
        begin = next((begin for begin in _PARTS if key.startswith(begin)), None)
        if begin is None:
            raise ValueError(f"the key {key} is of no adapter")
        name = key.removeprefix(begin)
        for old, new in _XLABS:
            name = name.replace(old, new)
        parts[_PARTS[begin]][name] = tensor
    return parts


def _levels(folder: Path) -> tuple[tuple[float, ...], tuple[float, ...]]:
    said = folder / "preprocessor_config.json"
    known = json.loads(said.read_text(encoding="utf-8")) if said.is_file() else {}
    return tuple(known.get("image_mean", _CLIP_MEAN)), tuple(known.get("image_std", _CLIP_STD))


def _layers(denoiser: nn.Module, weights: Mapping[str, Tensor]) -> list[Layer]:
    """Every attention that attends to pictures, with its own keys and values. Raises KeyError, ValueError."""
    made = []
    for name, place, heads, number in _places(denoiser):
        key, value = (_linear(weights, f"{number}.to_{side}_ip", heads) for side in "kv")
        made.append(Layer(name, place, key, value, heads))
    if len({name.partition(".")[0] for name in weights}) != len(made):
        raise ValueError("an adapter for another number of layers")
    return made


def _timed_layers(denoiser: nn.Module, weights: Mapping[str, Tensor]) -> list[TimedLayer]:
    """The attentions of SD 3.5, each with what diffusers makes of the adapter's weights for it."""
    made: Mapping[str, Any] = denoiser._convert_ip_adapter_attn_to_diffusers(  # type: ignore[operator]
        dict(weights), low_cpu_mem_usage=False
    )
    layers = []
    for name, adapts in made.items():
        layer: Any = denoiser.get_submodule(name.removesuffix(".processor"))
        own, norms = (layer.to_k, layer.to_v), (adapts.norm_q, adapts.norm_k)
        place = Place(layer.to_q, layer.to_out[0], own=own, norms=norms)
        layers.append(TimedLayer(name, place, adapts, int(layer.heads)))
    return layers


def _encoder(folder: Path) -> Any:
    """The image encoder: CLIP's eyes, or SigLIP's."""
    told = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    siglip = str(told.get("model_type", "")).startswith("siglip")
    kind = SiglipVisionModel if siglip else CLIPVisionModelWithProjection
    return kind.from_pretrained(str(folder))


def _places(denoiser: nn.Module) -> list[tuple[str, Place, int, int]]:
    """The places in the order in which adapters number them: name, place, heads, number.

    In U-Nets it is the attentions to the text, with odd numbers; in FLUX those of the blocks of two streams.
    """
    processors: Mapping[str, Any] = denoiser.attn_processors  # type: ignore[assignment]
    names = [name.removesuffix(".processor") for name in processors]
    attentions = [(name, denoiser.get_submodule(name)) for name in names]
    if any(name.endswith("attn2") for name in names):
        cross = [(name, layer) for name, layer in attentions if name.endswith("attn2")]
        return [
            (name, Place(layer.to_q, layer.to_out[0]), int(layer.heads), 2 * count + 1)  # type: ignore[arg-type, index]
            for count, (name, layer) in enumerate(cross)
        ]
    double = [(name, layer) for name, layer in attentions if name.startswith("transformer_blocks.")]
    return [
        (
            name,
            Place(layer.norm_q, denoiser.get_submodule(name.removesuffix(".attn")), after=True),  # type: ignore[arg-type]
            int(layer.heads),  # type: ignore[arg-type]
            count,
        )
        for count, (name, layer) in enumerate(double)
    ]


def _linear(weights: Mapping[str, Tensor], name: str, heads: int) -> nn.Linear:
    weight, bias = weights[f"{name}.weight"], weights.get(f"{name}.bias")
    if len(weight) % heads:
        raise ValueError(f"{name} is for another number of heads")
    made = nn.Linear(weight.shape[1], len(weight), bias=bias is not None)
    made.load_state_dict({"weight": weight} | ({} if bias is None else {"bias": bias}))
    return made
