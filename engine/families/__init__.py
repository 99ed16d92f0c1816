"""How each family of pipelines is spoken to: its texts, its guidance, the layout of its latents.

One row a family; everything else in the engine treats all families alike. Knows nothing of plans or jobs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch

__all__ = ["FAMILIES", "Embeds", "Family"]

Embeds: TypeAlias = dict[str, torch.Tensor]
"""A text as the denoiser reads it: the pipeline's argument names → tensors whose first dimension is the
picture.
"""


@dataclass(frozen=True, slots=True)
class Family:
    """``encode`` makes the embeddings of one text (one row each), ``nothing`` those of the absent text.

    ``guided`` says whether guidance contrasts two predictions; distilled models take the number as an input.
    ``unpack`` and ``pack`` turn latents into (n, channels, height, width) and back, given the tile's pixels.
    ``nudge`` added to a strength makes the pipeline run exactly the steps planned, in spite of how it rounds.
    """

    encode: Callable[[Any, str], Embeds]
    nothing: Callable[[Any], Embeds]
    guided: bool
    unpack: Callable[[Any, torch.Tensor, int, int], torch.Tensor]
    pack: Callable[[Any, torch.Tensor], torch.Tensor]
    nudge: float

    def contrasts(self, guidance: float) -> bool:
        """Whether the denoiser is asked about nothing as well; at a guidance of 1 that would cancel out."""
        return self.guided and guidance > 1


def _sd(pipe: Any, text: str) -> Embeds:
    states, _ = pipe.encode_prompt(text, pipe._execution_device, 1, False)
    return {"prompt_embeds": states}


def _sdxl(pipe: Any, text: str) -> Embeds:
    states, _, pooled, _ = pipe.encode_prompt(text, do_classifier_free_guidance=False)
    return {"prompt_embeds": states, "pooled_prompt_embeds": pooled}


def _sdxl_nothing(pipe: Any) -> Embeds:
    _, states, _, pooled = pipe.encode_prompt(
        "", do_classifier_free_guidance=True
    )  # zeros, for some checkpoints
    return {"prompt_embeds": states, "pooled_prompt_embeds": pooled}


def _sd3(pipe: Any, text: str) -> Embeds:
    states, _, pooled, _ = pipe.encode_prompt(text, None, None, do_classifier_free_guidance=False)
    return {"prompt_embeds": states, "pooled_prompt_embeds": pooled}


def _flux(pipe: Any, text: str) -> Embeds:
    states, pooled, _ = pipe.encode_prompt(text)
    return {"prompt_embeds": states, "pooled_prompt_embeds": pooled}


def _plain(pipe: Any, latents: torch.Tensor, height: int = 0, width: int = 0) -> torch.Tensor:
    return latents


def _flux_unpack(pipe: Any, latents: torch.Tensor, height: int, width: int) -> torch.Tensor:
    unpacked: torch.Tensor = pipe._unpack_latents(latents, height, width, pipe.vae_scale_factor)
    return unpacked


def _flux_pack(pipe: Any, latents: torch.Tensor) -> torch.Tensor:
    packed: torch.Tensor = pipe._pack_latents(latents, *latents.shape)
    return packed


FAMILIES: dict[str, Family] = {
    "sd": Family(_sd, lambda pipe: _sd(pipe, ""), True, _plain, _plain, 1e-6),
    "sdxl": Family(_sdxl, _sdxl_nothing, True, _plain, _plain, 1e-6),
    "sd3": Family(_sd3, lambda pipe: _sd3(pipe, ""), True, _plain, _plain, -1e-6),
    "flux": Family(_flux, lambda pipe: _flux(pipe, ""), False, _flux_unpack, _flux_pack, -1e-6),
}
"""The family `auto` is not here: its pipelines are called with plain text, and only what every pipeline
takes.
"""
