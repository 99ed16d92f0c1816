"""Pictures as a wall: which there are, newest first, and what is to be seen of some of them at a glance.

A wall is a row of numbers, one a picture, found in indexes alone; what stands behind a number is read when it
comes into sight. So a wall of a hundred thousand pictures costs as little to scroll through as one of a
hundred. Knows nothing of who may see what.
"""

from __future__ import annotations

import asyncio
import json
from array import array
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from bot.memory.database import Database, Row, Value
from bot.memory.history import matching
from bot.memory.records import JobKind

__all__ = ["LONGEST", "Filters", "Shape", "Tile", "Wall", "Walls"]

LONGEST = 500_000  # pictures of a wall; a browser lays out no page that is higher than those
LONGEST_SHARED = 20_000  # pictures of a wall of several people's: what is new, not an archive
PLACES = 256  # positions that a job's number leaves room for

Shape: TypeAlias = Literal["landscape", "portrait", "square"]
Wall: TypeAlias = "array[int]"
"""Pictures as numbers, newest first."""

_SHAPES = {"landscape": "width > height", "portrait": "width < height", "square": "width = height"}


@dataclass(frozen=True, slots=True)
class Filters:
    """What of the pictures is wanted; what is empty or None does not matter.

    ``words``: all of them, or parts of them, stand in the prompt. ``since`` and ``until`` are seconds since
    1970, the latter no longer included. ``folder`` is a folder's id.
    """

    words: str = ""
    favourites: bool = False
    model: str = ""
    kinds: tuple[JobKind, ...] = ()
    shape: Shape | None = None
    since: float | None = None
    until: float | None = None
    folder: int | None = None


@dataclass(frozen=True, slots=True)
class Tile:
    """What is to be seen of a picture at a glance. ``seq`` is its job's number, ``file`` its file's name."""

    seq: int
    job_id: str
    position: int
    user_id: int
    user_name: str
    kind: JobKind
    prompt: str
    file: str
    width: int
    height: int
    created: float
    favourite: bool
    private: bool
    guild_id: int | None
    channel_id: int

    @property
    def id(self) -> str:
        """The picture's id towards the page: a random number of 122 bits, and its position."""
        return f"{self.job_id}-{self.position}"

    @property
    def number(self) -> int:
        """Its number on a wall."""
        return _number(self.seq, self.position)


class Walls:
    """Pictures by the hundred thousand."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def own(self, user_id: int, filters: Filters) -> Wall:
        """All of a user's pictures that pass the filters."""
        where, values = _conditions(filters)
        match = matching(user_id, filters.words)
        if match:
            where.append("seq IN (SELECT rowid FROM job_words WHERE job_words MATCH :match)")
        return await self._wall(
            "jobs INDEXED BY jobs_wall",
            ["user_id = :user", "status IN (2, 3)", *where],
            {"user": user_id, "match": match, "most": LONGEST, **values},
        )

    async def newest(self, user_id: int, filters: Filters, count: int) -> tuple[Wall, bool]:
        """The newest of a user's pictures that pass the filters, which name words; and whether it has all.

        Those are among the user's newest jobs with these words: found at once, however many there are.
        """
        found = await self._database.walk(
            "SELECT rowid FROM job_words WHERE job_words MATCH ? ORDER BY rowid DESC LIMIT ?",
            (matching(user_id, filters.words), 2 * count),
        )
        where, values = _conditions(filters)
        rows = await self._database.walk(
            f"SELECT {_NUMBER} AS number FROM json_each(:found) AS found CROSS JOIN jobs ON seq = found.value"
            " CROSS JOIN pictures ON job_id = jobs.id"
            f" WHERE {' AND '.join(['user_id = :user', 'status IN (2, 3)', *where])}",
            {"user": user_id, "found": json.dumps([row["rowid"] for row in found]), **values},
        )
        numbers = sorted((row["number"] for row in rows), reverse=True)
        return array("q", numbers[:count]), len(found) < 2 * count and len(numbers) <= count

    async def shared(self, channel_ids: Collection[int], user_id: int, filters: Filters) -> Wall:
        """The newest pictures of some channels that everybody there may see; folders are the user's."""
        where, values = _conditions(filters)
        channels = json.dumps(list(channel_ids))
        if matching(user_id, filters.words):
            # The index holds each piece of a word as its owner's: it is asked once for each of them.
            owners = await self._drawing_in(channels)
            values["matches"] = json.dumps([matching(each, filters.words) for each in owners])
            where.append(
                "seq IN (SELECT job_words.rowid FROM json_each(:matches) AS asked"
                " CROSS JOIN job_words WHERE job_words MATCH asked.value)"
            )
        return await self._wall(
            "jobs INDEXED BY jobs_public",
            [
                "channel_id IN (SELECT value FROM json_each(:channels))",
                f"status IN (2, 3) AND {_PUBLIC}",
                *where,
            ],
            {"channels": channels, "user": user_id, "most": LONGEST_SHARED, **values},
        )

    async def tiles(self, numbers: Sequence[int]) -> list[Tile]:
        """What stands behind some numbers of a wall, in their order, without what was deleted meanwhile."""
        rows = await self._database.walk(
            f"{_TILES} json_each(:jobs) AS wanted JOIN jobs ON jobs.seq = wanted.value {_JOINED}"
            " WHERE status IN (2, 3)",
            {"jobs": json.dumps(list(dict.fromkeys(number // PLACES for number in numbers)))},
        )
        found = {_number(row["seq"], row["position"]): row for row in rows}
        return [_tile(found[number]) for number in numbers if number in found]

    async def tile(self, job_id: str, position: int) -> Tile | None:
        """One picture; None where there is none (any more)."""
        rows = await self._database.walk(
            f"{_TILES} jobs {_JOINED} WHERE jobs.id = ? AND pictures.position = ? AND status IN (2, 3)",
            (job_id, position),
        )
        return _tile(rows[0]) if rows else None

    async def of_job(self, job_id: str) -> list[Tile]:
        """A job's pictures, in position order."""
        rows = await self._database.walk(
            f"{_TILES} jobs {_JOINED} WHERE jobs.id = ? AND status IN (2, 3) ORDER BY pictures.position",
            (job_id,),
        )
        return [_tile(row) for row in rows]

    async def made_of(self, job_id: str, position: int, limit: int) -> list[Tile]:
        """What was made of a picture, newest first: the first picture of each job that started from it."""
        rows = await self._database.walk(
            f"{_TILES} jobs {_JOINED}"
            " WHERE parent_id = :job AND jobs.position IN (0, :position) AND status IN (2, 3)"
            " AND pictures.position = 1 ORDER BY seq DESC LIMIT :limit",
            {"job": job_id, "position": position, "limit": limit},
        )
        return [_tile(row) for row in rows]

    async def models(self, user_id: int) -> list[str]:
        """The names of the models that drew a user's pictures."""
        rows = await self._database.walk(
            "SELECT DISTINCT model FROM jobs INDEXED BY jobs_wall WHERE user_id = ? AND status IN (2, 3)"
            " AND model IS NOT NULL ORDER BY model",
            (user_id,),
        )
        return [row["model"] for row in rows]

    async def servers(self, user_id: int) -> list[int]:
        """The ids of the servers in which a user has asked for jobs."""
        # One step through the index a server, however many jobs there are in each.
        rows = await self._database.walk(
            "WITH RECURSIVE servers (id) AS (SELECT min(guild_id) FROM jobs WHERE user_id = :user"
            " AND guild_id IS NOT NULL UNION ALL SELECT (SELECT min(guild_id) FROM jobs WHERE user_id = :user"
            " AND guild_id IS NOT NULL AND guild_id > servers.id) FROM servers WHERE servers.id IS NOT NULL)"
            " SELECT id FROM servers WHERE id IS NOT NULL",
            {"user": user_id},
        )
        return [row["id"] for row in rows]

    async def channels(self, user_id: int, limit: int) -> list[tuple[int, int]]:
        """The servers' channels, by their ids and their servers', that a user last asked for jobs in."""
        rows = await self._database.rows(
            "SELECT channel_id, max(guild_id) AS guild_id FROM (SELECT seq, channel_id, guild_id FROM jobs"
            " WHERE user_id = ? AND guild_id IS NOT NULL AND channel_id <> 0 AND private = 0"
            " ORDER BY seq DESC LIMIT 500) GROUP BY channel_id ORDER BY max(seq) DESC LIMIT ?",
            (user_id, limit),
        )
        return [(row["channel_id"], row["guild_id"]) for row in rows]

    async def _wall(self, jobs: str, where: Iterable[str], values: dict[str, Value]) -> Wall:
        # One text instead of a row a picture: SQLite puts it together without holding up this process.
        [row] = await self._database.walk(
            f"SELECT group_concat(number) AS numbers FROM (SELECT {_NUMBER} AS number FROM {jobs}"
            f" CROSS JOIN pictures ON job_id = jobs.id WHERE {' AND '.join(where)}"
            " ORDER BY seq DESC, pictures.position LIMIT :most)",
            values,
        )
        return await asyncio.to_thread(_ordered, row["numbers"] or "")

    async def _drawing_in(self, channels: str) -> list[int]:
        """The ids of those who asked for jobs in the servers of some channels (a JSON list of ids)."""
        # One step through an index for each channel and each user, however many jobs there are.
        rows = await self._database.walk(
            "WITH RECURSIVE servers (id) AS (SELECT DISTINCT (SELECT guild_id FROM jobs"
            " INDEXED BY jobs_public WHERE channel_id = here.value AND status IN (2, 3)"
            f" AND {_PUBLIC} LIMIT 1) FROM json_each(:channels) AS here), people (id) AS"
            " (SELECT min(user_id) FROM jobs WHERE guild_id IS NOT NULL UNION ALL SELECT (SELECT"
            " min(user_id) FROM jobs WHERE guild_id IS NOT NULL AND user_id > people.id) FROM people"
            " WHERE people.id IS NOT NULL)"
            " SELECT id FROM people WHERE EXISTS (SELECT 1 FROM jobs INDEXED BY jobs_servers"
            " WHERE user_id = people.id AND guild_id IN (SELECT id FROM servers))",
            {"channels": channels},
        )
        return [row["id"] for row in rows]


_NUMBER = f"seq * {PLACES} + {PLACES - 1} - pictures.position"
_PUBLIC = "private = 0 AND guild_id IS NOT NULL"
_TILES = (
    "SELECT jobs.seq, jobs.id, pictures.position, jobs.user_id, users.name, kind, shown, file, width, height,"
    " jobs.created, private, guild_id, channel_id, EXISTS (SELECT 1 FROM favourites"
    " WHERE favourites.user_id = jobs.user_id AND job_seq = seq"
    " AND favourites.position = pictures.position) AS favourite FROM"
)
_JOINED = "JOIN pictures ON job_id = jobs.id JOIN users ON users.id = jobs.user_id"


def _number(seq: int, position: int) -> int:
    """The number of a picture: of a newer job it is larger, and within a job that of the first is."""
    return seq * PLACES + PLACES - 1 - position


def _ordered(text: str) -> Wall:
    return array("q", sorted(map(int, text.split(",")), reverse=True) if text else ())


def _conditions(filters: Filters) -> tuple[list[str], dict[str, Value]]:
    """What filters ask of jobs and pictures, but for words."""
    where: list[str] = []
    values: dict[str, Value] = {}
    if filters.kinds:
        where.append(f"kind IN ({', '.join(repr(str(kind)) for kind in filters.kinds)})")
    if filters.shape is not None:
        where.append(_SHAPES[filters.shape])
    for name, condition, value in (
        ("model", "model = :model", filters.model or None),
        ("since", "jobs.created >= :since", filters.since),
        ("until", "jobs.created < :until", filters.until),
        ("folder", _IN_FOLDER, filters.folder),
        ("hearts", _FAVOURITE, 1 if filters.favourites else None),
    ):
        if value is not None:
            where.append(condition)
            values[name] = value
    return where, values


_FAVOURITE = (
    ":hearts = 1 AND EXISTS (SELECT 1 FROM favourites WHERE favourites.user_id = :user AND job_seq = seq"
    " AND favourites.position = pictures.position)"
)
_IN_FOLDER = (
    "EXISTS (SELECT 1 FROM folder_pictures WHERE folder_id = :folder AND folder_pictures.user_id = :user"
    " AND job_seq = seq AND folder_pictures.position = pictures.position)"
)


def _tile(row: Row) -> Tile:
    return Tile(
        seq=row["seq"],
        job_id=row["id"],
        position=row["position"],
        user_id=row["user_id"],
        user_name=row["name"],
        kind=JobKind(row["kind"]),
        prompt=row["shown"],
        file=row["file"],
        width=row["width"],
        height=row["height"],
        created=row["created"],
        favourite=bool(row["favourite"]),
        private=bool(row["private"]),
        guild_id=row["guild_id"],
        channel_id=row["channel_id"],
    )
