"""How a worker renders, as one record that goes from whoever starts the engine to the process that draws."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.planning.entries import Precision

__all__ = ["AUTO", "Precision", "WorkerSettings"]

AUTO = "auto"
"""The compiler that was found to pay on the device and for the model at hand, or none."""


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """``active`` bounds the jobs rendered side by side on a device, ``models`` those in its memory.

    These may use ``memory`` bytes of it, None: what is free when the worker starts.

    ``compiler`` is a backend of `torch.compile` for the denoisers, "" for none; `auto` has a GPU's
    transformers compiled, which takes seconds, and no U-Nets, which have kernels of their own. ``graphs`` has
    a GPU's forwards recorded and replayed. ``precision`` is what models compute in, or their weights are
    stored in. ``checked`` keeps the safety checkers that models bring along. ``measured`` is a file
    for what was found out about this machine; None keeps nothing. ``upscaler`` is the name of what enlarges
    pictures, "" for interpolation. ``writer`` and ``viewer`` are folders of a language model and of one that
    sees pictures; None: there is none. ``classifier`` says how explicit pictures are: `nudenet`, or a model's
    folder; "" for none.
    """

    active: int = 16
    models: int = 2
    memory: int | None = None
    compiler: str = AUTO
    graphs: bool = True
    precision: Precision = "auto"
    checked: bool = True
    measured: Path | None = None
    upscaler: str = ""
    writer: Path | None = None
    viewer: Path | None = None
    classifier: str = ""
