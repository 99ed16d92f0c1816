"""A job that was asked for, before it is one. Knows nothing of who asked, nor of how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.memory.records import JobKind
from engine import Lane, Plan

__all__ = ["Draft"]


@dataclass(frozen=True, slots=True)
class Draft:
    """A job that was asked for: everything but who, where and when.

    ``inputs`` are names of kept pictures, ``references`` those of the pictures that its plan refers to; None:
    the same as its parent's.
    """

    kind: JobKind
    prompt: str
    shown: str
    spec: dict[str, Any]
    plan: Plan
    lane: Lane = Lane.FAST
    inputs: tuple[str, ...] = ()
    references: tuple[str, ...] | None = None
    parent_id: str | None = None
    position: int = 0
