"""Many LoRAs in one forward: to each row what its own ones add, the rows of one LoRA computed together.

A LoRA stands beside a layer as two thin matrices: to what the layer gives it adds weight · up(down(input)).
Some stand there as a Kronecker product of two small ones instead, which is multiplied with the input as such.
Nothing of the model is changed. `beside` hangs hooks on the layers that the rows of a forward need, and takes
them off when it ends, however it ends. So a forward without LoRAs runs as if there were none, and none leaves
a trace. Each row is given only what is computed of itself, so that no number of one reaches another.

Where rows must have the same bits in any company (``whole``), a LoRA is always computed for eight rows at a
time, padded ones if need be, and added to its own alone: kernels choose their blocking by their number. What
a row is given comes in the order of the LoRAs' names, whatever the order in which they were said.

As in PEFT's mixed batches, and S-LoRA (Sheng et al. 2023, arXiv:2311.03285). Knows nothing of files or jobs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

__all__ = ["Adapter", "Adapters", "Kronecker", "LowRank", "beside", "order"]


@dataclass(frozen=True, slots=True, eq=False)
class LowRank:
    """What stands beside one layer, on its device.

    ``down`` (r, in) or (r, in, k, k) and ``up`` (out, r) or (out, r, 1, 1), with the rank's
    scale in it.
    """

    down: Tensor
    up: Tensor

    @property
    def size(self) -> int:
        """The memory that the matrices take, in bytes."""
        return self.down.nbytes + self.up.nbytes

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
        if isinstance(layer, nn.Conv2d):
            inner: Tensor = layer._conv_forward(given, self.down, None)  # it meets a tile's edges so too
        else:
            inner = F.linear(given, self.down)
        return inner * weights.view(-1, *[1] * (inner.dim() - 1))


@dataclass(frozen=True, slots=True, eq=False)
class Kronecker:
    """A Kronecker product beside one layer, on its device, never multiplied out: it is as large as the layer.

    ``outer`` (a, b) and ``inner`` (c, d) or (c, d, k, k) stand for the weights (ac, bd) or (ac, bd, k, k), of
    which the layer has ``rows`` from the row ``skip`` on. With an ``outer`` of a single number ``inner`` is
    the whole: so stands there what is no product of anything small.
    """

    outer: Tensor
    inner: Tensor
    skip: int
    rows: int

    @property
    def size(self) -> int:
        """The memory that the matrices take, in bytes."""
        return self.outer.nbytes + self.inner.nbytes

    def of(self, layer: nn.Module, given: Tensor, weights: Tensor) -> Tensor:
        """What is added to the layer's output for ``given`` (n, …), weighted by row (n,)."""
        wide = self.outer.shape[1]
        if isinstance(layer, nn.Conv2d):
            parts = given.reshape(len(given) * wide, -1, *given.shape[2:])
            made: Tensor = layer._conv_forward(parts, self.inner, None)  # it meets a tile's edges so too
            flat = self.outer @ made.reshape(len(given), wide, -1)
            added = flat.reshape(len(given), -1, *made.shape[2:]).narrow(1, self.skip, self.rows)
        else:
            made = F.linear(given.reshape(*given.shape[:-1], wide, -1), self.inner)
            added = (self.outer @ made).flatten(-2).narrow(-1, self.skip, self.rows)
        return added * weights.view(-1, *[1] * (added.dim() - 1))

    def add(self, layer: nn.Module, given: Tensor, weights: Tensor, output: Tensor) -> None:
        """Adds the same to the output itself."""
        output.add_(self.of(layer, given, weights))


@dataclass(frozen=True, slots=True, eq=False)
class Adapter:
    """A LoRA made ready for one model: what stands beside which of its layers. ``size`` is in bytes."""

    name: str
    layers: Mapping[nn.Module, LowRank | Kronecker] = field(repr=False)

    @property
    def size(self) -> int:
        """The memory that its matrices take."""
        return sum(low.size for low in self.layers.values())


_WHOLE = 8
"""Rows for which a LoRA is computed at a time where company must not matter."""

_LAYOUTS = {4: torch.channels_last}

Adapters: TypeAlias = tuple[tuple[Adapter, float], ...]
"""The LoRAs of a row, each with its weight."""


def order(adapters: Adapters) -> tuple[tuple[str, float], ...]:
    """What sorts rows so that those of equal LoRAs are neighbours."""
    return tuple(sorted((adapter.name, weight) for adapter, weight in adapters))


@dataclass(frozen=True, slots=True)
class _Used:
    """One LoRA in one forward: its rows, and the weight of each."""

    adapter: Adapter
    rows: slice | Tensor
    weights: Tensor

    def add(self, layer: nn.Module, given: Tensor, output: Tensor, whole: bool) -> None:
        """Adds to the output, in place, what the LoRA gives its rows."""
        low = self.adapter.layers[layer]
        weights = self.weights.to(given.device, given.dtype)
        part = given[self.rows]
        weights = weights.expand(len(part))
        if not whole and isinstance(self.rows, slice):
            low.add(layer, part, weights, output[self.rows])
            return
        if whole:
            pieces = zip(torch.split(part, _WHOLE), torch.split(weights, _WHOLE), strict=True)
            added = torch.cat([_of_eight(low, layer, *piece) for piece in pieces])
        else:
            added = low.of(layer, part, weights)
        if isinstance(self.rows, slice):
            output[self.rows].add_(added)
        else:
            output.index_add_(0, self.rows.to(output.device), added)


def _of_eight(low: LowRank | Kronecker, layer: nn.Module, part: Tensor, weights: Tensor) -> Tensor:
    """What a LoRA gives at most eight rows, computed for eight."""
    rows, missing = len(part), _WHOLE - len(part)
    if missing:
        part = torch.cat([part, part[-1:].expand(missing, *part.shape[1:])])
        weights = torch.cat([weights, weights[-1:].expand(missing)])
    # one layout: another would have another kernel
    part = part.contiguous(memory_format=_LAYOUTS.get(part.dim(), torch.contiguous_format))
    return low.of(layer, part, weights)[:rows]


@contextmanager
def beside(rows: Sequence[Adapters], *, whole: bool = False) -> Iterator[None]:
    """While it lasts, forwards whose rows are ``rows`` are computed with the LoRAs of each.

    Rows that all have the same LoRAs may be given as one. Layers are of whichever models the LoRAs are for.
    """
    with ExitStack() as hooks:
        hung: dict[nn.Module, list[_Used]] = {}
        for used in _used(rows):
            for layer in used.adapter.layers:
                hung.setdefault(layer, []).append(used)
        for layer, beside_it in hung.items():
            hooks.enter_context(layer.register_forward_hook(_hook(beside_it, whole)))
        yield


def _hook(used: Iterable[_Used], whole: bool) -> Any:
    def add(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        for one in used:
            one.add(layer, inputs[0], output, whole)

    return add


def _used(rows: Sequence[Adapters]) -> Iterator[_Used]:
    """Each LoRA of the rows, by name, with its rows."""
    found: dict[int, tuple[Adapter, list[int], list[float]]] = {}
    for place, adapters in enumerate(rows):
        for adapter, weight in adapters:
            _, places, weights = found.setdefault(id(adapter), (adapter, [], []))
            places.append(place)
            weights.append(weight)
    for adapter, places, weights in sorted(found.values(), key=lambda each: each[0].name):
        if len(places) == len(rows) and len(set(weights)) == 1:
            yield _Used(adapter, slice(None), torch.tensor(weights[:1]))
        elif places[-1] - places[0] + 1 == len(places):
            yield _Used(adapter, slice(places[0], places[-1] + 1), torch.tensor(weights))
        else:
            yield _Used(adapter, torch.tensor(places), torch.tensor(weights))
