"""The kernels of `engine.kernels.pixels` in PyTorch's own words, for machines without a GPU."""

import torch
from torch import Tensor
from torch.nn import functional


class TorchPixels:
    """``seen``: how many pictures, tokens and sums came here, by kernel."""

    def __init__(self) -> None:
        self.seen: dict[str, int] = {}

    def _count(self, name: str) -> None:
        self.seen[name] = self.seen.get(name, 0) + 1

    def reads(self, x: Tensor) -> bool:
        return True

    def normalised(
        self,
        x: Tensor,
        groups: int,
        weight: Tensor,
        bias: Tensor,
        eps: float,
        shift: Tensor | None,
        silu: bool,
    ) -> Tensor:
        assert x.is_contiguous(memory_format=torch.channels_last)
        self._count("normalised")
        moved = x if shift is None else x + shift[:, :, None, None]
        made = functional.group_norm(moved, groups, weight, bias, eps)
        return (functional.silu(made) if silu else made).contiguous(memory_format=torch.channels_last)

    def summed(self, x: Tensor, y: Tensor, bias: Tensor | None, factor: float) -> Tensor:
        assert x.is_contiguous(memory_format=torch.channels_last)
        assert y.is_contiguous(memory_format=torch.channels_last)
        self._count("summed")
        return (x + y + (0 if bias is None else bias[:, None, None])) * factor

    def layer_norm(self, x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
        self._count("layer_norm")
        return functional.layer_norm(x, (x.shape[-1],), weight, bias, eps)

    def gated(self, x: Tensor) -> Tensor:
        self._count("gated")
        value, gate = x.chunk(2, -1)
        return value * functional.gelu(gate)
