"""Two thin matrices beside one layer: what they add to its output. Knows no LoRA, no rows of jobs."""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

__all__ = ["LowRank"]


@dataclass(frozen=True, slots=True, eq=False)
class LowRank:
    """What stands beside one layer, on its device.

    ``down`` (r, in) or (r, in, k, k) and ``up`` (out, r) or (out, r, 1, 1), with the rank's
    scale in it.
    """

    down: Tensor
    up: Tensor

    def of(self, layer: nn.Module, given: Tensor, weights: Tensor) -> Tensor:
        """What is added to the layer's output for ``given`` (n, …), weighted by row (n,)."""
        inner = self._inner(layer, given, weights)
        return F.conv2d(inner, self.up) if isinstance(layer, nn.Conv2d) else F.linear(inner, self.up)

    def add(self, layer: nn.Module, given: Tensor, weights: Tensor, output: Tensor) -> None:
        """Adds the same to the output itself, in one product: half the time of a sum of two tensors."""
        inner, up = self._inner(layer, given, weights), self.up.flatten(1)
        planes = isinstance(layer, nn.Conv2d)
        if planes and output.is_contiguous():
            output.flatten(2).baddbmm_(up.expand(len(output), *up.shape), inner.flatten(2))
            return
        flat, thin = (each.movedim(1, -1) if planes else each for each in (output, inner))
        if flat.is_contiguous():  # tokens, or pixels that come first
            flat.view(-1, len(up)).addmm_(thin.reshape(-1, up.shape[1]), up.t())
        else:
            output.add_(F.conv2d(inner, self.up) if planes else F.linear(inner, self.up))

    def _inner(self, layer: nn.Module, given: Tensor, weights: Tensor) -> Tensor:
        """The input brought to the few channels between the two matrices, weighted by row."""
        inner: Tensor
        if isinstance(layer, nn.Conv2d):
            inner = layer._conv_forward(given, self.down, None)  # around the picture's edges where it does so
        else:
            inner = F.linear(given, self.down)
        return inner * weights.view(-1, *[1] * (inner.dim() - 1))
