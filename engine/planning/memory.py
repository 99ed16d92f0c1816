"""A model's memory, and how it fits into what a device has: as a whole, part by part, or layer by layer.

What a model takes is measured elsewhere (`measuring`); here is what follows from it. Knows no device, and
loads no torch.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from engine.errors import TooLarge
from engine.families import FAMILIES
from engine.planning.entries import ModelEntry, Precision

__all__ = [
    "KEPT_WHOLE",
    "QUANTISED",
    "Fit",
    "Needs",
    "Part",
    "Placement",
    "amount",
    "bytes_of",
    "crowded",
    "fitted",
    "is_quantised",
    "stored_in",
]

KEPT_WHOLE: Mapping[Precision, tuple[str, ...]] = {
    "fp8": ("norm", "embed", r"\b(shared|wte|wo|lm_head)$", "^(proj|conv)_(in|out)$"),
    "int8": ("embed", r"\b(shared|wte|wo|lm_head)$", "^proj_out$"),
    "nf4": ("embed", r"\b(shared|wte|wo|lm_head)$", "^proj_out$"),
}
"""What is found in the names of layers that are stored as they compute, at each precision of storage.

Embeddings, and what comes first and last, where small errors show; and T5's `wo`, which asks what it is
stored in before it computes."""

QUANTISED: Mapping[Precision, float] = {"fp8": 1.0, "int8": 1.0, "nf4": 0.5625}
"""Bytes of a weight; nf4 has a scale of four bytes for each 64 of them."""

_UNITS = {"MB": 10**6, "GB": 10**9, "MIB": 2**20, "GIB": 2**30}


_DENOISERS = frozenset(
    name
    for family in FAMILIES.values()
    for each in (family, *(stage.family for stage in family.stages))
    for name in each.denoisers
)


class Placement(IntEnum):
    """How a model lies on its device, the quickest first."""

    WHOLE = 0
    """All of it lies there."""
    PARTS = 1
    """Text encoders, denoiser and VAE take turns there; those that rest wait in main memory."""
    LAYERS = 2
    """A part that does not fit by itself is moved there layer by layer, while it computes."""


@dataclass(frozen=True, slots=True)
class Part:
    """A component: its bytes, those of its largest layer, and whether it makes pixels of latents."""

    name: str
    size: int
    layer: int = 0
    decodes: bool = False


@dataclass(frozen=True, slots=True)
class Needs:
    """What a model takes: its ``parts``, and beside them pictures in the making, in bytes.

    The smallest forward takes ``drawing``, decoding one picture of its own size ``decoding`` as a whole and
    ``tile`` in tiles.
    ``at_once`` says that all parts must find room there while they are loaded.
    """

    parts: tuple[Part, ...] = ()
    drawing: int = 0
    decoding: int = 0
    tile: int = 0
    at_once: bool = False

    @property
    def weights(self) -> int:
        """All parts."""
        return sum(part.size for part in self.parts)

    @property
    def working(self) -> int:
        """What a picture in the making takes beside them at most, at one row a text."""
        return max(self.drawing, self.decoding)

    def at(self, placement: Placement) -> int:
        """The bytes of a device that it takes at least when it lies there so."""
        if placement is Placement.WHOLE:
            return self.weights + self.working
        layers = placement is Placement.LAYERS
        turns = max((self._turn(part, layers) for part in self.parts), default=self.working)
        return max(turns, self.weights) if self.at_once else turns

    def beside(self, part: Part) -> int:
        """What is to stay free while a part computes."""
        return self.decoding if part.decodes else self.drawing

    def _turn(self, part: Part, layers: bool) -> int:
        if part.decodes:
            return part.size + self.tile
        return self.drawing + (part.layer if layers else part.size)


@dataclass(frozen=True, slots=True)
class Fit:
    """How a model fits: where its parts lie, in how many bytes of the device (None: no one counts)."""

    placement: Placement = Placement.WHOLE
    room: int | None = None
    needs: Needs = field(default_factory=Needs)


def stored_in(entry: ModelEntry, precision: Precision) -> Precision:
    """What the entry's weights are stored in: what it asks for itself, else what the setting says."""
    return entry.precision or precision


def fitted(
    entry: ModelEntry,
    needed: Needs,
    room: int | None,
    main: int | None = None,
    *,
    least: Placement = Placement.WHOLE,
    others: Callable[[], Mapping[Precision, Needs]] = dict,
) -> Fit:
    """How the model lies in ``room`` bytes of a device, no quicker than ``least``.

    ``main`` is the machine's main memory, in which what does not lie on the device waits. ``others`` says
    what it would take at other precisions, for the sentence. Raises TooLarge where it fits in no way.
    """
    if room is None:
        return Fit(least, None, needed)
    for placement in Placement:
        if placement >= least and needed.at(placement) <= room:
            if placement is not Placement.WHOLE and main is not None and needed.weights > main:
                break
            return Fit(placement, room, needed)
    raise TooLarge(_why(entry, needed, room, main, others()))


def crowded(fits: Sequence[Fit], memory: int | None) -> bool:
    """Whether models that lie so find no room beside each other in ``memory`` bytes of a device."""
    if memory is None:
        return False
    if any(fit.placement is not Placement.WHOLE for fit in fits):
        return True
    weights = sum(fit.needs.weights for fit in fits)
    return weights + max(fit.needs.working for fit in fits) > memory


def is_quantised(name: str) -> bool:
    """Whether a component called so is stored in less where that is asked: denoisers and text encoders."""
    return "text_encoder" in name or name in _DENOISERS


def amount(size: float) -> str:
    """Bytes for people."""
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.1f} MB"


def bytes_of(text: str) -> int | None:
    """The bytes that "8GB", "7.5 GiB" or "900 MB" say; None for nothing. Raises ValueError."""
    if not text.strip():
        return None
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([MG]i?B)\s*", text, re.IGNORECASE)
    size = round(float(found[1]) * _UNITS[found[2].upper()]) if found else 0
    if not size:
        raise ValueError(f"{text!r} is no amount of memory")
    return size


def _why(
    entry: ModelEntry, needed: Needs, room: int, main: int | None, others: Mapping[Precision, Needs]
) -> str:
    """What does not fit, and what to try next."""
    least = needed.at(Placement.LAYERS)
    if least > room:
        told = (
            f"{entry.title} does not fit here: with one layer at a time on the device a picture still takes "
            f"{amount(least)}, and {amount(room)} may be used."
        )
    else:
        told = (
            f"{entry.title} does not fit here: it takes {amount(needed.at(Placement.WHOLE))} of the device, "
            f"where {amount(room)} may be used, or {amount(needed.weights)} of main memory, "
            f"of which there are {amount(main or 0)}."
        )
    smaller = [
        f"`{name}` ({amount(other.at(Placement.WHOLE))})"
        for name, other in others.items()
        if _fits(other, room, main)
    ]
    if smaller:
        return f"{told} The operator can set `EASEL_PRECISION` to {' or '.join(smaller)}."
    return f"{told} Another model may: `easel models` says what each takes. `EASEL_MEMORY` is the bound."


def _fits(needed: Needs, room: int, main: int | None) -> bool:
    if needed.at(Placement.WHOLE) <= room:
        return True
    return needed.at(Placement.LAYERS) <= room and (main is None or needed.weights <= main)
