"""How long pictures are kept: what EASEL_KEEP says, and which jobs are older, or more, than that.

Favourites stay whatever their age. Looks through the tables in small slices, so that whoever else asks is
answered in between. Knows nothing of when it is asked, and removes nothing itself.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

from bot.memory.database import Database

__all__ = ["Keep", "Retention"]

SLICE = 100  # jobs that one query looks at

_HOURS = {"h": 1, "d": 24, "w": 7 * 24}
_BYTES = {"MB": 10**6, "GB": 10**9, "TB": 10**12}
_NAMES = {"h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, slots=True)
class Keep:
    """The bounds of what is kept; None: none. ``seconds`` is an age, ``bytes`` that of all pictures drawn.

    ``sentence`` tells users.
    """

    seconds: float | None = None
    pictures: int | None = None
    bytes: int | None = None
    sentence: str = "for ever"

    @classmethod
    def parsed(cls, text: str) -> Keep:
        """What a value of EASEL_KEEP means; one that its pattern takes."""
        seconds, pictures, size, said = None, None, None, []
        for item in filter(None, (part.strip() for part in text.split(","))):
            number, unit = re.fullmatch(r"(\d*)\s*(\w+)", item).groups()  # type: ignore[union-attr]  # the pattern's
            if unit in _HOURS:
                seconds = int(number) * _HOURS[unit] * 3600.0
                said.append(f"for {int(number)} {_NAMES[unit]}")
            elif unit in _BYTES:
                size = int(number) * _BYTES[unit]
                said.append(f"up to {int(number)} {unit} of everyone's")
            elif unit == "pictures":
                pictures = int(number)
                said.append(f"up to {pictures} pictures of everyone's")
        if not said:
            return cls()
        return cls(seconds, pictures, size, f"{', '.join(said)}; favourites for ever")


class Retention:
    """Finds what ``keep`` does not cover."""

    def __init__(self, database: Database, keep: Keep) -> None:
        self._database = database
        self.keep = keep

    async def overdue(self, now: float) -> AsyncIterator[str]:
        """The ids of all finished jobs that are not to be kept any longer, oldest first.

        Clocks go wrong: a job is no older than those before it, and one of the future is as old as the next.
        """
        first_kept, after = await self._first_within_bounds(), 0
        oldest = None if self.keep.seconds is None else now - self.keep.seconds
        latest, undated = 0.0, list[str]()
        while True:
            rows = await self._database.rows(
                "SELECT seq, id, created, EXISTS (SELECT 1 FROM favourites"
                " WHERE user_id = jobs.user_id AND job_seq = seq) AS favourite"
                " FROM jobs INDEXED BY jobs_ended WHERE status IN (3, 4, 5) AND seq > ? ORDER BY seq LIMIT ?",
                (after, SLICE),
            )
            for row in rows:
                ids = [] if row["favourite"] else [row["id"]]
                if row["created"] <= now:
                    latest = max(latest, row["created"])
                if row["seq"] >= first_kept:
                    if oldest is None or latest >= oldest:
                        return
                    if row["created"] > now:
                        undated += ids
                        continue
                for job_id in (*undated, *ids):
                    yield job_id
                undated.clear()
            if len(rows) < SLICE:
                return
            after = rows[-1]["seq"]

    async def old_panels(self, now: float) -> list[str]:
        """The ids of panels, with the prompts and pictures in them, that are too old."""
        if self.keep.seconds is None:
            return []
        rows = await self._database.rows(
            "SELECT id FROM panels WHERE created < ?", (now - self.keep.seconds,)
        )
        return [row["id"] for row in rows]

    async def _first_within_bounds(self) -> int:
        """The number of the oldest job that number and size of pictures leave room for, from the newest on.

        Favourites take their room first, since they stay.
        """
        if self.keep.pictures is None and self.keep.bytes is None:
            return 0
        row = await self._database.row(
            "SELECT count(*) AS number, coalesce(sum(bytes), 0) AS bytes FROM pictures JOIN jobs"
            " ON jobs.id = job_id WHERE jobs.seq IN (SELECT job_seq FROM favourites)"
        )
        assert row is not None
        number, size, before = row["number"], row["bytes"], 2**62
        while True:
            rows = await self._database.rows(
                "SELECT seq, count(file) AS number, coalesce(sum(bytes), 0) AS bytes FROM (SELECT seq, id"
                " FROM jobs INDEXED BY jobs_ended WHERE status IN (3, 4, 5) AND seq < ?"
                " AND NOT EXISTS (SELECT 1 FROM favourites WHERE user_id = jobs.user_id AND job_seq = seq)"
                " ORDER BY seq DESC LIMIT ?) AS newest LEFT JOIN pictures ON job_id = newest.id"
                " GROUP BY seq ORDER BY seq DESC",
                (before, SLICE),
            )
            for row in rows:
                number, size = number + row["number"], size + row["bytes"]
                if _more(number, self.keep.pictures) or _more(size, self.keep.bytes):
                    return int(row["seq"]) + 1
            if len(rows) < SLICE:
                return 0
            before = rows[-1]["seq"]


def _more(have: int, most: int | None) -> bool:
    return most is not None and have > most
