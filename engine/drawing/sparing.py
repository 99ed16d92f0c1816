"""A VAE that decodes in the memory there is: all pictures at once, one by one, or each in tiles.

One by one gives the same pictures but for the last bits. Tiles differ a little from the whole, so they come
last: where one picture does not fit as a whole, or memory ran out. They overlap; what lies next to a tile's
edge knows too little of what is beyond, and is left out, and the rest passes smoothly from one to the other:
diffusers' own tiling leaves a step where a tile's last pixel ends. Knows nothing of prompts.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from engine.drawing.overriding import overriding
from engine.planning.memory import Fit, Placement

__all__ = ["sparing_vae"]

_LOG = logging.getLogger(__name__)

_TILE = 512
"""The longest edge of a tile in pixels."""

_OVERLAP = 4
"""Neighbouring tiles have this part of their edge in common, as diffusers' have."""

_LEFT_OUT = 4
"""This part of an overlap is left out at either tile's edge."""

_LEAST = 1e-4
"""The share that a tile has of what it should leave out: it counts where no other tile reaches."""

_PROBE = 4
"""Cells a side that are decoded to see how many pixels one is."""

_ABOUT = 1.2
"""Up to so many times the model's own size a picture is of that size: sides are rounded to multiples."""


def sparing_vae(vae: nn.Module, fit: Fit, pixels: float) -> nn.Module:
    """A light copy of ``vae`` that decodes in what ``fit`` leaves, as far as that is known.

    ``pixels`` is how many a picture has, in units of the model's own size.
    """
    one = fit.needs.decoding * (pixels if pixels > _ABOUT else 1.0)
    return overriding(vae, _Sparing, _one=one, _room=_room(fit))


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
        ways = ["whole", "sliced", "tiled"]
        if self._room is not None:
            while len(ways) > 1 and self._one * (len(z) if ways[0] == "whole" else 1) > self._room:
                ways.pop(0)
        decode = super().decode  # type: ignore[misc]
        for way in ways:
            try:
                if way == "whole":
                    return decode(z, *args, **kwargs)
                parts = [self._single(way, each[None], decode, *args, **kwargs) for each in z]
            except torch.OutOfMemoryError:
                if way == ways[-1]:
                    raise
                _LOG.warning("memory ran out decoding %d pictures %s", len(z), way)
            else:
                return _like(parts[0], torch.cat([part[0] for part in parts]))
            gc.collect()  # outside the handler: its traceback holds what the failed decoding made
            torch.cuda.empty_cache()
        raise AssertionError("there is a last way")

    def _single(
        self, way: str, z: torch.Tensor, decode: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> Any:
        """What one picture's latents are decoded to."""
        if way == "sliced":
            return decode(z, *args, **kwargs)
        around = getattr(self, "wraps_around", False)
        return _in_tiles(lambda part: decode(part, *args, **kwargs), z, around=around)


def _in_tiles(decode: Callable[[torch.Tensor], Any], z: torch.Tensor, *, around: bool) -> Any:
    """Latents (1, c, …, h, w) decoded in tiles; ``around``: beyond each border lies what is at the other."""
    probe = min(_PROBE, *z.shape[-2:])
    answer = decode(z[..., :probe, :probe])
    factor = answer[0].shape[-1] // probe
    edge = max(2, _TILE // factor)
    overlap = edge // _OVERLAP
    if around:
        z = _wrapped(z, overlap)
    height, width = (side * factor for side in z.shape[-2:])
    made = z.new_zeros(())
    for down in _starts(z.shape[-2], edge, overlap):
        for right in _starts(z.shape[-1], edge, overlap):
            tile = decode(z[..., down : down + edge, right : right + edge])[0]
            top, left = down * factor, right * factor
            if not made.ndim:
                made = tile.new_zeros((*tile.shape[:-2], height, width), dtype=torch.float32)
                weights = torch.zeros(height, width, device=tile.device)
            shares = [
                _share(start, side, whole, overlap * factor).to(tile.device)
                for start, side, whole in ((top, tile.shape[-2], height), (left, tile.shape[-1], width))
            ]
            share = shares[0][:, None] * shares[1]
            inside = (..., slice(top, top + tile.shape[-2]), slice(left, left + tile.shape[-1]))
            made[inside] += share * tile.float()
            weights[inside] += share
            dtype = tile.dtype
    whole = made.div_(weights).to(dtype)
    if around:
        cut = overlap * factor
        whole = whole[..., cut : height - cut, cut : width - cut]
    return _like(answer, whole)


def _starts(side: int, edge: int, overlap: int) -> list[int]:
    """Where tiles begin that cover so many cells, the last of them at the end."""
    last = max(0, side - edge)
    return [*range(0, last, edge - overlap), last]


def _share(start: int, side: int, whole: int, overlap: int) -> torch.Tensor:
    """How much each row of a tile counts: nothing next to an edge inside the picture, then ever more."""
    margin = overlap // _LEFT_OUT
    place = torch.arange(side, dtype=torch.float32) + 0.5
    ramp = max(1, overlap - 2 * margin)
    share = torch.ones(side)
    if start > 0:
        share *= _smooth((place - margin) / ramp)
    if start + side < whole:
        share *= _smooth((side - place - margin) / ramp)
    return share + _LEAST  # no place is without a share, however small the tiles


def _smooth(place: torch.Tensor) -> torch.Tensor:
    """From 0 to 1, without a bend at either end."""
    place = place.clamp(0, 1)
    return place * place * (3 - 2 * place)


def _wrapped(z: torch.Tensor, cells: int) -> torch.Tensor:
    """Latents with so many more cells on each side, which are those of the other side."""
    across = torch.cat([z[..., -cells:], z, z[..., :cells]], -1)
    return torch.cat([across[..., -cells:, :], across, across[..., :cells, :]], -2)


def _like(answer: Any, sample: torch.Tensor) -> Any:
    """What a VAE answers, with other pixels in it."""
    return (sample,) if isinstance(answer, tuple) else type(answer)(sample=sample)
