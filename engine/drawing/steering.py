"""Several texts steering one picture: the denoiser is asked once a text, and its predictions are weighed.

ε = ε∅ + Σ wᵢ·(εᵢ − ε∅), positive weights scaled to sum up to 1 and negative ones in the same measure (Liu et
al. 2022, “Compositional Visual Generation with Composable Diffusion Models”). It happens around one denoiser,
so that the pipeline above it and the batching below it stay as they are. Knows nothing of prompts: embeddings
in, rows out.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.utils._pytree import tree_map

from engine.families import Embeds

__all__ = ["Steering", "steered_denoiser"]


@dataclass(frozen=True, slots=True)
class Steering:
    """What steers a job's pictures: every embedding has one row a picture.

    ``main`` goes through the pipeline and weighs ``weight``; ``others`` are asked beside it. ``nothing`` is
    the absent text.
    """

    main: Embeds
    nothing: Embeds
    weight: float = 1.0
    others: tuple[tuple[float, Embeds], ...] = ()
    state: str = "prompt_embeds"
    axes: Mapping[str, int | None] = field(default_factory=dict)

    @property
    def plain(self) -> bool:
        """Whether the pipeline alone does it all."""
        return not self.others and self.weight == 1.0

    @property
    def pointless(self) -> bool:
        """Whether the text is the absent text, so that guidance would contrast a prediction with itself."""
        return self.plain and all(same(self.main[name], self.nothing[name]) for name in self.main)


def steered_denoiser(denoiser: nn.Module, steering: Steering) -> nn.Module:
    """A light copy of ``denoiser`` that asks it for every text of ``steering``: one prediction a row."""
    light = copy.copy(denoiser)
    light.__class__ = type("Steered" + type(denoiser).__name__, (_Steered, type(denoiser)), {})
    vars(light)["_shared"] = denoiser
    vars(light)["_steering"] = steering
    return light


class _Steered:
    _shared: nn.Module
    _steering: Steering

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        steering = self._steering
        call = _Call(self._shared, args, kwargs)
        steered = call.rows_asked(steering.main[steering.state])
        if not len(steered):
            return self._shared(*args, **kwargs)
        others = list(steering.others)
        rest = 1.0 - steering.weight - sum(weight for weight, _ in others)
        bare = [row for row in range(call.rows) if row not in set(steered)]
        if abs(rest) > 1e-6 and len(bare) != len(steered):
            others.append((rest, steering.nothing))  # no row without text in this call: ask for one more
            rest = 0.0
        asked = call.with_others(steered, steering.main, [embeds for _, embeds in others])
        output = self._shared(*asked.args, **asked.kwargs)
        first = output[0] if isinstance(output, tuple) else output.sample
        mixed = steering.weight * first[steered]
        for index, (weight, _) in enumerate(others):
            start = call.rows + index * len(steered)
            mixed = mixed + weight * first[start : start + len(steered)]
        if abs(rest) > 1e-6:
            mixed = mixed + rest * first[bare]
        answer = first[: call.rows].clone()
        answer[steered] = mixed.to(answer.dtype)
        return (answer, *output[1:]) if isinstance(output, tuple) else type(output)(sample=answer)


class _Call:
    """One call of a denoiser, by argument names, whose tensors with as many rows as the first are batched."""

    def __init__(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        bound = inspect.signature(type(module).forward).bind(module, *args, **kwargs)
        named = dict(bound.arguments)
        named.pop(next(iter(named)))
        extra = next((p.name for p in bound.signature.parameters.values() if p.kind is p.VAR_KEYWORD), None)
        self.kwargs: dict[str, Any] = {**named, **named.pop(extra, {})} if extra else named
        self.args: tuple[Any, ...] = ()
        self.rows: int = next(len(v) for v in self.kwargs.values() if isinstance(v, torch.Tensor) and v.ndim)

    def rows_asked(self, states: Any) -> list[int]:
        """The rows that are asked for the main text, in picture order; recognised by their embeddings."""
        for leaf in _tensors(self.kwargs):
            if leaf.shape[1:] == states.shape[1:] and len(leaf) == self.rows and leaf.ndim == states.ndim:
                same = (leaf.unsqueeze(1) == states.to(leaf).unsqueeze(0)).flatten(2).all(-1).any(-1)
                return [int(row) for row in same.nonzero()[:, 0]]
        return []

    def with_others(self, steered: Sequence[int], main: Embeds, others: Sequence[Embeds]) -> _Call:
        """The same call with the steered rows once more for every other text, which takes theirs' place."""
        rows = list(steered)
        bigger = copy.copy(self)

        def longer(leaf: Any) -> Any:
            if not isinstance(leaf, torch.Tensor) or leaf.ndim == 0 or len(leaf) != self.rows:
                return leaf
            name = next((name for name in main if _is_that(leaf[rows], main[name])), None)
            return torch.cat(
                [leaf, *(leaf[rows] if name is None else _rows(o[name], leaf, rows) for o in others)]
            )

        bigger.kwargs = {name: tree_map(longer, value) for name, value in self.kwargs.items()}
        return bigger


def same(one: Any, other: Any) -> bool:
    """Whether two embeddings are equal, entry by entry where they are lists."""
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return torch.equal(one, other)


def _is_that(rows: torch.Tensor, embedding: torch.Tensor) -> bool:
    if rows.shape[1:] != embedding.shape[1:] or len(rows) % len(embedding):
        return False
    return torch.equal(rows, _repeated(embedding.to(rows), len(rows)))


def _rows(embedding: torch.Tensor, leaf: torch.Tensor, rows: Sequence[int]) -> torch.Tensor:
    return _repeated(embedding.to(leaf), len(rows))


def _repeated(embedding: torch.Tensor, count: int) -> torch.Tensor:
    return embedding.repeat(count // len(embedding), *[1] * (embedding.ndim - 1))


def _tensors(value: Any) -> list[torch.Tensor]:
    found: list[torch.Tensor] = []
    tree_map(lambda leaf: found.append(leaf) if isinstance(leaf, torch.Tensor) and leaf.ndim else None, value)
    return found
