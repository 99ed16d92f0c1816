"""Several texts steering one picture: the denoiser is asked once a text, and its predictions are weighed.

ε = ε∅ + Σ wᵢ·(εᵢ − ε∅), positive weights scaled to sum up to 1 and negative ones in the same measure (Liu et
al. 2022, “Compositional Visual Generation with Composable Diffusion Models”). It happens around one denoiser,
so that the pipeline above it and the batching below it stay as they are. Knows nothing of prompts: embeddings
in, rows out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from inspect import BoundArguments
from typing import Any

import torch
from torch import nn

from engine.drawing.overriding import overriding
from engine.errors import EngineError
from engine.families import Embeds
from engine.sharing.calls import Arguments, leaf_joined, leaf_rows

__all__ = ["Steering", "same", "steered", "steered_denoiser"]

_NOTHING = 1e-6
"""A weight so small is what rounding left."""

_NO_ROWS = (
    "This model cannot be asked for several texts at once, which `::`, `--no` and a house style that takes"
    " whole steps do."
)

_NO_TIME = "This model does not say at which step it is, so its house style cannot take whole steps."


@dataclass(frozen=True, slots=True)
class Steering:
    """What steers a job's pictures: every embedding has one row a picture.

    ``main`` goes through the pipeline and weighs ``weight``; ``others`` are asked beside it. ``nothing`` is
    the absent text. In ``styled_steps`` (from 0) the text ``styled`` is asked in the place of ``main``.
    """

    main: Embeds
    nothing: Embeds
    weight: float = 1.0
    others: tuple[tuple[float, Embeds], ...] = ()
    state: str = "prompt_embeds"
    axes: Mapping[str, int | None] = field(default_factory=dict)
    styled: Embeds | None = None
    styled_steps: frozenset[int] = frozenset()

    @property
    def plain(self) -> bool:
        """Whether the pipeline alone does it all."""
        return not self.others and self.weight == 1.0 and not self.styled_steps

    def only(self, index: int, count: int) -> Steering:
        """What steers the picture ``index`` (from 0) of ``count``."""
        return replace(
            self,
            main=_only(self.main, index, count, self.axes),
            nothing=_only(self.nothing, index, count, self.axes),
            others=tuple((weight, _only(text, index, count, self.axes)) for weight, text in self.others),
            styled=None if self.styled is None else _only(self.styled, index, count, self.axes),
        )

    @property
    def pointless(self) -> bool:
        """Whether the text is the absent text, so that guidance would contrast a prediction with itself."""
        return self.plain and all(same(self.main[name], self.nothing[name]) for name in self.main)


def _only(embeds: Embeds, index: int, count: int, axes: Mapping[str, int | None]) -> Embeds:
    """One picture's rows of a text's, which has equally many for each."""

    def part(value: Any, axis: int) -> Any:
        if isinstance(value, list):
            return value[index : index + 1]
        rows = value.shape[axis] // count
        return value.narrow(axis, index * rows, rows)

    return {name: part(value, axes.get(name) or 0) for name, value in embeds.items()}


def steered_denoiser(denoiser: nn.Module, steering: Steering) -> nn.Module:
    """A light copy of ``denoiser`` that asks it for every text of ``steering``: one prediction a row."""
    return overriding(denoiser, _Steered, _shared=denoiser, _steering=steering, _times=[], _found=False)


def steered(denoiser: Any) -> bool:
    """Whether any call of a `steered_denoiser` so far held the main text: else nothing steered anything."""
    return bool(denoiser._found)


class _Steered:
    _shared: nn.Module
    _steering: Steering
    _times: list[float]
    _found: bool

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        steering, shared = self._steering, self._shared
        call = _Call(Arguments(type(shared).forward, args, kwargs, steering.axes), steering)
        if not call.steered:
            return shared(*args, **kwargs)
        self._found = True
        joins = getattr(shared, "batch_joins", None)
        if joins is not None and not joins.hold(shared, call.arguments):
            raise EngineError(_NO_ROWS)
        others = list(steering.others)
        rest = 1.0 - steering.weight - sum(weight for weight, _ in others)
        if abs(rest) > _NOTHING and len(call.bare) != len(call.steered):
            others.append((rest, steering.nothing))  # no row without text in this call: ask for one more
            rest = 0.0
        # Texts of other lengths, where no mask hides what one is longer, are calls of their own.
        beside = [call.fits(embeds) for _, embeds in others]
        fitting = [embeds for (_, embeds), fits in zip(others, beside, strict=True) if fits]
        together = call.with_others(fitting, self._styled(call.arguments))
        output = shared(*together.args, **together.kwargs)
        first = output[0] if isinstance(output, tuple) else output.sample
        mixed = _weighed(steering.weight, _picked(first, call.steered))
        start = call.arguments.rows
        for (weight, embeds), fits in zip(others, beside, strict=True):
            if fits:
                predicted = first[start : start + len(call.steered)]
                start += len(call.steered)
            else:
                alone = call.instead(embeds)
                answer = shared(*alone.args, **alone.kwargs)
                predicted = answer[0] if isinstance(answer, tuple) else answer.sample
            mixed = _added(mixed, _weighed(weight, predicted))
        if abs(rest) > _NOTHING:
            mixed = _added(mixed, _weighed(rest, _picked(first, call.bare)))
        answer = _put(first[: call.arguments.rows], call.steered, mixed)
        return (answer, *output[1:]) if isinstance(output, tuple) else type(output)(sample=answer)

    def _styled(self, arguments: Arguments) -> Embeds | None:
        """The text that is asked instead of the main one at this step; None at the others."""
        if not self._steering.styled_steps:
            return None
        try:
            time = float(torch.as_tensor(arguments.value("timestep")).flatten()[0])
        except KeyError:
            raise EngineError(_NO_TIME) from None
        if not self._times or self._times[-1] != time:
            self._times.append(time)
        return self._steering.styled if len(self._times) - 1 in self._steering.styled_steps else None


class _Call:
    """One call of a denoiser: which of its rows are asked for the main text, and the same with other texts.

    A text's rows are recognised by their embeddings, whatever the argument they came in is called.
    """

    def __init__(self, arguments: Arguments, steering: Steering) -> None:
        self.arguments, self._main = arguments, steering.main
        self.steered = self._asked(steering.main[steering.state], steering.axes.get(steering.state) or 0)
        self.bare = [row for row in range(arguments.rows) if row not in set(self.steered)]
        self._names = [self._name(leaf, kind) for leaf, kind in self._leaves] if self.steered else []
        self._axes = steering.axes

    @property
    def _leaves(self) -> list[tuple[Any, str]]:
        return list(zip(self.arguments.leaves, self.arguments.kinds, strict=True))

    def fits(self, embeds: Embeds) -> bool:
        """Whether a text's rows may stand beside those of the main one."""
        return all(
            isinstance(value, list) or value.shape == self._main[name].shape for name, value in embeds.items()
        )

    def with_others(self, others: Sequence[Embeds], instead: Embeds | None = None) -> BoundArguments:
        """The call with the steered rows once more for every one of the others, in the place of the main.

        ``instead`` is a text that takes the main one's place in the steered rows themselves.
        """
        leaves = []
        for (leaf, kind), name in zip(self._leaves, self._names, strict=True):
            if kind == "same" or (not others and instead is None):
                leaves.append(leaf)
                continue
            own = leaf_rows(leaf, kind, self.steered)
            if name is not None and instead is not None:
                leaf = _placed(leaf, kind, self.steered, _like(instead[name], own))
            more = [own if name is None else _like(embeds[name], own) for embeds in others]
            leaves.append(leaf_joined([leaf, *more], kind))
        return self.arguments.bind(leaves)

    def instead(self, embeds: Embeds) -> BoundArguments:
        """The steered rows alone, with another text in the place of the main one."""
        leaves = []
        for (leaf, kind), name in zip(self._leaves, self._names, strict=True):
            own = leaf if kind == "same" else leaf_rows(leaf, kind, self.steered)
            leaves.append(own if name is None else _like(embeds[name], own))
        return self.arguments.bind(leaves)

    def _asked(self, states: Any, axis: int) -> list[int]:
        """The rows that are asked for the main text, in picture order."""
        for leaf, kind in self._leaves:
            if kind == "list" and isinstance(states, list):
                rows = [n for n, row in enumerate(leaf) if any(_equal(row, state) for state in states)]
            elif kind != "same" and kind != "list" and isinstance(states, torch.Tensor):
                rows = _matching(leaf.movedim(1, 0) if kind == "column" else leaf, states.movedim(axis, 0))
            else:
                continue
            if rows:
                return rows
        return []

    def _name(self, leaf: Any, kind: str) -> str | None:
        """Which of the main text's embeddings the steered rows of a leaf are; None: none of them."""
        if kind == "same":
            return None
        own = leaf_rows(leaf, kind, self.steered)
        return next((name for name, value in self._main.items() if same(_like(value, own), own)), None)


def same(one: Any, other: Any) -> bool:
    """Whether two embeddings are equal, entry by entry where they are lists."""
    if isinstance(one, list) or isinstance(other, list):
        return type(one) is type(other) and len(one) == len(other) and all(map(_equal, one, other))
    return torch.equal(one, other)


def _equal(one: Any, other: Any) -> bool:
    return isinstance(one, torch.Tensor) and one.shape == other.shape and torch.equal(one, other.to(one))


def _matching(leaf: torch.Tensor, states: torch.Tensor) -> list[int]:
    """The rows of a leaf that are any of the states' rows."""
    if leaf.shape[1:] != states.shape[1:]:
        return []
    found = (leaf.unsqueeze(1) == states.to(leaf).unsqueeze(0)).flatten(2).all(-1).any(-1)
    return [int(row) for row in found.nonzero()[:, 0]]


def _like(value: Any, own: Any) -> Any:
    """An embedding on the device of ``own``, of its type."""
    if isinstance(value, list):
        return [_like(*each) for each in zip(value, own, strict=True)] if isinstance(own, list) else value
    return value.to(own) if isinstance(own, torch.Tensor) else value


def _picked(rows: Any, which: Sequence[int]) -> Any:
    return [rows[row] for row in which] if isinstance(rows, list) else rows[list(which)]


def _weighed(weight: float, rows: Any) -> Any:
    return [weight * row for row in rows] if isinstance(rows, list) else weight * rows


def _added(rows: Any, more: Any) -> Any:
    return (
        [one + other for one, other in zip(rows, more, strict=True)]
        if isinstance(rows, list)
        else rows + more
    )


def _placed(leaf: Any, kind: str, places: Sequence[int], own: Any) -> Any:
    """A leaf with other rows in the places."""
    if kind != "column":
        return _put(leaf, places, own)
    return _put(leaf.movedim(1, 0), places, own.movedim(1, 0)).movedim(0, 1)


def _put(rows: Any, places: Sequence[int], mixed: Any) -> Any:
    """The rows with the mixed ones in their places."""
    if isinstance(rows, list):
        placed = dict(zip(places, mixed, strict=True))
        return [placed.get(place, row) for place, row in enumerate(rows)]
    answer = rows.clone()
    answer[list(places)] = mixed.to(answer.dtype)
    return answer
