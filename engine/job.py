"""The values that travel through the engine: a job goes in, events come out, the last one carries pictures.

Knows nothing of torch, Discord or SQL. Everything here is frozen and cheap to pickle; pictures cross
processes as PNG bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from engine.planning.plan import Plan

__all__ = [
    "HIDE_ABOVE",
    "Cancelled",
    "Description",
    "Event",
    "Failed",
    "Finished",
    "Hidden",
    "Job",
    "Lane",
    "Picture",
    "Progress",
    "Queued",
    "Request",
    "is_final",
]


HIDE_ABOVE = 0.6
"""A classifier's score, 0 to 1, above which a picture is hidden where nothing else is said."""


class Lane(StrEnum):
    """How urgent a job is; earlier members go first."""

    TURBO = "turbo"
    FAST = "fast"
    RELAX = "relax"


@dataclass(frozen=True, slots=True)
class Job:
    """A plan with an owner. ``inputs`` are the source pictures it needs, as PNG, JPEG or WebP bytes.

    ``mark`` is the number that its pictures hold unseen, None for none. ``hide_above``: pictures of a higher
    score (0 to 1) are hidden before they leave the worker; at 1 none is, and no checker is asked.
    """

    id: str
    plan: Plan
    owner: str
    lane: Lane = Lane.FAST
    inputs: tuple[bytes, ...] = field(default=(), repr=False)
    mark: int | None = None
    hide_above: float = HIDE_ABOVE


@dataclass(frozen=True, slots=True)
class Picture:
    """One finished picture. ``position`` counts from 1 in reading order; ``seed`` drew its noise."""

    png: bytes = field(repr=False)
    width: int
    height: int
    seed: int
    position: int


@dataclass(frozen=True, slots=True)
class Hidden:
    """A picture that is black because of its ``score`` (0 to 1); ``by`` is who looked, for a sentence."""

    position: int
    by: str
    score: float


@dataclass(frozen=True, slots=True)
class Queued:
    """The job waits. ``position`` 1 is next; ``eta`` is seconds until it is finished, None while unknown."""

    job_id: str
    position: int
    eta: float | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """``step`` of ``steps`` denoiser steps are done.

    ``preview`` is a small JPEG of the grid as it stands, or None.
    """

    job_id: str
    step: int
    steps: int
    preview: bytes | None = field(default=None, repr=False)

    @property
    def percent(self) -> int:
        """How much is done, 0 to 100."""
        return 100 * self.step // max(1, self.steps)


@dataclass(frozen=True, slots=True)
class Finished:
    """The pictures, in position order. ``seconds`` is the rendering time without the wait.

    ``notes`` are sentences for the user about what was done differently than asked (unknown version, …),
    ``hidden`` those of the pictures that are black.
    """

    job_id: str
    pictures: tuple[Picture, ...]
    seconds: float
    notes: tuple[str, ...] = ()
    hidden: tuple[Hidden, ...] = ()


@dataclass(frozen=True, slots=True)
class Failed:
    """The job will not be finished. ``reason`` is one sentence fit for a user, ``kind`` the error's name."""

    job_id: str
    reason: str
    retryable: bool = False
    kind: str = field(default="EngineError", compare=False)


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The job was cancelled before it finished."""

    job_id: str


@dataclass(frozen=True, slots=True)
class Description:
    """Prompts for a picture, and sentences on how far they can be trusted."""

    prompts: tuple[str, ...]
    notes: tuple[str, ...] = ()


CUT_OFF = "The answer was cut off in the middle."
"""The note on an answer of a language model that would have gone on."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a language model of this machine is asked: a ``text``, and a picture perhaps, given a ``task``.

    Without a task the small describer that comes along answers, from what it sees.
    """

    task: str
    text: str
    png: bytes | None = field(default=None, repr=False)


Event: TypeAlias = Queued | Progress | Finished | Failed | Cancelled


def is_final(event: Event) -> bool:
    """Whether ``event`` is the one terminal event of its job."""
    return isinstance(event, Finished | Failed | Cancelled)
