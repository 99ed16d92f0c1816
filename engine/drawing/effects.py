"""What `--s`, `--c` and `--w` do to a text's embedding: it is drawn towards other texts.

Pure functions of tensors. A text's embedding is one point; the house style, a muse of a picture's own (chaos)
and an oddity that all four pictures share (weird) are others. The mixture lies where the weights say, and at
weight 0 it is the text itself, bit for bit. Knows nothing of pipelines.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.families import Embeds

__all__ = ["rows", "towards"]


def rows(embeds: Embeds, count: int) -> Embeds:
    """One row repeated for ``count`` pictures."""
    return {name: tensor.repeat(count, *[1] * (tensor.ndim - 1)) for name, tensor in embeds.items()}


def towards(base: Embeds, pulls: Sequence[tuple[float, Embeds]]) -> Embeds:
    """``base`` moved towards each of the others by its weight (0–1): base + Σ w·(other − base)."""
    moved = dict(base)
    for weight, other in pulls:
        if weight:
            moved = {name: moved[name] + weight * (other[name] - base[name]) for name in base}
    return moved
