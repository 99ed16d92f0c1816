"""Which calls of a model may share a forward, how they are joined, how the outputs are divided: one rule.

What may be concatenated follows from the call, not from the model. The call is bound to the module's
signature; n is the length of the first tensor or list in it. Then

    a tensor without dimensions           stands for n equal rows: expanded, concatenated
    a tensor whose first dimension is n   is concatenated
    any other tensor                      must be equal, and is passed once (ids, rotary tables)
    a list of n, where the first is one   is joined: each entry is a row, their sizes may differ
    any other container                   is looked into
    anything else                         must be equal

Trailing shapes, types, devices and all that must be equal make the key. Outputs are divided by the same rule.
A length that happens to be n is no proof of rows. So what is known of a module's parameters goes first: its
``axes`` say in which dimension their rows lie, and None that they have none. The parameters in ``_EQUAL``
hold positions in whatever module.

Knows nothing of who called, or of when the forward runs.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Hashable, Mapping, Sequence
from functools import cache, cached_property
from itertools import chain, islice
from typing import Any

import torch
from torch.utils._pytree import TreeSpec, tree_flatten, tree_leaves, tree_unflatten

__all__ = ["Arguments", "Output", "divide", "leaf_joined", "leaf_rows", "varied"]

_EQUAL: Mapping[str, int | None] = dict.fromkeys(("position_ids", "img_ids", "txt_ids", "image_rotary_emb"))
_AXES = {"row": 0, "column": 1}
"""The dimension in which a kind of leaf has its rows."""

_LEAF = tree_flatten(None)[1]
"""The tree of what is no container."""

_APART = 0.3
"""How far apart rows are that are compared, in standard deviations: those of real jobs are farther."""


class Arguments:
    """The arguments of one call: leaves, what each is, and the trees they hang on.

    A leaf is a "row" (in the first dimension), a "column" (in the second), a "list" or the "same" for all.
    ``rows`` is 0 for a call that shares with no one: it has none, or is to be ``alone``. ``shape`` is the
    part of ``key`` that costs time, and ``listed`` says whether rows are entries of lists.
    """

    def __init__(
        self,
        function: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        axes: Mapping[str, int | None] = _EQUAL,
        *,
        alone: bool = False,
    ) -> None:
        self._signature = _without_self(function)
        arguments = self._signature.bind(*args, **kwargs).arguments
        first = next((v for v in arguments.values() if isinstance(v, list) or _dimensions(v)), ())
        self.rows = 0 if alone else len(first)
        self.listed = isinstance(first, list) and not alone
        self.leaves: list[Any] = []
        self.kinds: list[str] = []
        self._trees: list[tuple[str, TreeSpec]] = []
        for name, value in arguments.items():
            single = self.rows and _dimensions(value) == 0
            spread = value.expand(self.rows).contiguous() if single else value
            leaves, tree = _flatten(spread, self.rows, self.listed)
            self._trees.append((name, tree))
            known = axes if name in axes else _EQUAL
            kinds = [_kind(leaf, self.rows, known.get(name, 0)) for leaf in leaves]
            self.leaves += [
                _plain(leaf) if kind == "row" else leaf for leaf, kind in zip(leaves, kinds, strict=True)
            ]
            self.kinds += kinds
        faces = tuple(map(_face, self.leaves, self.kinds))
        self.key: Hashable = (tuple(self._trees), faces)
        self.shape: Hashable = tuple(face for face in faces if face[0] != "same")

    @cached_property
    def size(self) -> int:
        """Elements in one row of the first batched tensor, 0 without one: roughly, what a row costs."""
        batched = ((leaf, kind) for leaf, kind in zip(self.leaves, self.kinds, strict=True) if kind != "same")
        return next((int(_entry(leaf, kind).numel()) for leaf, kind in batched), 0)

    def value(self, name: str) -> Any:
        """The argument of that name; a number of all rows is one of each. Raises KeyError without one."""
        start = 0
        for known, tree in self._trees:
            if known == name:
                return tree_unflatten(self.leaves[start : start + tree.num_leaves], tree)
            start += tree.num_leaves
        raise KeyError(name)

    def bind(self, leaves: Sequence[Any]) -> inspect.BoundArguments:
        """The call's arguments with ``leaves`` in the places of its own."""
        rest = iter(leaves)
        values = {
            name: next(rest) if tree is _LEAF else tree_unflatten(islice(rest, tree.num_leaves), tree)
            for name, tree in self._trees
        }
        return inspect.BoundArguments(self._signature, values)

    def join(self, others: Sequence[Arguments]) -> list[Any]:
        """The leaves of this call and of ``others`` (which have its key) as those of one call."""
        columns = zip(self.leaves, *(other.leaves for other in others), strict=True)
        return [leaf_joined(column, kind) for column, kind in zip(columns, self.kinds, strict=True)]

    def cut(self, leaves: Sequence[Any], start: int, rows: int, size: int) -> list[Any]:
        """Of joined leaves the ``rows`` rows from ``start``, the last of them repeated up to ``size``."""
        return [_cut(leaf, kind, start, rows, size) for leaf, kind in zip(leaves, self.kinds, strict=True)]


class Output:
    """What a forward of ``size`` rows returned, without the padding after its first ``rows``."""

    def __init__(self, value: Any, rows: int, size: int, listed: bool = False) -> None:
        leaves, self.tree = _flatten(value, size, listed)
        self.kinds = [_kind(leaf, size) for leaf in leaves]
        self.leaves = [_cut(leaf, kind, 0, rows, rows) for leaf, kind in zip(leaves, self.kinds, strict=True)]


def divide(outputs: Sequence[Output], counts: Sequence[int]) -> list[Any]:
    """The output of each of some calls, from the outputs of the forwards that took their rows in order."""
    kinds, tree = outputs[0].kinds, outputs[0].tree
    columns = zip(*(output.leaves for output in outputs), strict=True)
    parts = [
        _divided(leaf_joined(column, kind), kind, counts) for column, kind in zip(columns, kinds, strict=True)
    ]
    return [tree_unflatten(leaves, tree) for leaves in zip(*parts, strict=True)]


@cache
def _without_self(function: Any) -> inspect.Signature:
    signature = inspect.signature(function)
    return signature.replace(parameters=list(signature.parameters.values())[1:])


def _dimensions(value: Any) -> int | None:
    return value.dim() if isinstance(value, torch.Tensor) else None


def _flatten(value: Any, rows: int, listed: bool) -> tuple[list[Any], TreeSpec]:
    """The leaves of ``value`` and its tree; a list whose entries are rows is one leaf."""
    if value is None or isinstance(value, torch.Tensor | bool | int | float):
        return [value], _LEAF  # most arguments of most calls

    def is_rows(part: Any) -> bool:
        if not rows or not listed or not isinstance(part, list) or len(part) != rows:
            return False
        return any(isinstance(leaf, torch.Tensor) for leaf in tree_leaves(part))

    return tree_flatten(value, is_rows)


def _kind(leaf: Any, rows: int, axis: int | None = 0) -> str:
    if isinstance(leaf, list):
        return "list"
    if axis is None or not isinstance(leaf, torch.Tensor) or leaf.dim() <= axis or leaf.shape[axis] != rows:
        return "same"
    return "column" if axis else "row"


def _entry(leaf: Any, kind: str) -> Any:
    """One row of a leaf; of a list's entry its first tensor."""
    return tree_leaves(leaf[0])[0] if kind == "list" else leaf.select(_AXES[kind], 0)


def _plain(leaf: torch.Tensor) -> torch.Tensor:
    """Laid out in order: convolutions choose another kernel, with other last bits, for other layouts."""
    return leaf.contiguous()


def _face(leaf: Any, kind: str) -> tuple[Hashable, ...]:
    """What of a leaf must be equal among calls that share a forward."""
    if kind == "list":
        return "list", tree_leaves(leaf)[0].dtype
    if kind != "same":
        axis = _AXES[kind]
        return kind, leaf.shape[:axis], leaf.shape[axis + 1 :], leaf.dtype, leaf.device
    if isinstance(leaf, torch.Tensor):
        return "same", leaf.shape, leaf.dtype, leaf.device, _digest(leaf)
    return "same", type(leaf).__qualname__, leaf if isinstance(leaf, Hashable) else id(leaf)


def _digest(tensor: torch.Tensor) -> bytes:
    """A hash of the values, kept on the tensor: a job passes the same ids at every step."""
    version, digest = getattr(tensor, "_digest", (None, b""))
    if version != tensor._version:
        raw = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
        digest = hashlib.blake2b(raw, digest_size=16).digest()
        tensor._digest = (tensor._version, digest)  # type: ignore[attr-defined]
    return digest


def leaf_joined(parts: Sequence[Any], kind: str) -> Any:
    """The leaves of several calls, one after the other."""
    if kind == "same" or len(parts) == 1:
        return parts[0]
    return list(chain(*parts)) if kind == "list" else torch.cat(list(parts), _AXES[kind])


def leaf_rows(leaf: Any, kind: str, rows: Sequence[int]) -> Any:
    """Some of a leaf's rows."""
    if kind == "list":
        return [leaf[row] for row in rows]
    return leaf[list(rows)] if kind == "row" else leaf[:, list(rows)]


def varied(arguments: Arguments, count: int) -> list[Any]:
    """The leaves of ``count`` rows like the call's first, a little apart in what are more than numbers."""
    leaves = arguments.cut(arguments.leaves, 0, 1, count)
    generator = torch.Generator().manual_seed(0)
    for index, (leaf, kind) in enumerate(zip(leaves, arguments.kinds, strict=True)):
        if kind == "row" and leaf.is_floating_point() and leaf.dim() > 1:
            leaves[index] = leaf + _APART * leaf.std() * torch.randn(leaf.shape, generator=generator).to(leaf)
    return leaves


def _cut(leaf: Any, kind: str, start: int, rows: int, size: int) -> Any:
    if kind == "same":
        return leaf
    missing = size - rows
    if kind == "list":
        part = leaf[start : start + rows]
        return part + part[-1:] * missing
    axis = _AXES[kind]
    part = leaf.narrow(axis, start, rows)
    if not missing:
        return part
    return torch.cat([part, part.narrow(axis, rows - 1, 1).repeat_interleave(missing, axis)], axis)


def _divided(leaf: Any, kind: str, counts: Sequence[int]) -> Sequence[Any]:
    if kind == "same":
        return [leaf] * len(counts)
    rows = iter(leaf) if kind == "list" else None
    return [list(islice(rows, count)) for count in counts] if rows else torch.split(leaf, list(counts))
