"""A plan: everything that a worker needs to render, fully resolved; and how its steps are counted.

A plan leaves nothing implicit: two equal plans with equal input pictures give equal pictures. It is plain
JSON data and loads no torch. Knows nothing of who asked, or when, or of how it came to be.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from engine.planning.canvas import Canvas
from engine.planning.controls import Control
from engine.planning.embeddings import key_of
from engine.planning.loras import Lora
from engine.planning.references import Reference

__all__ = ["CALM", "ENLARGED", "PICTURES", "Action", "Conditioning", "Plan", "running", "scheduled"]

PICTURES = 4
"""How many pictures a grid has."""

ENLARGED = 2
"""How many times larger an upscaled picture is than its tile, both ways."""

CALM = 0.5
"""How much of the guidance acts on what only continues a picture, or draws its details anew, 0–1."""

_LEAST_RUN = 8
"""Steps that even a faint re-noising gets, for its edges' sake, where the model takes as many."""


class Action(StrEnum):
    """The kinds of job."""

    IMAGINE = "imagine"
    VARY = "vary"
    UPSCALE = "upscale"
    REFINE = "refine"
    REPAINT = "repaint"
    EDIT = "edit"
    RETEXTURE = "retexture"


@dataclass(frozen=True, slots=True)
class Conditioning:
    """One text that steers the picture, with its weight (negative: away from it)."""

    text: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a worker needs to render, besides input pictures.

    ``width``/``height`` are one tile's pixels (an upscale's: the result's). ``steps`` denoising steps are
    scheduled, ``stop_step`` of them run (an input picture skips the first ones, `--stop` the last).
    ``guidance`` is the classifier-free guidance scale. ``seeds`` has one entry a picture. ``style`` is the
    house style's text and ``style_weight`` (0–1) how much of it is mixed in; ``chaos`` and ``weird`` are 0–1;
    ``strength`` (0–1) is how far an input picture is re-noised, None without one. ``scale`` is how many times
    larger the picture is, both ways, than what the model drew. ``canvas`` says what of the input picture
    stays, None: nothing need. ``calm`` (0–1) is how much of the guidance acts where a picture is continued:
    the whole of it would draw the prompt's things again, and at 0 the words have no say. ``effort`` is how
    many steps a picture from text alone takes at the wanted quality (0: as ``steps``); later jobs are planned
    from it. ``grain`` is how many pixels wide the details are that may be drawn anew when a picture is
    enlarged, 0: of any size. ``stepwise`` has the house style take whole steps, as many as its weight says,
    instead of a part of every one. ``loras`` are sorted by name, each named once. ``unknown`` are words of
    the prompt that the model does not know, ``embeddings`` the names of those that its texts name.
    ``edits`` is how many edits the picture has behind it, its own
    counted. ``likeness`` is the second guidance of models that edit, towards the picture they are shown;
    ``relevance`` is the share of the farthest that the words must lead from that picture for a place to
    change: all else of it is held, 0: nothing is;
    ``still`` is by how many of 255 levels a place may differ from that picture and still be left as it was,
    0: nothing is laid over what the model drew. ``control`` holds the
    pictures to the structure of the input picture, None: nothing does.
    ``references`` are what the pictures are drawn after; their pictures are the last of the job's inputs, in
    this order. ``unmet``: the prompt refers to more than could be done, which its owner is told before it is
    drawn.
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
    muses: tuple[str, ...] = ()
    oddity: str = ""
    notes: tuple[str, ...] = ()
    scale: int = 1
    canvas: Canvas | None = None
    calm: float = 1.0
    effort: int = 0
    unknown: tuple[str, ...] = ()
    grain: int = 0
    stepwise: bool = False
    loras: tuple[Lora, ...] = ()
    references: tuple[Reference, ...] = ()
    unmet: bool = False
    embeddings: tuple[str, ...] = ()
    edits: int = 0
    likeness: float = 0.0
    relevance: float = 0.0
    still: float = 0.0
    control: Control | None = None

    @property
    def beside(self) -> tuple[str, ...]:
        """What must lie beside the model in memory, by the keys that its LoRAs and embeddings have there."""
        return (*(lora.name for lora in self.loras), *map(key_of, self.embeddings))

    @property
    def referred(self) -> int:
        """How many of the job's inputs, the last ones, are pictures that it refers to."""
        return sum(each.code is None for each in self.references)

    @property
    def links(self) -> tuple[str, ...]:
        """Where the pictures were found that it refers to, in the order of the inputs."""
        return tuple(each.link for each in self.references if each.code is None)

    @property
    def acting_guidance(self) -> float:
        """The guidance with which the pictures are drawn."""
        return self.guidance * self.calm

    @property
    def stopped(self) -> bool:
        """Whether `--stop` ends it before its last step."""
        return self.stop_step < self.running

    @property
    def running(self) -> int:
        """How many of the scheduled steps would run without `--stop`."""
        return running(self.steps, self.strength)

    @property
    def native(self) -> Plan:
        """The same plan at the size that the model draws."""
        width, height = self.width // self.scale, self.height // self.scale
        return replace(self, width=width, height=height, scale=1)

    def check(self, position: int) -> None:
        """Raises ValueError when there is no picture ``position`` (from 1)."""
        if not 1 <= position <= len(self.seeds):
            raise ValueError(f"picture {position} of a plan with {len(self.seeds)}")

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
        known["muses"] = tuple(known.get("muses", ()))
        known["notes"] = tuple(known.get("notes", ()))
        known["loras"] = tuple(Lora(**each) for each in known.get("loras", ()))
        known["references"] = tuple(Reference(**each) for each in known.get("references", ()))
        known["unknown"] = tuple(known.get("unknown", ()))
        known["embeddings"] = tuple(known.get("embeddings", ()))
        known.setdefault("scale", ENLARGED if known["action"] is Action.UPSCALE else 1)
        known["canvas"] = Canvas.from_dict(known["canvas"]) if known.get("canvas") else None
        known["control"] = Control(**known["control"]) if known.get("control") else None
        return cls(**known)


def scheduled(steps: int, strength: float | None) -> int:
    """How many steps to schedule when a source picture skips the first ones.

    Enough that a faint re-noising still gets eight (or all that the model takes), for its edges' sake.
    """
    return steps if strength is None else max(steps, math.ceil(min(steps, _LEAST_RUN) / strength))


def running(steps: int, strength: float | None) -> int:
    """How many of the scheduled steps are left to run."""
    return steps if strength is None else max(1, min(steps, int(steps * strength)))
