"""Which sizes of forward give a row the same bits whatever its company: found out on the model at hand.

Kernels choose their blocking by the number of rows, and which choices agree is a property of processor,
threads, kernels and shape. Measured in float32, with AVX-512 and with AVX2: attention, norms and the linear
layers of tokens agree always, convolutions of the usual sizes from two rows on. What differs up to three rows
are the linear layers that see one vector a picture, those of the time step: a product of so few rows goes
another way. They cost nothing, so `steady` has them alone computed with four rows; then a guided picture,
which is two rows, needs no padding. What agrees beyond that is not assumed: for the first call of a shape
eight rows are computed once in forwards of every size, and the sizes whose bits agree are remembered.

Knows nothing of jobs or of who shares a forward.
"""

from __future__ import annotations

import logging
import os
import platform
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import nn
from torch.utils._pytree import tree_leaves

from engine.sharing.calls import Arguments, varied
from engine.sharing.kept import Kept

__all__ = ["Exact", "steady"]

_SIZES = (1, 2, 4, 8)
"""Sizes that are tried. With more rows a forward of the embedded model gains nothing on a processor."""

_FEWEST = 4
"""Rows from which a matrix product on a processor goes one way."""

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
        """Sizes, ascending, in which each row of such a call has the bits of the largest one.

        Computes eight rows in forwards of every size, inside ``around()``, when the shape is new to this
        machine.
        """
        key = (call.module.batch_name, call.arguments.shape, mode)
        if key not in self._known:
            name = f"{_machine()} | {key!r}"
            found = self._kept.read(name)
            if not found:
                try:
                    with around():
                        found = self._found(call)
                    self._kept.keep(name, found)
                except torch.OutOfMemoryError:
                    _LOG.warning("%s: there is no memory for %d rows", call.module.batch_name, _SIZES[-1])
                    found = (1,)  # rows computed alone have no company
            self._known[key] = found
        return self._known[key]

    def _found(self, call: _Called) -> tuple[int, ...]:
        most = _SIZES[-1]
        leaves = varied(call.arguments, most)
        whole = _rows(call.forward(most, call.arguments.cut(leaves, 0, most, most)))

        def agrees(size: int) -> bool:
            for start in range(0, most, size):
                part = _rows(call.forward(size, call.arguments.cut(leaves, start, size, size)))
                same = (
                    torch.equal(few, many[start : start + size])
                    for few, many in zip(part, whole, strict=True)
                )
                if not all(same):
                    return False
            return True

        found = (*(size for size in _SIZES[:-1] if agrees(size)), most)
        _LOG.info("%s: rows have equal bits in forwards of %s", call.module.batch_name, found)
        return found


def steady(module: nn.Module) -> None:
    """Has the linear layers of ``module`` that are given (rows, features) compute at least four rows.

    One that is given tokens is from then on as it was: asking at each of its calls took 3 % of a forward.
    """
    for part in module.modules():
        if isinstance(part, nn.Linear):
            _steady(part)


def _steady(layer: nn.Linear) -> None:
    kind = type(layer)

    def forward(self: nn.Linear, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        rows = len(x)
        if x.dim() == 2 and 0 < rows < _FEWEST:
            full = torch.cat([x, x[-1:].expand(_FEWEST - rows, -1)])
            return kind.forward(self, full, *args, **kwargs)[:rows]
        if x.dim() > 2 and type(self) is waiting and not torch.compiler.is_compiling():
            self.__class__ = kind
        made: torch.Tensor = kind.forward(self, x, *args, **kwargs)
        return made

    waiting = type(kind.__name__, (kind,), {"forward": forward, "__module__": kind.__module__})
    layer.__class__ = waiting


def _rows(made: Any) -> list[torch.Tensor]:
    return [leaf for leaf in tree_leaves(made) if isinstance(leaf, torch.Tensor)]


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
