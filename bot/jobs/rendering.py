"""What the bot needs of an engine: jobs in, events out, pictures described, models in and out of memory.

The real one is `engine.Engine`; whatever keeps this protocol can stand in its place.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from engine import Description, EngineStatus, Event, Job, Registry, Request

__all__ = ["RenderEngine"]


class RenderEngine(Protocol):
    """An engine, as the bot sees it."""

    def submit(self, job: Job) -> AsyncIterator[Event]:
        """The job's events: Queued, Progress, one final event. Raises EngineClosed while they are read."""
        ...

    async def cancel(self, job_id: str) -> bool:
        """End a job now. False when it is not open (any more)."""
        ...

    async def describe(self, png: bytes, turn: int = 0, /) -> Description:
        """Four prompts for a picture, others in each turn (0, 1 …). Raises BadPicture and EngineError."""
        ...

    async def say(self, request: Request, /) -> Description:
        """What a language model of this machine says. Raises BadPicture and EngineError."""
        ...

    async def select(self, png: bytes, /, words: str, point: tuple[float, float] | None) -> bytes:
        """A mask of a picture: white on what words name, or on the thing at a point. Raises EngineError."""
        ...

    def load(self, model: str) -> None:
        """Have a model ready before anyone asks for it. Raises UnknownModel."""
        ...

    def unload(self, model: str) -> None:
        """Free a model's memory, if no job is using it."""
        ...

    def know(self, registry: Registry, /) -> None:
        """From now on these are the models that there are."""
        ...

    def status(self) -> EngineStatus:
        """What goes on."""
        ...
