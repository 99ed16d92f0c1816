"""The weights of FLUX.1 in its original file's names, put into those of diffusers' model.

diffusers has this too, for a model of its one published width; here it goes by the shapes, so that models of
any size load. Weights that are quantised stay so: all that happens is renaming, and cutting and joining of
whole rows.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["diffusers_names"]

_OUTSIDE = {
    "time_in.in_layer": "time_text_embed.timestep_embedder.linear_1",
    "time_in.out_layer": "time_text_embed.timestep_embedder.linear_2",
    "vector_in.in_layer": "time_text_embed.text_embedder.linear_1",
    "vector_in.out_layer": "time_text_embed.text_embedder.linear_2",
    "guidance_in.in_layer": "time_text_embed.guidance_embedder.linear_1",
    "guidance_in.out_layer": "time_text_embed.guidance_embedder.linear_2",
    "txt_in": "context_embedder",
    "img_in": "x_embedder",
    "final_layer.linear": "proj_out",
    "final_layer.adaLN_modulation.1": "norm_out.linear",
}
_DOUBLE = {
    "img_mod.lin": "norm1.linear",
    "txt_mod.lin": "norm1_context.linear",
    "img_attn.norm.query_norm": "attn.norm_q",
    "img_attn.norm.key_norm": "attn.norm_k",
    "txt_attn.norm.query_norm": "attn.norm_added_q",
    "txt_attn.norm.key_norm": "attn.norm_added_k",
    "img_attn.proj": "attn.to_out.0",
    "txt_attn.proj": "attn.to_add_out",
    "img_mlp.0": "ff.net.0.proj",
    "img_mlp.2": "ff.net.2",
    "txt_mlp.0": "ff_context.net.0.proj",
    "txt_mlp.2": "ff_context.net.2",
}
_SINGLE = {
    "modulation.lin": "norm.linear",
    "norm.query_norm": "attn.norm_q",
    "norm.key_norm": "attn.norm_k",
    "linear2": "proj_out",
}
_FUSED = {
    "img_attn.qkv": ("attn.to_q", "attn.to_k", "attn.to_v"),
    "txt_attn.qkv": ("attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj"),
}


def diffusers_names(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same weights in diffusers' names. Raises KeyError or ValueError where one has no place there."""
    width = weights["img_in.weight"].shape[0]
    named: dict[str, Tensor] = {}
    for name, weight in weights.items():
        layer, _, kind = name.rpartition(".")
        for new, rows in _placed(layer, weight, width):
            named[f"{new}.{'weight' if kind == 'scale' else kind}"] = rows
    return named


def _placed(layer: str, weight: Tensor, width: int) -> list[tuple[str, Tensor]]:
    """The layers of diffusers' model that an original layer comes to, each with its rows."""
    if layer in _OUTSIDE:
        return [(_OUTSIDE[layer], _swapped(weight) if layer.startswith("final_layer.ada") else weight)]
    kind, number, inner = layer.split(".", 2)
    if kind == "double_blocks":
        block = f"transformer_blocks.{number}"
        if inner in _FUSED:
            thirds = torch.chunk(weight, 3, dim=0)
            return [(f"{block}.{new}", third) for new, third in zip(_FUSED[inner], thirds, strict=True)]
        return [(f"{block}.{_DOUBLE[inner]}", weight)]
    block = f"single_transformer_blocks.{number}"
    if kind == "single_blocks" and inner == "linear1":
        new_names = ("attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp")
        rows = torch.split(weight, [width, width, width, weight.shape[0] - 3 * width], dim=0)
        return [(f"{block}.{new}", part) for new, part in zip(new_names, rows, strict=True)]
    return [(f"{block}.{_SINGLE[inner]}", weight)]


def _swapped(weight: Tensor) -> Tensor:
    """Scale before shift: the original's last layer has them the other way round."""
    shift, scale = torch.chunk(weight, 2, dim=0)
    return torch.cat([scale, shift], dim=0)
