"""Pictures decoded once more in float32 where a decoder in half precision gave none.

Some decoders overflow in float16: their pictures are not finite, or wholly black. The latents are what took
the time; they are kept, and only the decoder runs again. What is wholly black then too is no picture, where
the model drew in float16. Knows nothing of prompts or pipelines.
"""

from __future__ import annotations

import logging
from typing import Any

import torch
from torch import nn

from engine.drawing.latents import darkest
from engine.drawing.overriding import overriding
from engine.errors import EngineError

__all__ = ["precise_vae"]

_LOG = logging.getLogger(__name__)

_BLACK = 0.001
"""How much lighter than black a picture's lightest number must be; with less it rounds to black."""

_ALL_BLACK = (
    "The model's pictures came out wholly black: in float16 its numbers overflowed before they were decoded."
    " The operator can set `EASEL_PRECISION` to `bf16` or `fp32`."
)


def precise_vae(vae: nn.Module) -> nn.Module:
    """A light copy of ``vae`` that decodes again in float32 where it must; the weights are shared.

    One in float32 already is given back as it is.
    """
    if next(vae.parameters()).dtype is torch.float32:
        return vae
    return overriding(vae, _Precise)


class _Precise:
    def decode(self, z: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        made = super().decode(z, *args, **kwargs)  # type: ignore[misc]
        dtype = next(self.parameters()).dtype  # type: ignore[attr-defined]
        if dtype is torch.float32 or _sound(made[0], darkest(self)) or not torch.isfinite(z).all():
            return made
        _LOG.warning("the decoder overflowed in %s; it runs again in float32", dtype)
        self.to(torch.float32)  # type: ignore[attr-defined]
        try:
            made = super().decode(z.float(), *args, **kwargs)  # type: ignore[misc]
        finally:
            self.to(dtype)  # type: ignore[attr-defined]
        if dtype is torch.float16 and _black(made[0], darkest(self)).all():
            raise EngineError(_ALL_BLACK)
        return made


def _sound(pictures: torch.Tensor, black: float) -> bool:
    """Whether all numbers are finite, and no picture is wholly black."""
    return bool(torch.isfinite(pictures).all() and not _black(pictures, black).any())


def _black(pictures: torch.Tensor, black: float) -> torch.Tensor:
    """Which of the pictures are wholly black."""
    return pictures.flatten(1).amax(1) <= black + _BLACK
