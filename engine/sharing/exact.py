"""Which sizes of forward give a row the same bits whatever its company: found out on the model at hand.

Kernels choose their blocking by the number of rows, and which choices agree is a property of processor,
threads, kernels and shape. Measured in float32, with AVX-512 and with AVX2: attention, norms and the linear
layers of tokens agree always, convolutions of the usual sizes from two rows on. What differs up to three rows
are the linear layers that see one vector a picture, those of the time step: a product of so few rows goes
another way, with some kernels up to ten of them. They cost nothing, so `steady` has them alone computed with
sixteen rows; then a guided picture, which is two rows, needs no padding. In bfloat16 with AMX, layers that
sum over 512 features and more add up in another order for some dozens of tokens than for many: `steady` has
such numbers padded to one that makes no difference. What agrees beyond that is not assumed: for the first
call of a shape some rows are computed once in forwards of every size, and the sizes whose bits agree are
remembered. What computes in less than float32 hides most differences until they show in a picture: there
each layer is tried as well (`sums`).

Knows nothing of jobs or of who shares a forward.
"""

from __future__ import annotations

import copy
import logging
import math
import os
import platform
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import nn
from torch.utils._pytree import tree_leaves

from engine.sharing.calls import Arguments, Output, divide, varied
from engine.sharing.kept import Kept
from engine.sharing.sums import enough, trials, uneven

__all__ = ["Exact", "steady"]

_SIZES = (1, 2, 4, 8, 16, 24, 32, 48, 64)
"""Sizes that are tried. A row's bits are those that it has in a forward of `_USUAL` rows."""

_USUAL = 8
"""A guided grid's rows."""

_MOST = 32
"""The largest size in float32, in which a processor is busy with these. In less, more rows pay."""

_BUSY, _HEAVY = 8 * 10**12, 10**12
"""Weights times numbers a row: what a forward of more than a grid's rows may have, and one row has that keeps
a processor busy for a second or more. Such rows gain nothing by company, and computing eight of them for
nobody would take minutes: they are computed alone. The embedded model's have some 10¹¹."""

_FEWEST = 16
"""Rows from which a matrix product on a processor goes one way in float32."""

_LOG = logging.getLogger(__name__)


class _Called(Protocol):
    """The part of a pending call that is asked for: its arguments, and its forward of so many rows."""

    module: Any
    arguments: Arguments

    def forward(self, rows: int, leaves: Any) -> Any:
        """The module's forward of ``rows`` rows whose arguments have these ``leaves``."""


class Exact:
    """The sizes of forward whose bits agree, by model and shape.

    They are kept in the file ``kept``, with what they depend on, so that each is found out once on a machine.
    """

    def __init__(self, kept: Path | None = None) -> None:
        self._kept = Kept(kept)
        self._known: dict[Hashable, tuple[int, ...]] = {}

    def sizes(
        self,
        call: _Called,
        mode: Hashable = None,
        around: Callable[[], AbstractContextManager[Any]] = nullcontext,
    ) -> tuple[int, ...]:
        """Sizes, ascending, in which each row of such a call has the bits that it has among eight.

        Computes some rows in forwards of every size, inside ``around()``, when the shape is new to this
        machine.
        """
        key = (call.module.batch_name, call.arguments.shape, mode)
        if key not in self._known:
            tried = _tried(call)
            name = f"{_machine()} | {key!r} | of {tried}"
            found = self._kept.read(name)
            if not found:
                try:
                    with around():
                        found = self._found(call, tried)
                    self._kept.keep(name, found)
                except torch.OutOfMemoryError:
                    _LOG.warning("%s: there is no memory for several rows", call.module.batch_name)
                    found = (1,)  # rows computed alone have no company
            self._known[key] = found
        return self._known[key]

    def _found(self, call: _Called, tried: tuple[int, ...]) -> tuple[int, ...]:
        if tried == (1,):
            return tried
        most, full = tried[-1], _computes_in(call) is torch.float32
        leaves = varied(call.arguments, most)

        @cache
        def made(start: int, size: int) -> list[list[torch.Tensor]]:
            value = call.forward(size, call.arguments.cut(leaves, start, size, size))
            rows = divide([Output(value, size, size, call.arguments.listed)], [1] * size)
            return [[leaf for leaf in tree_leaves(row) if isinstance(leaf, torch.Tensor)] for row in rows]

        def agrees(size: int) -> bool:
            few, many = sorted((size, _USUAL))
            try:
                return size == _USUAL or all(
                    torch.equal(one, other)
                    for start in ({0, many - few} if full else {0})
                    for some, all_ in zip(made(start, few), made(0, many)[start : start + few], strict=True)
                    for one, other in zip(some, all_, strict=True)
                )
            except torch.OutOfMemoryError:
                raise
            except (RuntimeError, ValueError):  # norms want more than a single value of one row, for one
                return False

        found = tuple(size for size in tried if agrees(size))
        if not full:
            for trial in trials(call.module, most, lambda: call.forward(most, leaves)):
                same = trial.agrees(found, _USUAL)
                found = tuple(size for size in found if same[size])
        found = found or (1,)  # where even a row's place matters, it is computed alone
        _LOG.info("%s: rows have equal bits in forwards of %s", call.module.batch_name, found)
        return found


def _tried(call: _Called) -> tuple[int, ...]:
    """The sizes worth trying for such a call."""
    work = sum(weight.numel() for weight in call.module.parameters()) * call.arguments.size
    if work > _HEAVY:
        return (1,)
    most = _MOST if _computes_in(call) is torch.float32 else _SIZES[-1]
    return tuple(size for size in _SIZES if size <= _USUAL or (size <= most and size * work <= _BUSY))


def _computes_in(call: _Called) -> torch.dtype:
    """The precision of the call's numbers."""
    floats = (leaf for leaf in tree_leaves(call.arguments.leaves) if isinstance(leaf, torch.Tensor))
    return next((leaf.dtype for leaf in floats if leaf.is_floating_point()), torch.float32)


def steady(module: nn.Module) -> None:
    """Has the linear layers of ``module`` compute as many vectors as it takes for equal bits.

    In float32 those that are given (rows, features) compute at least sixteen; one that is given tokens is
    from then on as it was, for asking at each of its calls took 3 % of a forward. In less, those that add up
    otherwise for some numbers of vectors compute as many as make no difference.
    """
    known: dict[tuple[int, int], bool] = {}
    for part in module.modules():
        if not isinstance(part, nn.Linear):
            continue
        if part.weight.dtype is torch.float32:
            _sixteen(part)
            continue
        shape = (part.in_features, part.out_features)
        if shape not in known:
            known[shape] = uneven(part)
        if known[shape]:
            _even(part)


def _sixteen(layer: nn.Linear) -> None:
    kind = type(layer)

    def forward(self: nn.Linear, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        if x.dim() == 2 and 0 < len(x) < _FEWEST:
            return kind.forward(self, _padded(x, _FEWEST), *args, **kwargs)[: len(x)]
        if x.dim() > 2 and type(self) is waiting and not torch.compiler.is_compiling():
            self.__class__ = kind
        made: torch.Tensor = kind.forward(self, x, *args, **kwargs)
        return made

    waiting = _of_kind(kind, forward)
    layer.__class__ = waiting


def _even(layer: nn.Linear) -> None:
    kind, bare = type(layer), copy.copy(layer)
    known: dict[int, int] = {}

    def forward(self: nn.Linear, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        if torch.compiler.is_compiling():
            return kind.forward(self, x, *args, **kwargs)
        count = math.prod(x.shape[:-1])
        if count not in known:
            known[count] = enough(bare, count)
        if count < known[count]:
            full = _padded(x.reshape(count, -1), known[count])
            return kind.forward(self, full, *args, **kwargs)[:count].reshape(*x.shape[:-1], -1)
        return kind.forward(self, x, *args, **kwargs)

    layer.__class__ = _of_kind(kind, forward)


def _of_kind(kind: type[nn.Linear], forward: Callable[..., torch.Tensor]) -> type[nn.Linear]:
    return type(kind.__name__, (kind,), {"forward": forward, "__module__": kind.__module__})


def _padded(x: torch.Tensor, count: int) -> torch.Tensor:
    return torch.cat([x, x[-1:].expand(count - len(x), -1)])


def _machine() -> str:
    """What agreement depends on besides the model and the shape."""
    processor = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        processor = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    features = torch.backends.cpu.get_cpu_capability()
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA", "all")
    return (
        f"{processor} {features} oneDNN {limit}, {torch.get_num_threads()} threads, torch {torch.__version__}"
    )
