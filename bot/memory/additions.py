"""New jobs on their way into the database: whoever comes while one transaction runs shares the next.

A burst of a hundred jobs costs a few transactions, not a hundred. Knows nothing of what becomes of the jobs.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from bot.memory import history, promises
from bot.memory.database import Database, execute_many
from bot.memory.people import User, remember
from bot.memory.records import JobRecord, values_of

__all__ = ["Additions"]


@dataclass(frozen=True, slots=True)
class _Batch:
    """Jobs that are to be kept together, and the news of it."""

    user: User
    jobs: Sequence[JobRecord]
    inputs: Sequence[Sequence[str]]
    kept: asyncio.Future[None]


class Additions:
    """The one way in which jobs become rows."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._adding = asyncio.Lock()
        self._coming: list[_Batch] = []

    async def add(self, user: User, jobs: Sequence[JobRecord], inputs: Sequence[Sequence[str]]) -> None:
        """Keep new jobs, all or none. ``inputs``: for each, the file names of the pictures it starts from."""
        mine = _Batch(user, jobs, inputs, asyncio.get_running_loop().create_future())
        self._coming.append(mine)
        async with self._adding:
            if not mine.kept.done():
                await self._add_together(mine)
        mine.kept.result()

    async def _add_together(self, mine: _Batch) -> None:
        batches, self._coming = self._coming, []
        try:
            await self._insert(batches)
        except sqlite3.IntegrityError:
            # One of them spoilt it for all; each on its own finds out which.
            for batch in batches:
                await self._insert_alone(batch)
        except BaseException:
            self._coming = [batch for batch in batches if batch is not mine] + self._coming
            raise
        else:
            for batch in batches:
                batch.kept.set_result(None)

    async def _insert_alone(self, batch: _Batch) -> None:
        try:
            await self._insert([batch])
        except sqlite3.Error as error:
            batch.kept.set_exception(error)
            batch.kept.exception()  # whoever waited may be gone
        else:
            batch.kept.set_result(None)

    async def _insert(self, batches: Sequence[_Batch]) -> None:
        jobs = [job for batch in batches for job in batch.jobs]
        files = [
            (job.id, ordinal, file)
            for batch in batches
            for job, names in zip(batch.jobs, batch.inputs, strict=True)
            for ordinal, file in enumerate(names)
        ]
        async with self._database.transaction() as tx:
            await remember(tx, *(batch.user for batch in batches))
            await execute_many(
                tx,
                "INSERT INTO jobs (id, user_id, kind, prompt, shown, spec, plan, lane, parent_id, position,"
                " notes, created, guild_id, channel_id, message_id, original, token, upload_limit,"
                f" interaction_id, private, hide_above) VALUES ({', '.join('?' * 21)})",
                [values_of(job) for job in jobs],
            )
            await history.index(tx, jobs)
            await execute_many(tx, "INSERT INTO inputs VALUES (?, ?, ?)", files)
            await promises.redeem(tx, [job.place.interaction_id for job in jobs])
