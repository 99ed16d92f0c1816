"""Pictures decoded once more in float32 where a decoder in half precision gave none.

Some decoders overflow in float16: their pictures are not finite, or wholly black. The latents are what took
the time; they are kept, and only the decoder runs again. Knows nothing of prompts or pipelines.
"""

from __future__ import annotations

import copy
import logging
from typing import Any

import torch
from torch import nn

__all__ = ["precise_vae"]

_LOG = logging.getLogger(__name__)

_BLACK = -0.999
"""Decoders give −1 to 1; a picture with nothing lighter than this rounds to black."""


def precise_vae(vae: nn.Module) -> nn.Module:
    """A light copy of ``vae`` that decodes again in float32 where it must; the weights are shared.

    One in float32 already is given back as it is.
    """
    if next(vae.parameters()).dtype is torch.float32:
        return vae
    light = copy.copy(vae)
    light.__class__ = type("Precise" + type(vae).__name__, (_Precise, type(vae)), {})
    return light


class _Precise:
    def decode(self, z: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        made = super().decode(z, *args, **kwargs)  # type: ignore[misc]
        dtype = next(self.parameters()).dtype  # type: ignore[attr-defined]
        if dtype is torch.float32 or _sound(made[0]) or not torch.isfinite(z).all():
            return made
        _LOG.warning("the decoder overflowed in %s; it runs again in float32", dtype)
        self.to(torch.float32)  # type: ignore[attr-defined]
        try:
            return super().decode(z.float(), *args, **kwargs)  # type: ignore[misc]
        finally:
            self.to(dtype)  # type: ignore[attr-defined]


def _sound(pictures: torch.Tensor) -> bool:
    """Whether all numbers are finite, and no picture is wholly black."""
    lightest = pictures.flatten(1).amax(1)
    return bool(torch.isfinite(pictures).all() and (lightest > _BLACK).all())
