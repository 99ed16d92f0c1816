"""In which steps the house style's text takes the prompt's place, where a style comes in step by step.

A small model that is sure of itself draws one text or the other, never both: half-way between two embeddings
its pictures still are those of the first, and a little further those of the second. Between the steps of one
picture there is a half-way. Knows nothing of texts or models.
"""

from __future__ import annotations

__all__ = ["styled_steps"]

_GOLDEN = 0.618033988749895
"""The golden ratio's fraction: multiples of it, taken as places in the run, never crowd."""

_FIRST = 0.45
"""Where the first styled step lies (0–1): early ones are forgotten, the last ones paint over."""


def styled_steps(share: float, steps: int) -> frozenset[int]:
    """The steps (from 0) of ``steps`` that are drawn with the style's text, for a ``share`` from 0 to 1.

    A larger share keeps the steps of a smaller one and adds others, so that the style only ever grows.
    """
    chosen: list[int] = []
    place = _FIRST
    for _ in range(round(steps * share)):
        step = int(place % 1 * steps)
        while step in chosen:
            step = (step + 1) % steps
        chosen.append(step)
        place += _GOLDEN
    return frozenset(chosen)
