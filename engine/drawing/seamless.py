"""Pictures that repeat without a seam (`--tile`).

Convolutions are padded with what lies on the other side (in the denoiser and in the VAE). Transformers, whose
attention knows absolute places, see the picture rolled by another offset at each step instead, so that no
border is ever the border for long. Knows nothing of prompts or schedulers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn.functional import pad

from engine.drawing.overriding import overriding

__all__ = ["ForwardMode", "Roll", "calmest", "circular", "wrapping_vae", "wraps"]

_CALM = 9
"""How many rows (or columns) around the border should be calm."""


class _Model(Protocol):
    @property
    def denoisers(self) -> tuple[nn.Module, ...]: ...


@dataclass(frozen=True, slots=True)
class ForwardMode:
    """How a shared forward must run; calls with different modes never share one."""

    circular: bool = False

    @contextmanager
    def applied(self, model: _Model) -> Iterator[None]:
        """The model's denoisers run in this mode inside the block."""
        if not self.circular:
            yield
            return
        with circular(model.denoisers):
            yield


@contextmanager
def circular(modules: Iterable[nn.Module]) -> Iterator[None]:
    """Every padded convolution of ``modules`` over pixels wraps around inside the block.

    Those of films (`_Filming`) wrap around in the picture, and go on knowing nothing before the first frame.
    """
    convs = [conv for module in modules for conv in module.modules()]
    padded = [
        conv
        for conv in convs
        if isinstance(conv, nn.Conv2d) and any(conv.padding) and conv.padding_mode == "zeros"
    ]
    films = [(conv, type(conv), _borders(conv)) for conv in convs if any(_borders(conv)[:4])]
    for conv in padded:
        conv.padding_mode = "circular"
    for film, kind, borders in films:
        vars(film).update(_padding=(0, 0, 0, 0, *borders[4:]), _around=(*borders[:4], 0, 0))
        film.__class__ = type(kind.__name__, (_Filming, kind), {})
    try:
        yield
    finally:
        for conv in padded:
            conv.padding_mode = "zeros"
        for film, kind, borders in films:
            film.__class__ = kind
            vars(film)["_padding"] = borders


def wraps(module: nn.Module) -> bool:
    """Whether `circular` reaches all of a module's convolutions: those over time pad in ways of their own."""
    return all(
        max(conv.kernel_size[1:]) == 1 or any(_borders(conv)[:4])
        for conv in module.modules()
        if isinstance(conv, nn.Conv3d)
    )


def _borders(conv: nn.Module) -> tuple[int, ...]:
    """What a convolution of films adds before it: left, right, above, below, before, after; () for others."""
    found = getattr(conv, "_padding", ()) if isinstance(conv, nn.Conv3d) else ()
    return tuple(found) if isinstance(found, tuple) and len(found) == 6 else ()


class _Filming:
    """A causal convolution of films (Wan's, Qwen-Image's) whose frames wrap around."""

    _around: tuple[int, ...]

    def forward(self, x: torch.Tensor, cache_x: torch.Tensor | None = None) -> torch.Tensor:
        before = None if cache_x is None else pad(cache_x, self._around, mode="circular")
        made: torch.Tensor = super().forward(  # type: ignore[misc]
            pad(x, self._around, mode="circular"), before
        )
        return made


def wrapping_vae(vae: nn.Module) -> nn.Module:
    """A light copy of ``vae`` that encodes and decodes with wrap-around; the weights are shared."""
    return overriding(vae, _Wrapping)


class _Wrapping:
    wraps_around = True

    def encode(self, *args: Any, **kwargs: Any) -> Any:
        with circular([self]):  # type: ignore[list-item]
            return super().encode(*args, **kwargs)  # type: ignore[misc]

    def decode(self, *args: Any, **kwargs: Any) -> Any:
        with circular([self]):  # type: ignore[list-item]
            return super().decode(*args, **kwargs)  # type: ignore[misc]


def calmest(tile: Image.Image) -> Image.Image:
    """The same tile, rolled so that its border runs where neighbouring pixels differ least.

    Any roll of a picture that repeats is the same picture; this one cuts through no thing, if it can.
    """
    pixels = np.asarray(tile.convert("RGB"), dtype=np.float32)
    for axis in (0, 1):
        jumps = np.abs(pixels - np.roll(pixels, 1, axis)).mean(axis=(1 - axis, 2))
        around = sum(np.roll(jumps, shift) for shift in range(-(_CALM // 2), _CALM // 2 + 1))
        pixels = np.roll(pixels, -int(np.argmin(around + jumps)), axis)
    return Image.fromarray(pixels.astype(np.uint8))


class Roll:
    """The offset by which a job's latents (n, c, h, w) are rolled at present; drawn anew at each step."""

    def __init__(self, seed: int, patch: int = 2) -> None:
        self._generator = torch.Generator().manual_seed(seed)
        self._patch = patch
        self._offset = (0, 0)

    def back(self, latents: torch.Tensor) -> torch.Tensor:
        """The latents as they would lie without any rolling."""
        down, right = self._offset
        return torch.roll(latents, (-down, -right), dims=(-2, -1))

    def on(self, latents: torch.Tensor) -> torch.Tensor:
        """Unrolled latents rolled by a new offset, in whole patches."""
        sides = [max(1, side // self._patch) for side in latents.shape[-2:]]
        drawn = [int(torch.randint(side, (1,), generator=self._generator)) * self._patch for side in sides]
        self._offset = (drawn[0], drawn[1])
        return torch.roll(latents, self._offset, dims=(-2, -1))
