"""FLUX.1: distilled guidance, which is an input of the transformer, and latents packed two by two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.families.family import Embeds, Encoding, Family

if TYPE_CHECKING:
    import torch

__all__ = ["FAMILY"]


def _encode(pipe: Any, text: str) -> Embeds:
    states, pooled, _ = pipe.encode_prompt(text)
    return {"prompt_embeds": states, "pooled_prompt_embeds": pooled}


def _unpack(pipe: Any, latents: torch.Tensor, height: int, width: int) -> torch.Tensor:
    unpacked: torch.Tensor = pipe._unpack_latents(latents, height, width, pipe.vae_scale_factor)
    return unpacked


def _pack(pipe: Any, latents: torch.Tensor) -> torch.Tensor:
    packed: torch.Tensor = pipe._pack_latents(latents, *latents.shape)
    return packed


FAMILY = Family(
    guided=False,
    encoding=Encoding(_encode, lambda pipe: _encode(pipe, "")),
    unpack=_unpack,
    pack=_pack,
    nudge=-1e-6,
)
