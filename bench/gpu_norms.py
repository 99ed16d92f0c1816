"""A group norm that takes pixels side by side, as convolutions want them on a GPU. Knows no pipelines.

torch's own on a GPU takes them in planes: its input is turned around before it, and its output after it by
the next convolution, which was half of a profiled U-Net's time (docs/gpu.md). Here nothing is turned;
compiled, the statistics are one kernel and the rest another. Whether that is faster a card has to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch
from torch import Tensor, nn

__all__ = ["group_norm", "side_by_side"]


def group_norm(x: Tensor, groups: int, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
    """The group norm of ``x`` (n, c, h, w), channels last in memory as what comes is; sums in float32."""
    n, channels, h, w = x.shape
    pixels = x.permute(0, 2, 3, 1).reshape(n, h * w, groups, channels // groups).float()
    variance, mean = torch.var_mean(pixels, dim=(1, 3), correction=0, keepdim=True)
    even = ((pixels - mean) * torch.rsqrt(variance + eps)).reshape(n, h, w, channels)
    return (even * weight + bias).to(x.dtype).permute(0, 3, 1, 2)


@contextmanager
def side_by_side(module: nn.Module, *, compiled: bool) -> Iterator[None]:
    """All group norms in a module that see pictures are done so, until the end."""
    norms = [part for part in module.modules() if type(part) is nn.GroupNorm and part.affine]
    changed = _Compiled if compiled else _SideBySide
    for norm in norms:
        norm.__class__ = changed
    try:
        yield
    finally:
        for norm in norms:
            norm.__class__ = nn.GroupNorm


class _SideBySide(nn.GroupNorm):
    def forward(self, x: Tensor) -> Tensor:
        if x.dim() != 4 or not x.is_contiguous(memory_format=torch.channels_last):
            return super().forward(x)
        return self._normed(x)

    def _normed(self, x: Tensor) -> Tensor:
        return group_norm(x, self.num_groups, self.weight, self.bias, self.eps)


class _Compiled(_SideBySide):
    def _normed(self, x: Tensor) -> Tensor:
        normed: Tensor = _kernels()(x, self.num_groups, self.weight, self.bias, self.eps)
        return normed


@cache
def _kernels():  # type: ignore[no-untyped-def]
    return torch.compile(group_norm, dynamic=True)
