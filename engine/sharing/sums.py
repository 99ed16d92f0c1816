"""In which order layers add up, by the number of rows: made visible by sums that cancel.

Two orders of a sum differ in the last bits of float32. A result that is stored in bfloat16 hides that nearly
always, so forwards that were compared could agree, and pictures of the next job differ. Here a layer is
given numbers whose sums are nought: what comes out is only what rounding left, and another order leaves
something else. Norms, activations and attention work on each row apart and need no trial.

Knows nothing of models, of sizes or of who shares a forward.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.compiler import set_stance

__all__ = ["Trial", "enough", "trials", "uneven"]

_Layer: TypeAlias = nn.Linear | nn.Conv2d

_LADDER = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024)
"""Numbers of vectors that a linear layer is tried with."""

_LONG, _SHORT = 512, _LADDER[:8]
"""Sums of fewer features go through in one piece, unless there are very few of them: only these are tried."""

_LARGEST = 2**20
"""The most weights of a linear layer that is tried, which takes some hundredths of a second then."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A layer as it stands in a forward of so many ``rows``: its input's shape and layout."""

    layer: _Layer
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    rows: int

    def agrees(self, sizes: Iterable[int], usual: int) -> dict[int, bool]:
        """Whether rows have in forwards of these sizes, at each place, the bits of ``usual`` ones."""
        twin, given = _cancelling(self.layer, torch.empty_strided(self.shape, self.strides))
        each = len(given) // self.rows
        with torch.no_grad():
            row = twin.forward(given[: usual * each])[:each]

            def same(size: int) -> bool:
                made = twin.forward(given[: size * each])
                return bool((made.reshape(size, *row.shape) == row).all())

            return {size: same(size) for size in sizes}


def trials(module: nn.Module, rows: int, run: Callable[[], Any]) -> Iterator[Trial]:
    """The layers that ``run()``, a forward of ``module`` of so many rows, goes through; equal ones once."""
    found: dict[Hashable, Trial] = {}

    def note(layer: nn.Module, inputs: tuple[Any, ...], _: Any) -> None:
        assert isinstance(layer, _Layer)
        (given, *_) = inputs
        if given.dtype is layer.weight.dtype and not len(given) % rows:
            trial = Trial(layer, tuple(given.shape), given.stride(), rows)
            found.setdefault((repr(layer), trial.shape, trial.strides), trial)

    with ExitStack() as stack:
        stack.enter_context(set_stance("force_eager"))
        for layer in module.modules():
            if isinstance(layer, _Layer) and _plain(layer):
                stack.callback(layer.register_forward_hook(note).remove)
        run()
    yield from found.values()


def uneven(layer: nn.Linear) -> bool:
    """Whether the layer adds up otherwise for some numbers of vectors than for many.

    What computes in float32 is not tried, nor what is stored in less than it computes in, nor layers so large
    that they see many tokens a row anyway.
    """
    if not _plain(layer) or layer.weight.numel() > _LARGEST:
        return False
    ladder = _SHORT if layer.in_features < _LONG else _LADDER
    return not all(_agree(layer, ladder).values())


def enough(layer: nn.Linear, count: int) -> int:
    """The least number of vectors, from ``count`` on, that an uneven layer gives the bits of many."""
    larger = [each for each in _LADDER if each > count]
    if not larger:
        return count
    return next(each for each, same in _agree(layer, (count, *larger)).items() if same)


def _agree(layer: nn.Linear, counts: Sequence[int]) -> dict[int, bool]:
    many = counts[-1]
    return Trial(layer, (many, layer.in_features), (layer.in_features, 1), many).agrees(counts, many)


def _plain(layer: _Layer) -> bool:
    weight = layer.weight
    exact = type(weight) is nn.Parameter and weight.dtype in (torch.bfloat16, torch.float16)
    return exact and weight.device.type == "cpu"


def _cancelling(layer: _Layer, like: Tensor) -> tuple[_Layer, Tensor]:
    """A layer of that shape and equal rows laid out as ``like``: each product is there twice, once negated.

    The two stand apart, in a random order, so that no kernel adds one to the other at once.
    """
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(layer.weight.shape, generator=generator)
    channels = 1 if isinstance(layer, nn.Conv2d) else -1
    given = torch.randn(1, *like.shape[1:], generator=generator).movedim(channels, -1)
    each = weight.shape[1]
    groups = given.reshape(*given.shape[:-1], -1, each)
    half = each // 2
    order = torch.randperm(half, generator=generator)
    weight[:, half : 2 * half] = weight[:, order]
    groups[..., half : 2 * half] = -groups[..., order]
    if each % 2:
        weight[:, -1] = 0
    twin = copy.copy(layer)
    twin._parameters = dict(layer._parameters)
    twin._parameters["weight"] = nn.Parameter(weight.to(layer.weight), requires_grad=False)
    if layer.bias is not None:
        twin._parameters["bias"] = nn.Parameter(torch.zeros_like(layer.bias), requires_grad=False)
    row = groups.reshape(given.shape).movedim(-1, channels)
    return twin, torch.empty_like(like, dtype=layer.weight.dtype).copy_(row)
