"""A job that was asked for, before it is one. Knows nothing of who asked, nor of how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.errors import Gone
from bot.memory.jobs import Jobs
from bot.memory.records import JobKind
from engine import Lane, Plan

__all__ = ["Draft", "files_of"]


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


async def files_of(draft: Draft, jobs: Jobs) -> tuple[str, ...]:
    """The pictures that a job starts from, and behind them those that it refers to. Raises Gone."""
    if draft.references is not None or not draft.plan.referred:
        return (*draft.inputs, *(draft.references or ()))
    kept = await jobs.referred(draft.parent_id or "")
    if any(link not in kept for link in draft.plan.links):
        raise Gone("A picture that the prompt refers to is no longer kept here.")
    return (*draft.inputs, *(kept[link] for link in draft.plan.links))
