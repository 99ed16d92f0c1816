"""How pictures are made, as functions that a renderer calls: those of the engine's rooms, or a test's own."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from PIL import Image

from engine.errors import ModelUnavailable, NoSegmenter
from engine.job import Description, Request
from engine.planning.embeddings import EmbeddingEntry
from engine.planning.entries import ModelEntry, Precision
from engine.planning.loras import LoraEntry
from engine.planning.memory import Fit, Needs
from engine.planning.plan import Plan
from engine.planning.references import AdapterEntry
from engine.seeing.classifier import Classifier
from engine.sharing.adapters import Adapters

__all__ = ["Mode", "Program", "Ready"]


class Mode(Hashable, Protocol):
    """How a forward must run; jobs with unequal modes do not share one."""

    def applied(self, model: Any) -> AbstractContextManager[Any]:
        """The model, run so, while the context lasts."""


class Load(Protocol):
    """Makes a model of an entry on a device, where it lies as ``fit`` says."""

    def __call__(self, entry: ModelEntry, device: str, /, *, fit: Fit) -> Any:
        """The model; raises EngineError, or torch.OutOfMemoryError."""


def _nowhere(plan: Plan, inputs: Sequence[bytes]) -> bytes:
    raise NoSegmenter("Nothing here finds things by their names.")


def _silent(request: Request) -> Description:
    raise ModelUnavailable("No language model is here.")


def _unseen(png: bytes, words: str, point: tuple[float, float] | None) -> bytes:
    raise NoSegmenter("Nothing here finds things in pictures.")


class Ready(Protocol):
    """A LoRA or an embedding that is ready for a model."""

    @property
    def size(self) -> int:
        """The memory that it takes, in bytes."""


def _no_lora(entry: LoraEntry | EmbeddingEntry, model: Any) -> Ready:
    raise ModelUnavailable("Nothing here draws with LoRAs.")


def _no_control(plan: Plan, model: Any) -> Any:
    raise ModelUnavailable("Nothing here draws with controls.")


def _no_adapter(entry: AdapterEntry, model: Any) -> Any:
    raise ModelUnavailable("Nothing here refers to pictures.")


def _none(model: Any, plan: Plan) -> Adapters:
    return ()


def _nothing(entry: ModelEntry, precision: Precision | None) -> Needs:
    return Needs()


@dataclass(frozen=True, slots=True)
class Program:
    """``load`` makes a model, which has ``denoisers`` and a ``pipe``.

    ``needs`` says before what it will take, as it is loaded (None) or at another precision.

    ``run`` draws a plan with its input pictures and tells steps done, steps in all and latents; it gets None
    for the model of an upscale, which needs none. ``preview`` makes a JPEG of latents. ``locate`` finds the
    region that a plan names in words: a mask, which becomes the job's last input. ``describe`` says what a
    picture shows, in the words of a turn. ``load_lora`` makes a LoRA or an embedding ready for a model; it is
    kept in the model's ``loras``, from where ``adapters`` takes the LoRAs of a plan. ``load_control`` makes
    a plan's control ready for its model, whose ``controls`` keep it; the control's ``module`` shares forwards
    as denoisers do. ``say`` has a language model of this machine answer.
    ``load_reference_adapter`` makes one ready that is kept in the model's ``references``. ``classifier``
    says how explicit a picture is; None: nobody looks. ``select`` gives a mask of what words name in a
    picture, or of the thing at a point.
    """

    load: Load
    run: Callable[[Any, Plan, Sequence[bytes], Callable[[int, int, Any], None]], list[Image.Image]]
    forward_mode: Callable[[Plan], Mode]
    preview: Callable[[Any, Any], bytes]
    describe: Callable[[bytes, int], Description]
    locate: Callable[[Plan, Sequence[bytes]], bytes] = _nowhere
    load_lora: Callable[[LoraEntry | EmbeddingEntry, Any], Ready] = _no_lora
    adapters: Callable[[Any, Plan], Adapters] = _none
    needs: Callable[[ModelEntry, Precision | None], Needs] = _nothing
    load_control: Callable[[Plan, Any], Any] = _no_control
    say: Callable[[Request], Description] = _silent
    load_reference_adapter: Callable[[AdapterEntry, Any], Any] = _no_adapter
    classifier: Classifier | None = None
    select: Callable[[bytes, str, tuple[float, float] | None], bytes] = _unseen
