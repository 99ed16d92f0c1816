"""Whether what counts as a row of a module's calls is one: tried, before calls of others stand beside it.

Which dimension of an argument holds rows is declared by the family, and held by tests on the family's own
classes. A pipeline that no test has seen (of kind `auto`, or added by an owner) may have another idea: a
length that happens to be that of the rows, a value of the first row that acts on all of them. Nothing would
fail; pictures would be wrong. So at the first call of a shape, a row of it and another, with other values and
another time, are computed in one forward, and each must come out as it does without the other.

Knows nothing of jobs; only that a call which does not hold is to be made as it is, alone.
"""

from __future__ import annotations

import logging
from collections.abc import Hashable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch.utils._pytree import tree_leaves, tree_map

from engine.sharing.calls import Arguments, Output, divide, leaf_joined, leaf_rows, varied
from engine.sharing.kept import Kept

__all__ = ["Joins"]

_APART = {torch.float32: 1e-3}
"""How far apart equal rows may come out, as a share of the spread of their values; by type."""

_COARSE = 0.05
"""The same in half precision: layers round, and forwards of other sizes round otherwise."""

_LOG = logging.getLogger(__name__)


class Joins:
    """What was found, by model and shape. It is kept in the file ``kept``: once on a machine is enough."""

    def __init__(self, kept: Path | None = None) -> None:
        self._kept = Kept(kept)
        self._known: dict[Hashable, bool] = {}

    def hold(self, module: Any, arguments: Arguments) -> bool:
        """Whether rows of such a call come out the same whatever stands beside them; () rows hold.

        Makes three calls of ``module``, of all its rows, of two and of one, when the shape is new to this
        machine. What is found to be otherwise is logged.
        """
        if not arguments.rows:
            return True
        key = (module.batch_name, type(module).__qualname__, arguments.shape)
        if key not in self._known:
            name = f"rows | diffusers {version('diffusers')} | {key!r}"
            found = self._kept.read(name)
            if not found:
                try:
                    why = _tried(module, arguments)
                except torch.OutOfMemoryError:
                    return False
                found = (0 if why else 1,)
                self._kept.keep(name, found)
                if why:
                    _LOG.warning("%s: %s; its calls share no forward", module.batch_name, why)
            self._known[key] = bool(found[0])
        return self._known[key]


def _tried(module: Any, arguments: Arguments) -> str:
    """Why rows of the call do not hold; empty where they do."""
    last, kinds = arguments.rows - 1, arguments.kinds
    own = [
        leaf if kind == "same" else leaf_rows(leaf, kind, [last])
        for leaf, kind in zip(arguments.leaves, kinds, strict=True)
    ]
    other = _another(arguments)
    joined = [leaf_joined(pair, kind) for *pair, kind in zip(own, other, kinds, strict=True)]
    whole = _rows(module, arguments, arguments.leaves, arguments.rows)
    try:
        beside = _rows(module, arguments, joined, 2)
        alone = _rows(module, arguments, other, 1)
    except torch.OutOfMemoryError:
        raise
    except Exception as error:  # whatever a denoiser's code makes of arguments that are not what they seem
        return f"a call of two of its rows failed ({type(error).__name__}: {error})"
    if _like(beside[0], whole[last]) and _like(beside[1], alone[0]):
        return ""
    return "a row comes out otherwise beside another one"


def _another(arguments: Arguments) -> list[Any]:
    """A row with other values, and half of each number that it has: of its time, above all."""
    leaves = varied(arguments, 1)
    for index, (leaf, kind) in enumerate(zip(leaves, arguments.kinds, strict=True)):
        if kind == "row" and leaf.dim() == 1 and leaf.dtype is not torch.bool:
            leaves[index] = leaf / 2 if leaf.is_floating_point() else leaf // 2
        elif kind in ("list", "column"):
            leaves[index] = tree_map(_turned, leaf)
    return leaves


def _turned(value: Any) -> Any:
    """The same numbers in another order, so that they are as large."""
    return value.flip(-1) if isinstance(value, torch.Tensor) and value.is_floating_point() else value


def _rows(module: Any, arguments: Arguments, leaves: Sequence[Any], count: int) -> list[Any]:
    """What each row of a forward of ``count`` rows returns."""
    bound = arguments.bind(leaves)
    made = module.batch_forward(*bound.args, **bound.kwargs)
    return divide([Output(made, count, count, arguments.listed)], [1] * count)


def _like(one: Any, other: Any) -> bool:
    pairs = zip(tree_leaves(one), tree_leaves(other), strict=True)
    return all(_close(a, b) for a, b in pairs if isinstance(a, torch.Tensor))


def _close(one: torch.Tensor, other: torch.Tensor) -> bool:
    if one.shape != other.shape:
        return False
    a, b = one.double(), other.double()
    if not torch.equal(torch.isfinite(a), torch.isfinite(b)):
        return False
    difference, spread = torch.nan_to_num(a - b), torch.nan_to_num(b)
    allowed = _APART.get(one.dtype, _COARSE) * float(spread.square().mean().sqrt())
    return float(difference.square().mean().sqrt()) <= allowed
