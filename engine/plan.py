"""From what the user said to what will be done: a spec and a model entry become a fully resolved plan.

A plan leaves nothing implicit: two equal plans with equal input pictures give equal pictures. It is plain JSON
data and loads no torch. Knows nothing of who asked, or when.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

__all__ = ["Action", "Conditioning", "Plan"]


class Action(StrEnum):
    """The kinds of job."""

    IMAGINE = "imagine"
    VARY = "vary"
    UPSCALE = "upscale"


@dataclass(frozen=True, slots=True)
class Conditioning:
    """One text that steers the picture, with its weight (negative: away from it)."""

    text: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a worker needs to render, besides input pictures.

    ``width``/``height`` are one tile's pixels. ``steps`` denoising steps are scheduled, the first ``stop_step``
    of them run. ``guidance`` is the classifier-free guidance scale. ``seeds`` has one entry a picture. ``style``
    is the house style's text and ``style_weight`` (0–1) how much of it is mixed in; ``chaos`` and ``weird`` are
    0–1; ``strength`` (0–1) is how far an input picture is re-noised, None without one.
    """

    action: Action
    model: str
    revision: str | None
    conditionings: tuple[Conditioning, ...]
    width: int
    height: int
    steps: int
    stop_step: int
    guidance: float
    seeds: tuple[int, ...]
    style: str = ""
    style_weight: float = 0.0
    chaos: float = 0.0
    weird: float = 0.0
    tile: bool = False
    strength: float | None = None
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data; ``from_dict`` gives an equal plan back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Plan:
        """The plan that ``to_dict`` described."""
        known = dict(data)
        known["action"] = Action(known["action"])
        known["conditionings"] = tuple(Conditioning(**c) for c in known["conditionings"])
        known["seeds"] = tuple(known["seeds"])
        known["notes"] = tuple(known.get("notes", ()))
        return cls(**known)
