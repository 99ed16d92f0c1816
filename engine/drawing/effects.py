"""What `--s`, `--c` and `--w` do to a text's embedding: it is drawn towards other texts.

Pure functions of tensors. A text's embedding is one point; the house style, a muse of a picture's own (chaos)
and an oddity that all four pictures share (weird) are others. The mixture lies where the weights say, and at
weight 0 it is the text itself, bit for bit. Where texts have other lengths, the shorter one is brought to the
longer one's. Rows lie in the first dimension but where ``axes`` says another. Knows nothing of pipelines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.nn.functional import pad

from engine.families import Embeds

__all__ = ["alike", "joined", "rows", "towards"]

_ROWS: Mapping[str, int | None] = {}
"""Every row in the first dimension."""


def rows(embeds: Embeds, count: int, axes: Mapping[str, int | None] = _ROWS) -> Embeds:
    """One row repeated for ``count`` pictures."""
    return joined([embeds] * count, axes)


def joined(parts: Sequence[Embeds], axes: Mapping[str, int | None] = _ROWS) -> Embeds:
    """The rows of several, one after the other."""
    return {name: _joined([part[name] for part in parts], axes.get(name) or 0) for name in parts[0]}


def _joined(values: Sequence[Any], axis: int) -> Any:
    if isinstance(values[0], list):
        return [row for value in values for row in value]
    return torch.cat(list(values), axis)


def towards(
    base: Embeds,
    pulls: Sequence[tuple[float, Embeds]],
    masks: frozenset[str] = frozenset(),
    filler: Embeds | None = None,
) -> Embeds:
    """``base`` moved towards each of the others by its weight (0–1): base + Σ w·(other − base).

    Of ``masks`` and other whole numbers the larger one counts: a token of either text is a token.
    """
    moving = [(weight, other) for weight, other in pulls if weight]
    if not moving:
        return dict(base)
    base, *others = alike([base, *(other for _, other in moving)], masks, filler)
    moved = base
    for (weight, _), other in zip(moving, others, strict=True):
        moved = {name: _moved(moved[name], weight, other[name], base[name]) for name in base}
    return moved


def _moved(here: Any, weight: float, other: Any, base: Any) -> Any:
    if isinstance(here, list):
        return [_moved(*each) for each in zip(here, [weight] * len(here), other, base, strict=True)]
    if not here.is_floating_point():
        return torch.maximum(here, other)
    return here + weight * (other - base)


def alike(
    texts: Sequence[Embeds], masks: frozenset[str] = frozenset(), filler: Embeds | None = None
) -> list[Embeds]:
    """The same with equal numbers of tokens; with ``masks`` the tokens added are zeros that do not count.

    Without, they are those of ``filler``, as often as it takes, or else the last one again.
    """
    hidden = bool(masks)
    columns = [
        _brought([text[name] for text in texts], hidden, (filler or {}).get(name)) for name in texts[0]
    ]
    return [dict(zip(texts[0], values, strict=True)) for values in zip(*columns, strict=True)]


def _brought(values: Sequence[Any], hidden: bool, filler: Any = None) -> list[Any]:
    if isinstance(values[0], list):
        columns = [_brought(entries, hidden) for entries in zip(*values, strict=True)]
        return [list(row) for row in zip(*columns, strict=True)]
    shape = [max(sides) for sides in zip(*(value.shape for value in values), strict=True)]
    return [_grown(value, shape, hidden, filler) for value in values]


def _grown(value: torch.Tensor, shape: Sequence[int], hidden: bool, filler: Any) -> torch.Tensor:
    for dimension, (side, wanted) in enumerate(zip(value.shape, shape, strict=True)):
        missing = wanted - side
        if not missing:
            continue
        if hidden:
            value = pad(value, (0, 0) * (value.ndim - 1 - dimension) + (0, missing))
        elif filler is not None:
            more = filler.to(value).expand(len(value), -1, -1)
            value = torch.cat([value, *[more] * (missing // more.shape[1])], dimension)
        else:
            last = value.narrow(dimension, side - 1, 1)
            value = torch.cat([value, last.repeat_interleave(missing, dimension)], dimension)
    return value
