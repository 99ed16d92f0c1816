"""Muon: momentum made orthogonal, for weights that are matrices; AdamW for the rest. Knows nothing of models.

K. Jordan and others, "Muon: An optimizer for hidden layers in neural networks" (2024); step size matched to
AdamW's as in J. Liu and others, "Muon is scalable for LLM training" (2025). `torch.optim.Muon` takes matrices
alone; here a convolution's kernel counts as the matrix (out, in·k·k).
"""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from pocket.training.precision import halves

_QUINTIC = (3.4445, -4.7750, 2.0315)  # the odd polynomial that drives singular values to about 1
_ROUNDS = 5  # of the Newton-Schulz iteration, as its author takes
_MATCH = 0.2  # root mean square of AdamW's usual step


@torch.no_grad()
def orthogonal(matrix: Tensor) -> Tensor:
    """The matrix with all singular values brought near 1, by Newton-Schulz iteration.

    In bfloat16, as its author has it, where that is computed and not imitated.
    """
    x = matrix.bfloat16() if halves(matrix.device.type) else matrix.float()
    x = x / (x.norm() + 1e-7)
    tall = x.shape[0] > x.shape[1]
    x = (x.T if tall else x).contiguous()
    a, b, c = _QUINTIC
    for _ in range(_ROUNDS):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.T if tall else x).to(matrix.dtype)


class Muon(torch.optim.Optimizer):
    """The optimiser of the matrices."""

    def __init__(
        self, parameters: Iterable[Tensor], lr: float, momentum: float = 0.95, decay: float = 0.01
    ) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "decay": decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        """One step against the gradients."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                if not state:
                    state["momentum"] = torch.zeros_like(weight)
                momentum = state["momentum"].mul_(group["momentum"]).add_(weight.grad)
                ahead = (weight.grad + group["momentum"] * momentum).flatten(1)
                size = group["lr"] * _MATCH * max(ahead.shape) ** 0.5
                weight.mul_(1 - group["lr"] * group["decay"])
                weight.add_(orthogonal(ahead).view_as(weight), alpha=-size)


class Together:
    """Muon for a module's matrices, AdamW for its vectors and its first and last layers, as one optimiser."""

    def __init__(self, module: nn.Module, lr: float, ends: tuple[str, ...] = ("conv_in", "conv_out")) -> None:
        inner = {n for n, p in module.named_parameters() if p.ndim >= 2 and not n.startswith(ends)}
        named = list(module.named_parameters())
        self._parts: tuple[torch.optim.Optimizer, ...] = (
            Muon([p for n, p in named if n in inner], lr),
            torch.optim.AdamW(
                [p for n, p in named if n not in inner], lr, betas=(0.9, 0.99), weight_decay=0.01
            ),
        )

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The groups of both."""
        return [group for part in self._parts for group in part.param_groups]

    def step(self) -> None:
        """One step of both."""
        for part in self._parts:
            part.step()

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients."""
        for part in self._parts:
            part.zero_grad(set_to_none=set_to_none)

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {str(i): part.state_dict() for i, part in enumerate(self._parts)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up a checkpoint."""
        for i, part in enumerate(self._parts):
            part.load_state_dict(state[str(i)])
