"""Latents as they lie in any family: as cells (n, c, h, w), laid out again, and made from pixels by any VAE.

What kind of autoencoder it is follows from what it answers. Knows nothing of texts, schedulers or plans.
"""

from __future__ import annotations

import math
from typing import Any

import torch

from engine.families import Layout

__all__ = ["cells", "darkest", "draws_films", "from_pixels", "laid", "vae_name", "vae_of"]


def cells(latents: torch.Tensor, layout: Layout, height: int, width: int) -> torch.Tensor:
    """Latents of a picture of ``height`` × ``width`` pixels as (n, c, h, w)."""
    match layout:
        case Layout.FRAMED:
            return latents.squeeze(2)
        case Layout.CHANNELS_LAST:
            return latents.squeeze(1).movedim(-1, 1)
        case Layout.TOKENS | Layout.PACKED:
            down, across = _grid(latents.shape[1], height, width)
            if layout is Layout.TOKENS:
                return latents.reshape(len(latents), down, across, -1).movedim(-1, 1)
            parts = latents.reshape(len(latents), down, across, -1, 2, 2).permute(0, 3, 1, 4, 2, 5)
            return parts.reshape(len(latents), -1, 2 * down, 2 * across)
    return latents


def laid(latents: torch.Tensor, layout: Layout) -> torch.Tensor:
    """Latents (n, c, h, w) as the layout has them."""
    match layout:
        case Layout.FRAMED:
            return latents.unsqueeze(2)
        case Layout.CHANNELS_LAST:
            return latents.movedim(1, -1).unsqueeze(1)
        case Layout.TOKENS:
            return latents.flatten(2).movedim(1, -1)
        case Layout.PACKED:
            count, channels, height, width = latents.shape
            parts = latents.reshape(count, channels, height // 2, 2, width // 2, 2).permute(0, 2, 4, 1, 3, 5)
            return parts.reshape(count, height * width // 4, 4 * channels)
    return latents


def _grid(tokens: int, height: int, width: int) -> tuple[int, int]:
    """Into how many rows and columns so many tokens part that cover ``height`` × ``width`` pixels."""
    downs = (down for down in range(1, tokens + 1) if tokens % down == 0)
    down = min(downs, key=lambda down: abs(math.log(down * down * width / (tokens * height))))
    return down, tokens // down


def vae_name(pipe: Any) -> str:
    """What the pipeline's autoencoder is called, empty for one that draws pixels."""
    return next((name for name in ("vae", "movq", "vqgan") if getattr(pipe, name, None) is not None), "")


def vae_of(pipe: Any) -> Any:
    """The pipeline's autoencoder, None for one that draws pixels."""
    return getattr(pipe, vae_name(pipe)) if vae_name(pipe) else None


def darkest(vae: Any) -> float:
    """The number that stands for black in what an autoencoder decodes: −1, of Paella's (Stable Cascade) 0."""
    return 0.0 if _is_paella(vae) else -1.0


def _is_paella(vae: Any) -> bool:
    return hasattr(vae, "vquantizer")


def draws_films(module: Any) -> bool:
    """Whether it convolves over time too, so that a picture is a film of one."""
    return isinstance(module, torch.nn.Module) and any(weights.ndim == 5 for weights in module.parameters())


def from_pixels(vae: Any, pixels: torch.Tensor) -> torch.Tensor:
    """The latents (n, c, h, w) of pixels (n, 3, height, width) from -1 to 1, as the denoiser knows them."""
    if vae is None:
        return pixels
    if _is_paella(vae):
        small: torch.Tensor = vae.encode((pixels + 1) / 2).latents / vae.config.scale_factor
        return small
    films = draws_films(vae)
    answer = vae.encode(pixels.unsqueeze(2) if films else pixels)
    distribution = getattr(answer, "latent_dist", None)
    if distribution is not None:
        found: torch.Tensor = distribution.mode()
    else:
        found = answer.latent if hasattr(answer, "latent") else answer.latents
    if films and found.ndim == 5:
        found = found.squeeze(2)
    if hasattr(vae, "bn"):
        return _normalised(vae, found)
    if hasattr(vae, "quantize"):
        return found
    config, scale = vae.config, 1.0 if films else vae.config.scaling_factor
    mean, deviation = (_channels(config, name, found) for name in ("latents_mean", "latents_std"))
    if mean is not None and deviation is not None:
        return (found - mean) * (scale / deviation)
    shift = getattr(config, "shift_factor", None) or 0.0
    scaled: torch.Tensor = (found - shift) * vae.config.scaling_factor
    return scaled


def _channels(config: Any, name: str, like: torch.Tensor) -> torch.Tensor | None:
    values = getattr(config, name, None)
    return None if values is None else torch.tensor(values).to(like).view(1, -1, 1, 1)


def _normalised(vae: Any, latents: torch.Tensor) -> torch.Tensor:
    """FLUX.2's: four cells are one of four times the channels, each normalised by the statistics it keeps."""
    folded = torch.nn.functional.pixel_unshuffle(latents, 2)
    kept = (vae.bn.running_mean, vae.bn.running_var)
    mean, variance = (value.to(latents).view(1, -1, 1, 1) for value in kept)
    normalised: torch.Tensor = (folded - mean) / torch.sqrt(variance + vae.config.batch_norm_eps)
    return normalised
