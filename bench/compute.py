"""How much a module computes, and how fast the machine could: the figures behind "nothing is left to gain".

Knows nothing of the engine.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode, sdpa_flop_count

MATMULS = 10
"""Products that are timed together, so that starting one costs nothing beside them."""


@dataclass
class Counted:
    """Floating-point operations so far; a multiplication and an addition are two."""

    flops: float = 0.0


def matmul_rate(device: str, dtype: torch.dtype, n: int, wait: Callable[[], object] = lambda: None) -> float:
    """FLOP/s of the product of two matrices of ``n`` × ``n``, the best of five tries.

    ``wait`` returns when the device has done what it was told.
    """
    a, b = (torch.randn(n, n, device=device).to(dtype) for _ in range(2))

    def taken() -> float:
        wait()
        start = time.perf_counter()
        for _ in range(MATMULS):
            a @ b
        wait()
        return time.perf_counter() - start

    return MATMULS * 2 * n**3 / min(taken() for _ in range(5))


@contextmanager
def counting(module: torch.nn.Module) -> Iterator[Counted]:
    """What calls of ``module`` compute inside this context: matrix products, convolutions, attention."""
    # PyTorch counts the attention of GPUs only.
    attention = {torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: _attention}
    counter = FlopCounterMode(display=False, custom_mapping=attention)
    counted = Counted()

    def before(module: Any, args: Any, kwargs: Any) -> None:
        counter.__enter__()

    def after(module: Any, args: Any, kwargs: Any, output: Any) -> None:
        counter.__exit__(None, None, None)
        counted.flops += counter.get_total_flops()

    hooks = (
        module.register_forward_pre_hook(before, with_kwargs=True),
        module.register_forward_hook(after, with_kwargs=True),
    )
    try:
        yield counted
    finally:
        for hook in hooks:
            hook.remove()


def _attention(query: Any, key: Any, value: Any, *args: Any, out_shape: Any = None, **kwargs: Any) -> int:
    """Floating-point operations of attention, from the shapes of its three inputs."""
    count: int = sdpa_flop_count(query, key, value)
    return count
