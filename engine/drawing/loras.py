"""From a LoRA's file to what stands beside the layers of one model; and the texts that are read with LoRAs.

A file's keys are matched with the names of the model's layers, dots and underscores alike, which reads what
diffusers, PEFT, LyCORIS and kohya's scripts write for models of diffusers' own layout. Of other layouts
diffusers' converters make that one first, of one that they do not know `sd3_names.py`. Every key must have
found its layer, and fit it, or the file is refused. What LyCORIS writes in the place of pairs of matrices is
read in `lycoris.py`.

Knows nothing of jobs; what is computed with a LoRA is the business of `engine.sharing.adapters`.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from engine.drawing import sd3_names
from engine.drawing.embeddings import Embedding, load_embedding, looked_up
from engine.drawing.embeddings import reading as reads
from engine.drawing.lycoris import Product, inside, with_stand_ins
from engine.drawing.model import LoadedModel
from engine.drawing.texts import Texts
from engine.errors import ModelUnavailable
from engine.files import unread
from engine.planning.embeddings import EmbeddingEntry, key_of
from engine.planning.loras import LoraEntry
from engine.planning.plan import Plan
from engine.sharing.adapters import Adapter, Adapters, Kronecker, LowRank, beside, order

__all__ = ["load_adapter", "load_beside", "of_plan", "texts_of"]

_LOG = logging.getLogger(__name__)
_SETS = 6
"""Sets of LoRAs whose texts are kept: beside each lie as many embeddings as without."""

_ENCODERS = ("text_encoder", "text_encoder_2", "text_encoder_3")
_PREFIXES = (
    ("text_encoder_2", "text_encoder_2"),
    ("text_encoder_3", "text_encoder_3"),
    ("lora_transformer", "transformer"),
    ("text_encoder", "text_encoder"),
    ("transformer", "transformer"),
    ("lora_unet", "unet"),
    ("lora_te1", "text_encoder"),
    ("lora_te2", "text_encoder_2"),
    ("lora_te3", "text_encoder_3"),
    ("lora_te", "text_encoder"),
    ("lycoris", "unet"),
    ("lycoris", "transformer"),
    ("unet", "unet"),
)
"""What a key begins with, and the component of the pipeline that it is about."""

_SIDE = re.compile(
    r"(?:\.|_)(?:lora|lora_linear_layer)?[._]?"
    r"(?P<side>down|up|A|B)(?:\.default)?\.weight$"
)
_OLD_NAMES = (
    ("_processor_", "_"),
    ("_self_attn_to_q", "_self_attn_q_proj"),
    ("_self_attn_to_k", "_self_attn_k_proj"),
    ("_self_attn_to_v", "_self_attn_v_proj"),
    ("_self_attn_to_out", "_self_attn_out_proj"),
)
"""What layers are called in files of old, and are called now."""


def of_plan(model: LoadedModel, plan: Plan) -> Adapters:
    """The plan's LoRAs with their weights; those of weight 0 are left out. All must have been loaded."""
    return tuple((model.loras.adapters[lora.name], lora.weight) for lora in plan.loras if lora.weight)


def texts_of(model: LoadedModel, plan: Plan) -> Texts | None:
    """The texts of the model, as its encoders read them with the plan's LoRAs and embeddings."""
    encoders = [encoder for name in _ENCODERS if (encoder := getattr(model.pipe, name, None)) is not None]
    layers = {layer for encoder in encoders for layer in encoder.modules()}
    reading = tuple(
        (adapter, weight) for adapter, weight in of_plan(model, plan) if not layers.isdisjoint(adapter.layers)
    )
    words: list[Embedding] = [model.loras.adapters[key_of(name)] for name in plan.embeddings]
    if (not reading and not words) or model.texts is None:
        return model.texts
    key, known = (order(reading), tuple(key_of(each.name) for each in words)), model.loras.texts
    if key not in known:
        pipe, rows = reads(model.pipe, words) if words else (model.pipe, ())

        @contextmanager
        def around() -> Iterator[None]:  # the denoiser's layers are not run meanwhile
            with beside([reading]), looked_up(rows):
                yield

        known[key] = Texts(pipe, model.family, around)
        if len(known) > _SETS:
            known.popitem(last=False)
    known.move_to_end(key)
    return known[key]


def load_beside(entry: LoraEntry | EmbeddingEntry, model: LoadedModel) -> Adapter | Embedding:
    """What lies beside the model of a LoRA or an embedding. Raises ModelUnavailable with a sentence."""
    return load_embedding(entry, model) if isinstance(entry, EmbeddingEntry) else load_adapter(entry, model)


def load_adapter(entry: LoraEntry, model: LoadedModel) -> Adapter:
    """The LoRA beside the layers of ``model``, on its device and in its precision.

    Raises ModelUnavailable with a sentence where the file cannot be had or read, or does not fit the model.
    """
    try:
        tensors = load_file(_file(entry))
    except (OSError, SafetensorError, ValueError) as error:
        raise ModelUnavailable(f"The file of the LoRA {entry.name} could not be read.") from error
    if sentence := unread(tensors):
        raise ModelUnavailable(f"The LoRA {entry.name} cannot be drawn with. {sentence}")
    layers = _layers(model)
    try:
        state, products = with_stand_ins(tensors)
        pairs = _matched(state, {}, layers) or _converted(state, model.pipe, layers)
    except Exception as error:
        # diffusers' converters are many, and what a strange file makes them raise is not written anywhere
        _LOG.warning("converting the LoRA %s: %s", entry.name, error)
        pairs = None
    if not pairs:
        raise ModelUnavailable(f"The LoRA {entry.name} was not made for {model.entry.title}.")
    beside_them: dict[nn.Module, LowRank | Kronecker] = {}
    for layer, (down, up, scale) in pairs.items():
        product = products.get(float(down)) if down.numel() == 1 else None
        low = _low_rank(layer, down, up, scale) if product is None else _of_product(layer, product, up)
        if low is None:
            raise ModelUnavailable(f"The LoRA {entry.name} does not fit {model.entry.title}.")
        beside_them[layer] = _ready(low, model)
    return Adapter(entry.name, beside_them)


def _file(entry: LoraEntry) -> Path:
    """Its file. Nothing is fetched here: that is an operator's. Raises ModelUnavailable."""
    file = entry.path()
    if file is None and entry.folder is None:
        raise ModelUnavailable(
            f"The LoRA {entry.name} is not on this machine. An operator fetches it:"
            f" `easel models pull {entry.name}`."
        )
    if file is None:
        raise ModelUnavailable(f"The file of the LoRA {entry.name} is not on this machine.")
    return file


def _layers(model: LoadedModel) -> dict[tuple[str, str], nn.Module]:
    """The layers that may have a LoRA, by component and name with underscores for dots."""
    found: dict[tuple[str, str], nn.Module] = {}
    for component in (*model.family.denoisers, *_ENCODERS):
        module = getattr(model.pipe, component, None)
        for name, layer in module.named_modules() if module is not None else ():
            if isinstance(layer, nn.Linear | nn.Conv2d):
                flat = name.replace(".", "_")
                found[component, flat] = layer
                # the text model stands once at the top and once a floor below, by version
                found.setdefault((component, f"text_model_{flat}"), layer)
                found.setdefault((component, flat.removeprefix("text_model_")), layer)
    return found


_Pairs = dict[nn.Module, tuple[Tensor, Tensor, float]]


def _matched(
    tensors: Mapping[str, Tensor], alphas: Mapping[str, float], layers: Mapping[tuple[str, str], nn.Module]
) -> _Pairs | None:
    """Each layer with its two matrices and the scale; None where a key finds no layer, or half a pair."""
    sides: dict[nn.Module, dict[str, Tensor]] = {}
    scales = {_SIDE.sub("", key.removesuffix(".alpha")): value for key, value in alphas.items()}
    scaled: dict[nn.Module, float] = {}
    for key, tensor in tensors.items():
        if key.endswith(".alpha"):
            scales[key.removesuffix(".alpha")] = float(tensor)
    for key, tensor in tensors.items():
        if key.endswith(".alpha"):
            continue
        match = _SIDE.search(key)
        layer = _layer(key[: match.start()], layers) if match else None
        if match is None or layer is None:
            return None
        side = {"down": "A", "up": "B"}.get(match["side"], match["side"])
        sides.setdefault(layer, {})[side] = tensor
    for base, alpha in scales.items():
        layer = _layer(base.removesuffix("_lora"), layers)
        if layer is None or layer not in sides:
            return None
        scaled[layer] = alpha
    if not sides or any(len(pair) < 2 for pair in sides.values()):
        return None
    return {
        layer: (pair["A"], pair["B"], scaled[layer] / len(pair["A"]) if layer in scaled else 1.0)
        for layer, pair in sides.items()
    }


def _layer(base: str, layers: Mapping[tuple[str, str], nn.Module]) -> nn.Module | None:
    flat = base.replace("base_model.model.", "").replace(".", "_")
    for old, new in _OLD_NAMES:
        flat = flat.replace(old, new)
    for prefix, component in _PREFIXES:
        if flat.startswith(prefix + "_"):
            name = flat.removeprefix(prefix + "_")
            found = layers.get((component, name)) or layers.get((component, f"{name}_0"))
            if found is not None:
                return found
    return None


def _converted(
    tensors: Mapping[str, Tensor], pipe: Any, layers: Mapping[tuple[str, str], nn.Module]
) -> _Pairs | None:
    """The same after diffusers' own converter of the pipeline's family, where it has one."""
    if sd3_names.original(tensors):
        named = sd3_names.diffusers_names(tensors, pipe.transformer.config.num_layers)
        return _matched(named, {}, layers)
    options: dict[str, Any] = {}
    if getattr(pipe, "unet", None) is not None:
        options["unet_config"] = pipe.unet.config
    if type(pipe).__name__.startswith(("Flux", "Chroma")):
        options["return_alphas"] = True
    made = pipe.lora_state_dict(dict(tensors), **options)
    state, alphas = made if isinstance(made, tuple) else (made, None)
    return _matched(state, {key: float(value) for key, value in (alphas or {}).items()}, layers)


def _low_rank(layer: nn.Module, down: Tensor, up: Tensor, scale: float) -> LowRank | None:
    """The matrices as the layer wants them; None where they do not fit it, or hold no numbers."""
    rank, shape = len(down), inside(layer)
    if shape is None:
        return None
    kernel = shape[1:] if down.dim() == 4 else (1,) * len(shape[1:])
    thin, back = (rank, shape[0], *kernel), (_rows(layer), rank, *[1] * len(kernel))
    if down.numel() != math.prod(thin) or up.numel() != math.prod(back):
        return None
    if not (torch.isfinite(down).all() and torch.isfinite(up).all()):
        return None
    return LowRank(down.float().reshape(thin), (up.float() * scale).reshape(back))


def _of_product(layer: nn.Module, product: Product, rows: Tensor) -> LowRank | Kronecker | None:
    """Those rows of a product as the layer wants them; None where they do not fit it, or hold no numbers."""
    chosen = rows.flatten().long()
    if len(chosen) != _rows(layer) or not chosen.numel() or int(chosen.max()) >= product.rows:
        return None
    low = product.beside(layer, chosen)
    matrices = (
        () if low is None else (low.down, low.up) if isinstance(low, LowRank) else (low.outer, low.inner)
    )
    return low if all(torch.isfinite(each).all() for each in matrices) else None


def _rows(layer: nn.Module) -> int:
    assert isinstance(layer, nn.Linear | nn.Conv2d)
    return layer.out_features if isinstance(layer, nn.Linear) else layer.out_channels


def _ready(low: LowRank | Kronecker, model: LoadedModel) -> LowRank | Kronecker:
    """The same where and in what the layer computes: its weights may rest elsewhere, in less."""

    def moved(matrix: Tensor) -> Tensor:
        return matrix.to(model.device, model.dtype).contiguous()

    if isinstance(low, LowRank):
        return LowRank(moved(low.down), moved(low.up))
    return Kronecker(moved(low.outer), moved(low.inner), low.skip, low.rows)
