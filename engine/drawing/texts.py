"""From a plan's texts to what steers its pictures; embeddings are kept, so that re-rolls encode nothing.

Knows plans and one pipeline's text encoders; nothing of denoising.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch

from engine.drawing.effects import alike, joined, rows, towards
from engine.drawing.encoding import encoded
from engine.drawing.steering import Steering
from engine.families import Embeds, Family
from engine.planning.plan import PICTURES, Conditioning, Plan
from engine.planning.stepwise import styled_steps

__all__ = ["Texts"]

_BEND = 0.6
"""The power to which a share is raised: half of a parameter's range pulls two thirds of the way."""

_LONG = 40
"""Words of a text near the end of which an encoder of 77 tokens cuts off."""

_KEPT = 96
"""Texts whose embeddings are kept: a few hundred kilobytes each with the largest encoders."""

_AWAY = 2.0
"""How much more negative weights count: measured, `--no red` at −0.5 itself left red houses red."""

_FIRM = 4.0
"""The guidance below which negative weights count more still, so that they push as far as at this one: at 2.5
red hearts stayed red."""


class Texts:
    """The text side of one loaded model: a cache of the texts encoded last, and what a plan makes of them.

    The encoders run inside ``around()``.
    """

    def __init__(
        self,
        pipe: Any,
        family: Family,
        around: Callable[[], AbstractContextManager[Any]] = nullcontext,
    ) -> None:
        self._pipe, self._family, self._around = pipe, family, around
        self._known: OrderedDict[str, Embeds] = OrderedDict()
        self._unread: dict[str, tuple[str, ...]] = {}
        self._nothing: Embeds | None = None
        self._empty: Embeds | None = None
        self.encoded = 0

    def embed(self, text: str) -> Embeds:
        """The embeddings of ``text``, one row each; encoded only when it was not lately."""
        if text in self._known:
            self._known.move_to_end(text)
            return self._known[text]
        embeds, self._unread[text] = self._read(text)
        self.encoded += 1
        self._known[text] = embeds
        if len(self._known) > _KEPT:
            del self._unread[self._known.popitem(last=False)[0]]
        return embeds

    def nothing(self) -> Embeds:
        """The embeddings of the absent text."""
        if self._nothing is None:
            self._nothing, _ = self._read(None)
        return self._nothing

    def _read(self, text: str | None) -> tuple[Embeds, tuple[str, ...]]:
        with self._around():
            return encoded(self._pipe, self._family, text)

    def unread(self, plan: Plan) -> tuple[str, ...]:
        """The words at the end of the plan's texts that the encoders did not read, of those used lately."""
        return tuple(word for part in plan.conditionings for word in self._unread.get(part.text, ()))

    def steering(self, plan: Plan) -> Steering:
        """What steers the plan's pictures: the heaviest part leads, the others are asked beside it."""
        count = len(plan.seeds)
        whole = sum(part.weight for part in plan.conditionings if part.weight > 0)
        lead = max(plan.conditionings, key=lambda part: part.weight)
        others = [
            self._beside(part, plan, whole) for part in plan.conditionings if part is not lead and part.weight
        ]
        main, nothing = self._drawn(lead.text, plan), rows(self.nothing(), count, self._family.axes)
        if not plan.calm:
            return Steering(nothing, nothing, state=self._family.state, axes=self._family.axes)
        steps = (
            styled_steps(plan.style_weight, plan.stop_step) if plan.stepwise and plan.style else frozenset()
        )
        styled = self._drawn(lead.text, plan, styled=True) if steps else None
        if self._family.masks or self._family.pieces:  # brought to one length: one forward for all texts
            texts = [main, nothing, *(text for _, text in others), *([] if styled is None else [styled])]
            main, nothing, *rest = self._alike(texts)
            styled = None if styled is None else rest.pop()
            others = [(weight, text) for (weight, _), text in zip(others, rest, strict=True)]
        if not lead.text and (others or steps):
            main = main | {self._family.state: _apart(main[self._family.state])}
        told = (self._family.state, self._family.axes, styled, steps)
        return Steering(main, nothing, lead.weight / whole, tuple(others), *told)

    def _filler(self) -> Embeds | None:
        """What a text takes up that is shorter than another one, where texts are read in pieces."""
        if self._family.pieces and self._empty is None:
            self._empty, _ = self._read("")
        return self._empty

    def _alike(self, texts: list[Embeds]) -> list[Embeds]:
        """The same texts with equal numbers of tokens."""
        return alike(texts, self._family.masks, self._filler())

    def _beside(self, part: Conditioning, plan: Plan, whole: float) -> tuple[float, Embeds]:
        """A further text's weight and rows. What is not wanted is left as it was said, and counts more."""
        if part.weight > 0:
            return part.weight / whole, self._drawn(part.text, plan)
        away = _AWAY
        if self._family.contrasts(plan.guidance):
            away *= max(1.0, _FIRM / plan.guidance)
        return away * part.weight / whole, rows(self.embed(part.text), len(plan.seeds), self._family.axes)

    def _drawn(self, text: str, plan: Plan, *, styled: bool = False) -> Embeds:
        """One row a picture: the text, drawn to the house style, the oddity and each picture's own muse.

        Where the style takes whole steps, ``styled`` is the text of those.
        """
        base = self.embed(_with(text, plan.style) if styled else text)
        shared = []
        if plan.style_weight and plan.style and not plan.stepwise:
            shared.append((_pull(plan.style_weight), self.embed(_with(text, plan.style))))
        if plan.weird and plan.oddity:
            shared.append((_pull(plan.weird), self.embed(_with(text, plan.oddity))))
        if not plan.chaos or not plan.muses:
            return rows(
                towards(base, shared, self._family.masks, self._filler()), len(plan.seeds), self._family.axes
            )
        # Pictures give way one after another, each over its own quarter of the range of chaos. Half-way
        # between two texts a model that is sure of itself still draws the first: a pull that grows alike for
        # all four showed nothing at `--c 25`. And where each began before the last had gone over, three of
        # four had gone at `--c 50`, and nothing was left to grow.
        pictures = []
        for index, muse in enumerate(plan.muses):
            pull = min(1.0, max(0.0, PICTURES * plan.chaos - index % PICTURES))
            muses = [*shared, (pull, self.embed(_with(text, muse)))]
            pictures.append(towards(base, muses, self._family.masks, self._filler()))
        return joined(self._alike(pictures), self._family.axes)


def _apart(state: Any) -> Any:
    """The same but for the last bit of a number: rows of no words are told from those of the absent text."""
    if isinstance(state, list):
        return [_apart(row) for row in state]
    changed: torch.Tensor = state.clone()
    first = changed[..., 0, 0]
    first += torch.finfo(state.dtype).eps * first.abs().clamp_min(1)
    return changed


def _pull(share: float) -> float:
    """How far an embedding is drawn for a share of a parameter's range; linearly, a half would not show."""
    return math.pow(share, _BEND)


def _with(text: str, words: str) -> str:
    """Both, the words in front of a text so long that an encoder would cut off what comes after it."""
    if not text:
        return words
    return f"{text}, {words}" if len(text.split()) < _LONG else f"{words}, {text}"
