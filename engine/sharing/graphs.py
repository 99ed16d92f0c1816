"""A module's forwards as recorded graphs of GPU kernels: one launch where there were thousands.

An eager forward of a U-Net launches some two thousand kernels, which takes a processor longer than a quick
card needs to run them. A graph is recorded when a forward of the same shapes comes again, and from then on
its inputs are copied into the places the graph reads, and its outputs out of the places it writes.

Knows nothing of jobs: which calls are alike is told by the key that the batching made.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch.utils._pytree import tree_map

__all__ = ["Graphs", "Record", "cuda_record"]

Record: TypeAlias = Callable[[Callable[[], Any]], tuple[Callable[[], None], Any]]
"""Records what a function launches; returns what launches it again, and the function's output."""

_LOG = logging.getLogger(__name__)
_FIRST = 2
"""Forwards of a key that run as they are: the first chooses kernels, and a rare shape is not recorded."""
_MOST = 24
"""Graphs kept for a module. Each holds its inputs and outputs; what lies between is one pool for all."""


@dataclass(slots=True)
class _Graph:
    inputs: list[Any]
    replay: Callable[[], None]
    output: Any


class Graphs:
    """The graphs of one module, least recently used first. ``recorded``: how many were made so far."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._known: OrderedDict[Hashable, _Graph] = OrderedDict()
        self._seen: dict[Hashable, int] = {}
        self._refused: set[Hashable] = set()
        self.recorded = 0

    def run(
        self,
        key: Hashable,
        leaves: Sequence[Any],
        rows: Sequence[bool],
        forward: Callable[[Sequence[Any]], Any],
    ) -> Any:
        """``forward(leaves)``, from its graph where there is one.

        ``rows[i]`` says that leaf i is a tensor whose values differ from call to call; all else is equal
        among the calls of a key.
        """
        if key in self._refused:
            return forward(leaves)
        graph = self._known.get(key)
        if graph is None:
            seen = self._seen[key] = self._seen.get(key, 0) + 1
            if seen <= _FIRST:
                return forward(leaves)
            try:
                graph = self._recorded(key, leaves, rows, forward)
            except Exception as error:  # what cannot be recorded is drawn all the same, only not as quickly
                _LOG.warning("no graph of a forward could be recorded: %s", error)
                self._refused.add(key)
                return forward(leaves)
        self._known.move_to_end(key)
        for place, leaf, changes in zip(graph.inputs, leaves, rows, strict=True):
            if changes:
                place.copy_(leaf)
        graph.replay()
        return tree_map(_copied, graph.output)

    def _recorded(
        self,
        key: Hashable,
        leaves: Sequence[Any],
        rows: Sequence[bool],
        forward: Callable[[Sequence[Any]], Any],
    ) -> _Graph:
        inputs = [leaf.clone() if changes else leaf for leaf, changes in zip(leaves, rows, strict=True)]
        replay, output = self._record(lambda: forward(inputs))
        graph = self._known[key] = _Graph(inputs, replay, output)
        self.recorded += 1
        if len(self._known) > _MOST:
            old, _ = self._known.popitem(last=False)
            self._seen.pop(old, None)
        return graph


def _copied(leaf: Any) -> Any:
    return leaf.clone() if isinstance(leaf, torch.Tensor) else leaf


def cuda_record() -> Record:
    """Records CUDA graphs that share one pool of memory; they must not run at the same time."""
    pool = torch.cuda.graph_pool_handle()

    def record(function: Callable[[], Any]) -> tuple[Callable[[], None], Any]:
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=pool, capture_error_mode="thread_local"):
            output = function()
        return graph.replay, output

    return record
