"""A model in memory, and the light copies of its pipeline that jobs draw with. Knows nothing of plans."""

from __future__ import annotations

import copy
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import torch
from torch import nn

from engine.drawing.offloading import Turns
from engine.drawing.reference_adapter import ReferenceAdapter
from engine.drawing.texts import Texts
from engine.families import Family
from engine.planning.memory import Fit
from engine.planning.registry import ModelEntry

__all__ = ["Beside", "LoadedModel", "Loras", "denoiser_name", "light_copy", "put"]


TextsKey: TypeAlias = tuple[tuple[tuple[str, float], ...], tuple[str, ...]]
"""The LoRAs with their weights, and the keys of the embeddings, that texts are read with."""


@dataclass(eq=False)
class Loras:
    """The LoRAs and embeddings that are ready for a model, by key, the least recently used first.

    ``texts`` are its texts as its encoders read them with some of these.
    """

    adapters: OrderedDict[str, Any] = field(default_factory=OrderedDict)
    texts: OrderedDict[TextsKey, Texts] = field(default_factory=OrderedDict, repr=False)

    def forget(self, name: str) -> None:
        """Drops one, and all that was read with it."""
        self.adapters.pop(name, None)
        for key in [key for key in self.texts if any(name == known for known, _ in key[0]) or name in key[1]]:
            del self.texts[key]


@dataclass(eq=False)
class Beside:
    """The reference adapters that are ready for a model, by name, the least recently used first."""

    adapters: OrderedDict[str, ReferenceAdapter] = field(default_factory=OrderedDict)

    def forget(self, name: str) -> None:
        """Drops one."""
        self.adapters.pop(name, None)


@dataclass(eq=False)
class LoadedModel:
    """A model on its device.

    ``pipe`` draws from text, ``image_pipe`` from a picture (None: it cannot). ``texts`` is None where the
    family's pipelines are given plain text. ``colours`` makes previews (`preview.fit`). It computes in
    ``dtype``, on the device ``fit`` says how; ``turns`` are its parts' where they move (None: they stay).
    ``controls`` are those that are ready for it, by name. ``later`` are the pipelines of its family's stages;
    ``denoisers`` holds theirs as well.
    """

    entry: ModelEntry
    device: str
    pipe: Any
    image_pipe: Any
    denoisers: tuple[nn.Module, ...]
    texts: Texts | None
    family: Family
    colours: torch.Tensor | None = field(default=None, repr=False)
    loras: Loras = field(default_factory=Loras, repr=False)
    dtype: torch.dtype = torch.float32
    fit: Fit = field(default_factory=Fit)
    turns: Turns | None = None
    controls: dict[str, Any] = field(default_factory=dict, repr=False)
    references: Beside = field(default_factory=Beside, repr=False)
    later: tuple[LoadedModel, ...] = ()


def light_copy(pipe: Any, family: Family) -> Any:
    """The same components, but copies of those that a job changes."""
    light = copy.copy(pipe)
    for name in family.own:
        if getattr(pipe, name, None) is not None:
            put(light, name, copy.deepcopy(getattr(pipe, name)))
    return light


def put(pipe: Any, name: str, component: Any) -> None:
    """Sets a component of one copy; `DiffusionPipeline.__setattr__` would write the shared config."""
    vars(pipe)[name] = component


def denoiser_name(pipe: Any, family: Family) -> str:
    """What the component that denoises is called in this pipeline."""
    return next(name for name in family.denoisers if getattr(pipe, name, None) is not None)
