"""LyCORIS' matrices beside layers, exactly: LoHa's Hadamard products, LoKr's Kronecker products, and cores.

As Yeh et al. 2023 (LyCORIS, arXiv 2309.14859) define them: to a layer's weights LoHa adds
(w1a·w1b)∘(w2a·w2b), LoKr w1⊗w2, where each of those two may be a product itself. A core between two matrices
is what a convolution's kernel is told apart by.

Whatever renames a LoRA's layers, or cuts the rows of one that is three in one, does so with pairs of
matrices. So a product stands there as a pair too, of its own number and of the numbers of its rows, and is
found again by them. Knows nothing of files or jobs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from engine.sharing.adapters import Kronecker, LowRank

__all__ = ["Product", "inside", "with_stand_ins"]

_PART = re.compile(
    r"(?P<base>.+)\.(?P<part>hada_(?:w[12]_[ab]|t[12])|lokr_(?:w[12](?:_[ab])?|t2)|lora_mid\.weight)"
)
_LARGEST = 2**28
"""Numbers of a matrix that is multiplied out at most: four times those of the largest layers."""

_MOST_ROWS = 2**20
"""Rows of a layer at most."""


class Product(Protocol):
    """What stands beside a layer, or beside several that are one in the file."""

    @property
    def rows(self) -> int:
        """How many rows it has."""

    def beside(self, layer: nn.Module, rows: Tensor) -> LowRank | Kronecker | None:
        """These of its rows, as they stand beside a layer; None where they do not fit it."""


def with_stand_ins(tensors: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[float, Product]]:
    """A file's tensors with a pair in the place of each product, and the products by their numbers.

    Raises KeyError, RuntimeError or ValueError where parts of a product are missing or do not go together.
    """
    state: dict[str, Tensor] = {}
    groups: dict[str, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        if match := _PART.fullmatch(key):
            groups.setdefault(match["base"], {})[match["part"]] = tensor.float()
        else:
            state[key] = tensor
    products: dict[float, Product] = {}
    for base, parts in groups.items():
        down, up = f"{base}.lora_down.weight", f"{base}.lora_up.weight"
        if (core := parts.pop("lora_mid.weight", None)) is not None:
            state[down] = torch.einsum("ij...,jp->ip...", core, state[down].float().flatten(1))
        if not parts:
            continue
        alpha = state.pop(f"{base}.alpha", None)
        product = _product(parts, None if alpha is None else float(alpha))
        if parts or not 0 < product.rows <= _MOST_ROWS:
            raise ValueError(f"{base} is no product of matrices")
        number = float(len(products))
        products[number] = product
        state[down], state[up] = torch.tensor([[number]]), torch.arange(product.rows).float()[:, None]
    return state, products


def inside(layer: nn.Module) -> tuple[int, ...] | None:
    """What a row of a layer's weights is shaped as; None for layers that nothing can stand beside."""
    if isinstance(layer, nn.Linear):
        return (layer.in_features,)
    if isinstance(layer, nn.Conv2d) and layer.groups == 1 and layer.padding_mode == "zeros":
        return layer.in_channels, *layer.kernel_size
    return None


def _product(parts: dict[str, Tensor], alpha: float | None) -> Product:
    """What the parts come to; those that were used are taken out."""
    if "hada_w1_a" not in parts:
        outer, first = _side(parts, "lokr_w1")
        inner, second = _side(parts, "lokr_w2", "lokr_t2")
        rank = first or second  # whole matrices have none, and no scale
        return _Kronecker(outer * (1.0 if alpha is None or rank is None else alpha / rank), inner)
    a1, b1, a2, b2 = (parts.pop(f"hada_{name}") for name in ("w1_a", "w1_b", "w2_a", "w2_b"))
    if a1.dim() != 2 or a2.dim() != 2:
        raise ValueError("a side of a Hadamard product is no product of matrices")
    scale = 1.0 if alpha is None else alpha / len(b1)
    if "hada_t1" not in parts:
        return _Hadamard(a1 * scale, b1.flatten(1), a2, b2.flatten(1))
    whole = _around(parts.pop("hada_t1"), a1, b1) * _around(parts.pop("hada_t2"), a2, b2)
    return _Kronecker(torch.full((1, 1), scale), whole)


def _side(parts: dict[str, Tensor], name: str, core: str = "") -> tuple[Tensor, int | None]:
    """One side of a Kronecker product multiplied out, and its rank where it is a product itself."""
    if name in parts:
        return parts.pop(name), None
    left, right = parts.pop(f"{name}_a"), parts.pop(f"{name}_b")
    if core in parts:
        return _around(parts.pop(core), left, right), len(right)
    _bounded(len(left) * right[0].numel())
    return (left @ right.flatten(1)).view(len(left), *right.shape[1:]), len(right)


def _around(core: Tensor, left: Tensor, right: Tensor) -> Tensor:
    """Two matrices (r, out) and (r, in) around a core (r, r, k, k)."""
    _bounded(left.shape[1] * right.shape[1] * core[0, 0].numel())
    return torch.einsum("ij...,ip,jr->pr...", core, left, right)


def _bounded(numbers: int) -> None:
    """Raises ValueError for a matrix that no layer is as large as."""
    if numbers > _LARGEST:
        raise ValueError("a product is larger than any layer")


@dataclass(frozen=True, slots=True, eq=False)
class _Hadamard:
    """(a1·b1)∘(a2·b2): a product of thin matrices again, of as many columns as both ranks multiply to."""

    a1: Tensor
    b1: Tensor
    a2: Tensor
    b2: Tensor

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return len(self.a1)

    def beside(self, layer: nn.Module, rows: Tensor) -> LowRank | Kronecker | None:
        """These of its rows; where the thin matrices are larger than the whole, that in their place."""
        shape = inside(layer)
        a1, a2 = (side[rows] if len(side) == self.rows else None for side in (self.a1, self.a2))
        if shape is None or a1 is None or a2 is None:
            return None
        wide = math.prod(shape)
        fits = self.b1.shape == (a1.shape[1], wide) and self.b2.shape == (a2.shape[1], wide)
        if not fits:
            return None
        rank = len(self.b1) * len(self.b2)
        if rank * (len(rows) + wide) >= len(rows) * wide:
            whole = (a1 @ self.b1) * (a2 @ self.b2)
            return Kronecker(torch.ones(1, 1), whole.view(len(rows), *shape), 0, len(rows))
        up = (a1[:, :, None] * a2[:, None, :]).reshape(len(rows), rank, *[1] * (len(shape) - 1))
        return LowRank((self.b1[:, None] * self.b2[None]).reshape(rank, *shape), up)


@dataclass(frozen=True, slots=True, eq=False)
class _Kronecker:
    """outer⊗inner, ``outer`` (a, b) and ``inner`` (c, d) or (c, d, k, k)."""

    outer: Tensor
    inner: Tensor

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return len(self.outer) * len(self.inner)

    def beside(self, layer: nn.Module, rows: Tensor) -> LowRank | Kronecker | None:
        """These of its rows: of neighbours the product of fewer rows of ``outer``, of others the whole."""
        shape = inside(layer)
        if shape is None or self.outer.dim() != 2 or not self.outer.shape[1]:
            return None
        high, wide = len(self.inner), shape[0] // self.outer.shape[1]
        if wide * self.outer.shape[1] != shape[0] or self.inner.numel() != high * wide * math.prod(shape[1:]):
            return None
        inner, first = self.inner.reshape(high, wide, *shape[1:]), int(rows[0])
        if torch.equal(rows, torch.arange(first, first + len(rows))):
            outer = self.outer[first // high : -(-(first + len(rows)) // high)]
            return Kronecker(outer, inner, first % high, len(rows))
        _bounded(self.rows * math.prod(shape))
        whole = torch.kron(self.outer, inner.flatten(1))[rows].view(len(rows), *shape)
        return Kronecker(torch.ones(1, 1), whole, 0, len(rows))
