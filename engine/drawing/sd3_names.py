"""A LoRA for Stable Diffusion 3 in the names of its original file, put into those of diffusers' model.

So kohya's scripts and ComfyUI's trainers write them; diffusers converts weights of such names, but no LoRAs.
All that happens is renaming, and cutting and exchanging of whole rows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor

__all__ = ["diffusers_names", "original"]

_KEY = re.compile(
    r"(?:base_model\.model\.)?(?:lora_unet_|lora_transformer_|diffusion_model\.|transformer\.)?"
    r"(?P<layer>(?:joint_blocks|final_layer|[xyt]_embedder|context_embedder)(?:[._].+?)?)\."
    r"(?P<kind>alpha|lora[._].+)"
)
_OUTSIDE = {
    "x_embedder_proj": "pos_embed.proj",
    "t_embedder_mlp_0": "time_text_embed.timestep_embedder.linear_1",
    "t_embedder_mlp_2": "time_text_embed.timestep_embedder.linear_2",
    "y_embedder_mlp_0": "time_text_embed.text_embedder.linear_1",
    "y_embedder_mlp_2": "time_text_embed.text_embedder.linear_2",
    "context_embedder": "context_embedder",
    "final_layer_linear": "proj_out",
    "final_layer_adaLN_modulation_1": "norm_out.linear",
}
_INSIDE = {
    "x_block_adaLN_modulation_1": ("norm1.linear",),
    "x_block_attn_qkv": ("attn.to_q", "attn.to_k", "attn.to_v"),
    "x_block_attn_proj": ("attn.to_out.0",),
    "x_block_attn2_qkv": ("attn2.to_q", "attn2.to_k", "attn2.to_v"),
    "x_block_attn2_proj": ("attn2.to_out.0",),
    "x_block_mlp_fc1": ("ff.net.0.proj",),
    "x_block_mlp_fc2": ("ff.net.2",),
    "context_block_adaLN_modulation_1": ("norm1_context.linear",),
    "context_block_attn_qkv": ("attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj"),
    "context_block_attn_proj": ("attn.to_add_out",),
    "context_block_mlp_fc1": ("ff_context.net.0.proj",),
    "context_block_mlp_fc2": ("ff_context.net.2",),
}
_UP = re.compile(r"lora[._](?:up|B)[._]")


def original(names: Mapping[str, Tensor]) -> bool:
    """Whether these are a LoRA's tensors in such names."""
    return any("joint_blocks" in name for name in names)


def diffusers_names(tensors: Mapping[str, Tensor], blocks: int) -> dict[str, Tensor]:
    """The same tensors in diffusers' names, for a model of so many blocks; those of text encoders stay.

    Raises KeyError where a layer has no place there.
    """
    named: dict[str, Tensor] = {}
    for key, tensor in tensors.items():
        match = _KEY.fullmatch(key)
        if match is None:
            named[key] = tensor
            continue
        layers, swapped = _placed(match["layer"].replace(".", "_"), blocks)
        up = _UP.match(match["kind"]) is not None
        parts = torch.chunk(tensor, len(layers)) if up else [tensor] * len(layers)
        for layer, part in zip(layers, parts, strict=True):
            named[f"transformer.{layer}.{match['kind']}"] = _exchanged(part) if up and swapped else part
    return named


def _placed(layer: str, blocks: int) -> tuple[tuple[str, ...], bool]:
    """What an original layer comes to, and whether it has shift before scale, as diffusers' has not."""
    if layer in _OUTSIDE:
        return (_OUTSIDE[layer],), layer == "final_layer_adaLN_modulation_1"
    number, inner = layer.removeprefix("joint_blocks_").split("_", 1)
    swapped = inner == "context_block_adaLN_modulation_1" and int(number) == blocks - 1
    return tuple(f"transformer_blocks.{number}.{name}" for name in _INSIDE[inner]), swapped


def _exchanged(rows: Tensor) -> Tensor:
    shift, scale = torch.chunk(rows, 2)
    return torch.cat([scale, shift])
