"""A channel in which somebody may ask for jobs, as a value. Knows nothing of who finds that out."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Channel"]


@dataclass(frozen=True, slots=True)
class Channel:
    """``roles`` are the ids of those that its asker has in the server, ``parent_id`` a thread's channel."""

    id: int
    guild_id: int
    name: str
    server: str
    roles: tuple[int, ...] = ()
    parent_id: int | None = None
