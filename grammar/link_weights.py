"""Weights behind links: what `URL::2` in front of the words means, and where a weight means nothing.

Knows how a weight is written; nothing of how prompts are parsed.
"""

import re
from collections.abc import Sequence

from grammar.links import link_in
from grammar.typography import NUMBER
from grammar.values import Value, number, shown

__all__ = ["image_weight", "weight_behind", "weightless"]

_WEIGHT = re.compile(rf"::({NUMBER})")
_MOST = 3.0  # of `--iw`


def weight_behind(text: str) -> float | None:
    """The weight that stands right behind a link, None where none does."""
    match = _WEIGHT.match(text)
    return number(match[1]) if match else None


def image_weight(weights: Sequence[float | None]) -> tuple[float, str]:
    """What `--iw` is, given the weights behind the image prompts, one of them at least; and a sentence or "".

    It is one weight for all of them: the last that is in range, else the nearest to the last.
    """
    said = [weight for weight in weights if weight is not None]
    fit = [weight for weight in said if 0 <= weight <= _MOST]
    weight = fit[-1] if fit else min(max(said[-1], 0.0), _MOST)
    if len(fit) < len(said):
        return weight, f"An image prompt weighs 0 to 3 here: `--iw {shown(weight)}` counts."
    if len(set(weights)) > 1:
        return weight, f"All image prompts weigh the same here: `--iw {shown(weight)}` counts."
    return weight, ""


def weightless(name: str, piece: str, value: Value) -> list[str]:
    """A sentence on a weight behind a link where the pictures of the parameter have none of their own."""
    weight = _WEIGHT.search(piece) if link_in(piece) else None
    links = value if isinstance(value, tuple) else (value,)
    if weight is None or not any(isinstance(link, str) for link in links):
        return []
    return [f"`{weight[0]}`: no effect, a picture of `--{name}` has no weight here."]
