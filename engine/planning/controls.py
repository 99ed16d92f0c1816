"""Controls (ControlNets): models beside a model that hold a new picture to the structure of one already made.

Knows which there are, for which models they were made and what kind of map each is shown; not how a map is
made or a control is run, and no torch.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from engine.planning.presence import model_here, repository_of, weights_folder

__all__ = ["Control", "ControlEntry", "DepthEntry", "Structure", "controls_for"]


class Structure(StrEnum):
    """What of a picture is held, and so what kind of map a control is shown."""

    EDGES = "edges"
    """White edges on black, Canny's."""
    SCRIBBLE = "scribble"
    """The same as thick strokes."""
    DEPTH = "depth"
    """The nearer the lighter, seen by a depth model."""
    POSE = "pose"
    """A stick figure: here the picture itself must be one."""


@dataclass(frozen=True, slots=True)
class Control:
    """What a plan's pictures are held to: a control by its entry's name, and how strongly, above 0 to 2.

    ``depth`` names the model that sees how far away things are, where the control's map is one of depth.
    """

    name: str
    strength: float = 1.0
    depth: str = ""


class Named(Protocol):
    """The part of a model's entry that says which controls were made for it."""

    @property
    def name(self) -> str:
        """What the model is called."""

    @property
    def family(self) -> str:
        """The family of its pipelines."""


@dataclass(frozen=True, slots=True)
class ControlEntry:
    """One control of the list: a ControlNet in diffusers' folder format.

    `family` is that of the models it was made for, `models` their names where it fits no others of it. `map`
    is the `Structure` that it is shown, `mode` the number by which one that knows several kinds is told
    which (None: it knows one). `revision` is a commit of a hub repository, None where no public material
    names one.
    """

    name: str
    title: str
    family: str
    source: str
    map: str
    revision: str | None = None
    models: tuple[str, ...] = ()
    mode: int | None = None
    licence: str = ""
    commercial: bool = True
    gigabytes: float = 0.0
    folder: Path | None = None

    def weights(self) -> Path | None:
        """The folder on this machine with its `config.json`, None while there is none."""
        return weights_folder(self, "config.json")

    def on_this_machine(self) -> bool:
        """Whether its weights lie here, in its folder or in the hub's cache; reads names only."""
        return model_here(self)

    def repositories(self) -> tuple[tuple[str, str | None], ...]:
        """The repository of the hub that it is fetched from, and its commit."""
        return repository_of(self)

    def fits(self, entry: Named) -> bool:
        """Whether it was made for this model."""
        return self.family == entry.family and (not self.models or entry.name in self.models)


@dataclass(frozen=True, slots=True)
class DepthEntry:
    """A model that sees in a picture how far away everything is (Depth Anything, DPT)."""

    name: str
    title: str
    source: str
    revision: str | None = None
    licence: str = ""
    gigabytes: float = 0.0
    folder: Path | None = None

    def on_this_machine(self) -> bool:
        """Whether its weights lie here, in its folder or in the hub's cache; reads names only."""
        return model_here(self)

    def repositories(self) -> tuple[tuple[str, str | None], ...]:
        """The repository of the hub that it is fetched from, and its commit."""
        return repository_of(self)


def controls_for(entry: Named, known: Iterable[ControlEntry]) -> list[ControlEntry]:
    """Those that were made for this model."""
    return [control for control in known if control.fits(entry)]
