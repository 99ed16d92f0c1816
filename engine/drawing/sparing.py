"""A VAE that decodes in the memory there is: all pictures at once, one by one, or each in tiles.

One by one gives the same pictures but for the last bits. Tiles are blended into each other and differ a
little from the whole, so they come last: where one picture does not fit as a whole, or memory ran out. Knows
nothing of prompts.
"""

from __future__ import annotations

import copy
import gc
import logging
from typing import Any

import torch
from torch import nn

from engine.planning.memory import Fit, Placement

__all__ = ["sparing_vae"]

_LOG = logging.getLogger(__name__)

_TILE = 512
"""The longest edge of a tile in pixels."""

_ABOUT = 1.2
"""Up to so many times the model's own size a picture is of that size: sides are rounded to multiples."""


def sparing_vae(vae: nn.Module, fit: Fit, pixels: float) -> nn.Module:
    """A light copy of ``vae`` that decodes in what ``fit`` leaves, as far as that is known.

    ``pixels`` is how many a picture has, in units of the model's own size.
    """
    light = copy.copy(vae)
    light.__class__ = type("Sparing" + type(vae).__name__, (_Sparing, type(vae)), {})
    vars(light)["_one"] = fit.needs.decoding * (pixels if pixels > _ABOUT else 1.0)
    vars(light)["_room"] = _room(fit)
    return light


def _room(fit: Fit) -> int | None:
    """The bytes beside weights: where parts take turns, what is kept free for decoding one picture."""
    if fit.room is None:
        return None
    if fit.placement is Placement.WHOLE:
        return fit.room - fit.needs.weights
    own = sum(part.size for part in fit.needs.parts if part.decodes)
    return min(fit.needs.decoding, fit.room - own)


class _Sparing:
    _one: float
    _room: int | None

    def decode(self, z: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        ways = ["whole", "sliced", "tiled"] if _can_tile(self) else ["whole"]
        if self._room is not None and len(ways) > 1:
            while len(ways) > 1 and self._one * (len(z) if ways[0] == "whole" else 1) > self._room:
                ways.pop(0)
        for way in ways:
            _set(self, way)
            try:
                return super().decode(z, *args, **kwargs)  # type: ignore[misc]
            except torch.OutOfMemoryError:
                if way == ways[-1]:
                    raise
                _LOG.warning("memory ran out decoding %d pictures %s", len(z), way)
            gc.collect()  # outside the handler: its traceback holds what the failed decoding made
            torch.cuda.empty_cache()
        raise AssertionError("there is a last way")


def _can_tile(vae: Any) -> bool:
    return hasattr(vae, "use_tiling") and hasattr(vae, "use_slicing")


def _set(vae: Any, way: str) -> None:
    """Has this copy, and no other, decode so."""
    if way == "whole":
        return
    vae.use_slicing = True
    if way != "tiled":
        return
    vae.use_tiling = True
    edge = getattr(vae, "tile_sample_min_size", 0)
    if edge > _TILE:
        vae.tile_latent_min_size = vae.tile_latent_min_size * _TILE // edge
        vae.tile_sample_min_size = _TILE
