"""Jobs that are drawn again, so that a picture can be compared with what comes: each once at a time.

Such a drawing is nobody's job and is not kept, but it costs what the job cost: it needs room in the queue of
whoever asks, counts among what they have today, and is over before the bot says that nothing is under way.
Knows nothing of the picture that is compared.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.jobs.admission import Taking
from bot.jobs.checking import drawn_again
from bot.jobs.quota import cost
from bot.jobs.rendering import RenderEngine
from bot.memory.records import JobRecord
from bot.memory.usage import Usage

__all__ = ["Proofs"]


class Proofs:
    """Draws jobs again. Whoever asks for one that is being drawn waits for it, which costs them nothing."""

    def __init__(self, engine: RenderEngine, taking: Taking, usage: Usage) -> None:
        self._engine = engine
        self._taking = taking
        self._usage = usage
        self._drawing: dict[str, asyncio.Task[tuple[bytes, ...]]] = {}

    async def pictures(
        self, job: JobRecord, inputs: Sequence[bytes], user_id: int, roles: Sequence[int]
    ) -> tuple[bytes, ...]:
        """The job's pictures, drawn now for a user with these roles. Raises Refusal."""
        if job.id in self._drawing:
            return await asyncio.shield(self._drawing[job.id])
        with self._taking.admitted(user_id, roles) as way:
            await way.draw(job.plan)
            if job.id not in self._drawing:
                drawing = asyncio.create_task(self._drawn(job, inputs, user_id), name=f"proof-{job.id}")
                self._drawing[job.id] = drawing
            return await asyncio.shield(self._drawing[job.id])

    async def _drawn(self, job: JobRecord, inputs: Sequence[bytes], user_id: int) -> tuple[bytes, ...]:
        try:
            done = await drawn_again(self._engine, job, inputs)
            if pictures := cost(job.plan):
                await self._usage.spend(user_id, pictures, done.seconds)
        finally:
            del self._drawing[job.id]
        return tuple(picture.png for picture in done.pictures)
