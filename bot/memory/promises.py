"""Interactions whose users wait for an answer, while nothing else is kept of them.

A start that finds one here tells its user that nothing will come. Knows nothing of how they are told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from aiosqlite import Connection

from bot.memory.database import Database, execute_many

__all__ = ["Promise", "Promises", "redeem"]


@dataclass(frozen=True, slots=True)
class Promise:
    """An interaction whose user was told to wait. ``token`` reaches its answer."""

    interaction_id: int
    token: str = field(repr=False)


class Promises:
    """The table of promises."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, promise: Promise) -> None:
        """A user is about to be told to wait; a job that is kept, or ``answered``, redeems it."""
        async with self._database.transaction() as tx:
            await tx.execute(
                "INSERT OR REPLACE INTO promises VALUES (?, ?)", (promise.interaction_id, promise.token)
            )

    async def open(self) -> list[Promise]:
        """Those that nobody has redeemed."""
        rows = await self._database.rows("SELECT * FROM promises ORDER BY interaction_id")
        return [Promise(row["interaction_id"], row["token"]) for row in rows]

    async def answered(self, interaction_id: int) -> None:
        """The user has an answer, or can be given none."""
        async with self._database.transaction() as tx:
            await redeem(tx, [interaction_id])


async def redeem(tx: Connection, interaction_ids: Iterable[int | None]) -> None:
    """Forget the promises of some interactions, as part of a transaction."""
    await execute_many(
        tx, "DELETE FROM promises WHERE interaction_id = ?", [(id_,) for id_ in interaction_ids]
    )
