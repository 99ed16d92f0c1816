"""What is remembered of a user: the settings that join every prompt, and options of their own.

Knows tables and values, nothing of Discord's objects or of how a prompt is written.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from aiosqlite import Connection

from bot.memory.database import Database, Row, execute_many
from engine import Lane

__all__ = ["People", "Setting", "User", "remember"]

REMEMBERED = 5000  # users whose settings are kept in memory, a few hundred bytes each

Setting: TypeAlias = str | int | bool | None


@dataclass(frozen=True, slots=True)
class User:
    """One person and their settings. ``stylize`` and ``model`` None: not set, the defaults apply.

    ``strong`` is High Variation Mode; ``stealth``: only they see their jobs; ``suffix`` holds parameters that
    are added to every prompt; ``options`` are parameters of the user's own, name to what it stands for.
    """

    id: int
    name: str
    stylize: int | None = None
    strong: bool = True
    remix: bool = False
    model: str | None = None
    lane: Lane = Lane.FAST
    suffix: str = ""
    auto_dm: bool = False
    banned: bool = False
    stealth: bool = False
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def defaults(self) -> dict[str, int | bool]:
        """What the settings say where a prompt does not, by short parameter name."""
        said: dict[str, int | bool] = {} if self.stylize is None else {"s": self.stylize}
        return {**said, "stealth": True} if self.stealth else said


class People:
    """Users by their Discord id, read once and then kept in memory: a press must be answered at once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: OrderedDict[int, User] = OrderedDict()

    async def get(self, user_id: int, name: str) -> User:
        """The user, with the defaults where nothing is stored yet. Writes nothing."""
        user = self._known.get(user_id)
        if user is None:
            row = await self._database.row("SELECT * FROM users WHERE id = ?", (user_id,))
            options = await self._database.rows(
                "SELECT name, value FROM options WHERE user_id = ? ORDER BY name", (user_id,)
            )
            user = self._keep(_user(row, options) if row else User(user_id, name))
        self._known.move_to_end(user_id)
        return user

    async def change(self, user: User, **settings: Setting) -> User:
        """Store new values of some settings; the user as it is then."""
        async with self._database.transaction() as tx:
            await remember(tx, user)
            names = ", ".join(f"{name} = ?" for name in settings)
            await tx.execute(f"UPDATE users SET {names} WHERE id = ?", (*settings.values(), user.id))
        return await self._anew(user)

    async def set_option(self, user: User, name: str, value: str | None) -> User:
        """Define the parameter ``--name``; None forgets it. The user as it is then."""
        async with self._database.transaction() as tx:
            await remember(tx, user)
            if value is None:
                await tx.execute("DELETE FROM options WHERE user_id = ? AND name = ?", (user.id, name))
            else:
                await tx.execute("INSERT OR REPLACE INTO options VALUES (?, ?, ?)", (user.id, name, value))
        return await self._anew(user)

    def forget(self, user_id: int) -> None:
        """The user's rows were removed: nothing of them is remembered here either."""
        self._known.pop(user_id, None)

    async def _anew(self, user: User) -> User:
        self._known.pop(user.id, None)
        return await self.get(user.id, user.name)

    def _keep(self, user: User) -> User:
        self._known[user.id] = user
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return user


async def remember(tx: Connection, *users: User) -> None:
    """Make sure that users have a row, under their present names, as part of a transaction."""
    now = time.time()
    await execute_many(
        tx,
        "INSERT INTO users (id, name, created) VALUES (?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET name = excluded.name WHERE name <> excluded.name",
        [(user.id, user.name, now) for user in users],
    )


def _user(row: Row, options: Iterable[Row]) -> User:
    values = {name: row[name] for name in row.keys() if name != "created"}  # noqa: SIM118 — a row is no mapping
    for flag in ("strong", "remix", "auto_dm", "banned", "stealth"):
        values[flag] = bool(values[flag])
    values["lane"] = Lane(values["lane"])
    return User(**values, options={option["name"]: option["value"] for option in options})
