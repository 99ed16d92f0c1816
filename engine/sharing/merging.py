"""A layer that computes each row with the weights that its LoRAs make of the layer's own.

To a layer's output a LoRA adds weight · up(down(input)). On a processor the product down(input) has to read
the whole input for a few channels, which takes a tenth of the time of a forward, and with three LoRAs more.
Weights that hold XX As diffusers' `fuse_lora` does for all rows alike.

On a GPU both ways cost little, and the thin products keep the numbers that half precision would round away,
so there, and where weights rest in another form than they are computed in, `low_rank` adds them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import TypeAlias

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from engine.sharing.low_rank import LowRank

__all__ = ["Share", "mergeable", "merged"]

Share: TypeAlias = tuple[LowRank, float]
"""What stands beside a layer for a row, and its weight."""

_VECTORS = (4, 8)
"""Rows in which vectors, one a picture, are computed where bits count: fewer go another way."""


def mergeable(layer: nn.Module, beside: Iterable[LowRank]) -> bool:
    """Whether a layer's weights lie open on a processor, in the precision and the shape of what is beside."""
    if not isinstance(layer, nn.Linear | nn.Conv2d) or "forward" in vars(layer):
        return False  # others change what it does, and may keep its weights in another form
    weight = layer.weight
    if type(weight) is not nn.Parameter or weight.device.type != "cpu":
        return False
    return all(low.down.dtype == weight.dtype and low.down.shape[1:] == weight.shape[1:] for low in beside)


@contextmanager
def merged(layer: nn.Module, rows: Sequence[tuple[Share, ...]], sizes: tuple[int, ...]) -> Iterator[None]:
    """While it lasts the layer computes each row with its own shares; one row stands for all.

    ``sizes``: the numbers of rows that may be computed at once, () for any.
    """
    assert isinstance(layer, nn.Linear | nn.Conv2d)
    alike = [(shares, len(list(same))) for shares, same in groupby(rows)]

    def forward(x: Tensor) -> Tensor:
        parts, start = [], 0
        for shares, count in alike:
            part = x if len(alike) == 1 else x[start : start + count]
            parts.append(_in_sizes(layer, part, _weights(layer, shares), sizes))
            start += count
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    vars(layer)["forward"] = forward
    try:
        yield
    finally:
        del vars(layer)["forward"]


_KEPT = 64 * 2**20
"""Bytes of weights made that are kept: all of many jobs with the embedded model, none of a large one."""

_known: OrderedDict[tuple[nn.Module, tuple[Share, ...]], Tensor] = OrderedDict()


def _weights(layer: nn.Linear | nn.Conv2d, shares: tuple[Share, ...]) -> Tensor:
    """The layer's weights with what the shares add."""
    if not shares:
        return layer.weight
    key = (layer, shares)
    if key not in _known:
        _known[key] = _with(layer.weight, shares)
    _known.move_to_end(key)
    made, kept = _known[key], sum(each.nbytes for each in _known.values())
    while kept > _KEPT:
        _, oldest = _known.popitem(last=False)
        kept -= oldest.nbytes
    return made


def _with(weight: Tensor, shares: tuple[Share, ...]) -> Tensor:
    """Weights with what the shares add, laid out as they were; one rounding a share, in their precision."""
    # A convolution's output is laid out as its weights are; strides say it where the kernel is one pixel too.
    last = weight.dim() == 4 and weight.stride(1) == 1 and weight.stride(3) != 1

    def flat(matrix: Tensor) -> Tensor:
        return (matrix.movedim(1, -1) if last else matrix).flatten(1)

    made = flat(weight.detach())
    for low, share in shares:
        made = torch.addmm(made, low.up.flatten(1), flat(low.down), alpha=share)
    if not last:
        return made.view(weight.shape)
    return made.view(len(weight), *weight.shape[2:], weight.shape[1]).movedim(-1, 1)


def _in_sizes(layer: nn.Linear | nn.Conv2d, x: Tensor, weight: Tensor, sizes: tuple[int, ...]) -> Tensor:
    """The layer's output for ``x`` with other weights, in parts of the sizes, the last one padded."""
    if isinstance(layer, nn.Linear) and x.dim() == 2 and sizes:
        sizes = _VECTORS
    if not sizes or len(x) in sizes:
        return _output(layer, x, weight)
    parts, start = [], 0
    while left := len(x) - start:
        size = max((size for size in sizes if size <= left), default=min(sizes))
        part = x[start : start + size]
        if missing := size - len(part):
            part = torch.cat([part, part[-1:].expand(missing, *part.shape[1:])])
        parts.append(_output(layer, part, weight)[: min(size, left)])
        start += min(size, left)
    return torch.cat(parts)


def _output(layer: nn.Linear | nn.Conv2d, x: Tensor, weight: Tensor) -> Tensor:
    if isinstance(layer, nn.Conv2d):
        made: Tensor = layer._conv_forward(x, weight, layer.bias)
        return made
    return F.linear(x, weight, layer.bias)
