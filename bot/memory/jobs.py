"""Every job and every picture, as rows: written as the job goes on, found again afterwards.

Knows the tables, nothing of Discord's objects, files or rendering. A status only ever grows, so "done" is one
comparison and a step that is repeated after a crash changes nothing.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum
from typing import Any

from bot.memory.database import Database, Row
from bot.memory.people import User, remember
from bot.text.words import words as words_of
from engine import Lane, Plan

__all__ = ["History", "JobRecord", "Kind", "Panel", "Place", "Promise", "Shot", "Status", "indexed"]


class Status(IntEnum):
    """How far a job has come. From ``DELIVERED`` on nothing more will happen to it by itself."""

    QUEUED = 0
    RUNNING = 1
    RENDERED = 2
    DELIVERED = 3
    FAILED = 4
    CANCELLED = 5
    DELETED = 6

    @property
    def done(self) -> bool:
        """Whether the job needs nothing more."""
        return self >= Status.DELIVERED


class Kind(StrEnum):
    """What a job is in the user's eyes; its message says so."""

    IMAGINE = "imagine"
    VARY_STRONG = "vary_strong"
    VARY_SUBTLE = "vary_subtle"
    REMIX_STRONG = "remix_strong"
    REMIX_SUBTLE = "remix_subtle"
    VARY_REGION = "vary_region"
    UPSCALE = "upscale"
    UPSCALE_SUBTLE = "upscale_subtle"
    UPSCALE_CREATIVE = "upscale_creative"
    ZOOM = "zoom"
    PAN_LEFT = "pan_left"
    PAN_RIGHT = "pan_right"
    PAN_UP = "pan_up"
    PAN_DOWN = "pan_down"

    @property
    def single(self) -> bool:
        """Whether the result is one picture rather than a grid."""
        return self in (Kind.UPSCALE, Kind.UPSCALE_SUBTLE, Kind.UPSCALE_CREATIVE)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a job's message stands. ``token`` is the interaction's, while it may still be alive.

    ``original``: the message is the first answer to its interaction, so that the token reaches it without an
    id.
    ``upload_limit`` is in bytes. ``interaction_id`` is the interaction that the message answers.
    """

    channel_id: int
    guild_id: int | None = None
    message_id: int | None = None
    token: str | None = field(default=None, repr=False)
    original: bool = True
    upload_limit: int = 10 * 2**20
    interaction_id: int | None = None


@dataclass(frozen=True, slots=True)
class JobRecord:
    """One row of ``jobs``.

    ``prompt`` is what was typed, ``shown`` what was run; ``position`` counts from 1.
    """

    id: str
    user_id: int
    user_name: str
    kind: Kind
    prompt: str
    shown: str
    spec: dict[str, Any]
    plan: Plan
    lane: Lane
    place: Place
    parent_id: str | None = None
    position: int = 0
    status: Status = Status.QUEUED
    reason: str = ""
    notes: tuple[str, ...] = ()
    created: float = 0.0
    seconds: float = 0.0
    seq: int = 0

    def at(self, place: Place) -> JobRecord:
        """The same job with its message elsewhere."""
        return replace(self, place=place)


@dataclass(frozen=True, slots=True)
class Shot:
    """One kept picture of a job. ``file`` is its name in the picture folder, ``bytes`` its size."""

    job_id: str
    position: int
    file: str
    width: int
    height: int
    bytes: int
    seed: int


@dataclass(frozen=True, slots=True)
class Panel:
    """What stands behind the buttons of a message that is no job's."""

    id: str
    user_id: int
    channel_id: int
    kind: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Promise:
    """An interaction whose user waits for an answer, while nothing else is kept of it."""

    interaction_id: int
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Batch:
    """Jobs that are to be kept together, and the news of it."""

    user: User
    jobs: Sequence[JobRecord]
    inputs: Sequence[Sequence[str]]
    kept: asyncio.Future[None]


_FINISHED = (
    "EXISTS (SELECT 1 FROM jobs INDEXED BY jobs_finished"
    " WHERE user_id = :user AND seq = {} AND status IN (2, 3))"
)
JOBS = "SELECT jobs.*, users.name AS user_name FROM jobs JOIN users ON users.id = jobs.user_id"


class History:
    """Jobs, their pictures, and panels."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._adding = asyncio.Lock()
        self._coming: list[_Batch] = []

    async def add(self, user: User, jobs: Sequence[JobRecord], inputs: Sequence[Sequence[str]]) -> None:
        """Keep new jobs, all or none. ``inputs``: for each, the file names of the pictures it starts from.

        Whoever comes while a transaction is under way shares the next one: a burst costs a few, not hundreds.
        """
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
        jobs = [_values(job) for batch in batches for job in batch.jobs]
        files = [
            (job.id, ordinal, file)
            for batch in batches
            for job, names in zip(batch.jobs, batch.inputs, strict=True)
            for ordinal, file in enumerate(names)
        ]
        async with self._database.transaction() as tx:
            await remember(tx, *(batch.user for batch in batches))
            await tx.executemany(
                "INSERT INTO jobs (id, user_id, kind, prompt, shown, spec, plan, lane, parent_id, position,"
                " notes, created, guild_id, channel_id, message_id, original, token, upload_limit,"
                f" interaction_id) VALUES ({', '.join('?' * 19)})",
                jobs,
            )
            await tx.executemany(
                "INSERT INTO job_words (rowid, words) SELECT seq, ? FROM jobs WHERE id = ?",
                [
                    (" ".join(indexed(job.user_id, job.prompt)), job.id)
                    for batch in batches
                    for job in batch.jobs
                ],
            )
            await tx.executemany("INSERT INTO inputs VALUES (?, ?, ?)", files)
            await tx.executemany(
                "DELETE FROM promises WHERE interaction_id = ?",
                [(job.place.interaction_id,) for batch in batches for job in batch.jobs],
            )

    async def promise(self, promise: Promise) -> None:
        """A user is about to be told to wait; a job that is kept, or ``answered``, redeems it."""
        async with self._database.transaction() as tx:
            await tx.execute(
                "INSERT OR REPLACE INTO promises VALUES (?, ?)", (promise.interaction_id, promise.token)
            )

    async def promises(self) -> list[Promise]:
        """Those that nobody has redeemed."""
        rows = await self._database.rows("SELECT * FROM promises ORDER BY interaction_id")
        return [Promise(row["interaction_id"], row["token"]) for row in rows]

    async def answered(self, interaction_id: int) -> None:
        """The user has an answer, or can be given none."""
        async with self._database.transaction() as tx:
            await tx.execute("DELETE FROM promises WHERE interaction_id = ?", (interaction_id,))

    async def get(self, job_id: str) -> JobRecord | None:
        """The job with that id, unless it was deleted."""
        row = await self._database.row(f"{JOBS} WHERE jobs.id = ? AND status < ?", (job_id, Status.DELETED))
        return _job(row) if row else None

    async def by_message(self, message_id: int) -> JobRecord | None:
        """The job that a message shows."""
        row = await self._database.row(
            f"{JOBS} WHERE jobs.id = coalesce((SELECT job_id FROM showings WHERE message_id = :message),"
            " (SELECT id FROM jobs WHERE message_id = :message)) AND status < :deleted",
            {"message": message_id, "deleted": int(Status.DELETED)},
        )
        return _job(row) if row else None

    async def showing(self, job_id: str, channel_id: int, message_id: int) -> None:
        """The job's message stands in one more place."""
        async with self._database.transaction() as tx:
            await tx.execute(
                "INSERT OR REPLACE INTO showings VALUES (?, ?, ?)", (message_id, job_id, channel_id)
            )

    async def showings(self, job: JobRecord) -> list[Place]:
        """Every place where the job's message stands."""
        rows = await self._database.rows("SELECT * FROM showings WHERE job_id = ?", (job.id,))
        return [job.place, *(Place(row["channel_id"], message_id=row["message_id"]) for row in rows)]

    async def stands_in(self, job: JobRecord, channel_id: int | None) -> bool:
        """Whether the job's message stands in a channel, at first or again."""
        if job.place.channel_id == channel_id:
            return True
        where = (job.id, channel_id)
        sql = "SELECT 1 FROM showings WHERE job_id = ? AND channel_id = ? LIMIT 1"
        return await self._database.row(sql, where) is not None

    async def unfinished(self) -> list[JobRecord]:
        """Every job that still needs something, in the order they were asked for."""
        rows = await self._database.rows(f"{JOBS} WHERE status < {int(Status.DELIVERED)} ORDER BY seq")
        return [_job(row) for row in rows]

    async def inputs(self, job_id: str) -> list[str]:
        """File names of the pictures that a job starts from, in order."""
        rows = await self._database.rows(
            "SELECT file FROM inputs WHERE job_id = ? ORDER BY ordinal", (job_id,)
        )
        return [row["file"] for row in rows]

    async def shots(self, job_id: str) -> list[Shot]:
        """The job's pictures, in position order."""
        rows = await self._database.rows(
            "SELECT * FROM pictures WHERE job_id = ? ORDER BY position", (job_id,)
        )
        return [_shot(row) for row in rows]

    async def moved(self, job_id: str, place: Place) -> None:
        """The job's message stands somewhere else now."""
        async with self._database.transaction() as tx:
            await tx.execute(
                "UPDATE jobs SET channel_id = ?, message_id = ?, original = ?, token = ? WHERE id = ?",
                (place.channel_id, place.message_id, place.original, place.token, job_id),
            )

    async def began(self, job_id: str) -> None:
        """The first step of the job is being rendered."""
        await self._reach(job_id, Status.RUNNING)

    async def rendered(
        self, job_id: str, shots: Sequence[Shot], seconds: float, notes: Sequence[str]
    ) -> None:
        """The pictures are safe on disk: keep them and the status in one transaction."""
        async with self._database.transaction() as tx:
            await tx.executemany(
                "INSERT OR REPLACE INTO pictures (job_id, position, file, width, height, bytes, seed)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                [(s.job_id, s.position, s.file, s.width, s.height, s.bytes, s.seed) for s in shots],
            )
            owners = await tx.execute_fetchall(
                "UPDATE jobs SET status = ?, seconds = ?, notes = ?, finished = ?"
                " WHERE id = ? AND status < ? RETURNING user_id",
                (Status.RENDERED, seconds, json.dumps(list(notes)), time.time(), job_id, Status.RENDERED),
            )
            await tx.executemany(
                "INSERT INTO usage VALUES (?, ?, ?) ON CONFLICT (user_id) DO UPDATE"
                " SET pictures = pictures + excluded.pictures, seconds = seconds + excluded.seconds",
                [(owner["user_id"], len(shots), seconds) for owner in owners],
            )

    async def ended(self, job_id: str, status: Status, reason: str = "") -> None:
        """Nothing more will happen to the job; its interaction's token is forgotten."""
        async with self._database.transaction() as tx:
            await tx.execute(
                "UPDATE jobs SET status = ?, reason = ?, token = NULL, finished = coalesce(finished, ?)"
                " WHERE id = ? AND status < ?",
                (status, reason, time.time(), job_id, status),
            )

    async def delete(self, job_id: str) -> list[str]:
        """Forget the job's pictures; the file names that nothing needs any more."""
        async with self._database.transaction() as tx:
            files = await tx.execute_fetchall("SELECT file FROM pictures WHERE job_id = ?", (job_id,))
            await tx.execute("DELETE FROM pictures WHERE job_id = ?", (job_id,))
            await tx.execute("DELETE FROM showings WHERE job_id = ?", (job_id,))
            await tx.execute(
                "DELETE FROM favourites WHERE job_seq = (SELECT seq FROM jobs WHERE id = ?)", (job_id,)
            )
            await tx.execute(
                "UPDATE jobs SET status = ?, token = NULL WHERE id = ?", (Status.DELETED, job_id)
            )
        return [row["file"] for row in files]

    async def favour(self, job: JobRecord, position: int) -> bool:
        """Turn the heart of one of the owner's pictures over; whether it is a favourite then."""
        heart = (job.user_id, job.seq, position)
        async with self._database.transaction() as tx:
            gone = await tx.execute_fetchall(
                "DELETE FROM favourites WHERE (user_id, job_seq, position) = (?, ?, ?) RETURNING 1", heart
            )
            if not list(gone):
                await tx.execute("INSERT INTO favourites VALUES (?, ?, ?)", heart)
                return True
        return False

    async def page(
        self, user_id: int, *, words: str = "", favourites: bool = False, offset: int = 0, limit: int = 5
    ) -> list[JobRecord]:
        """A user's finished jobs, newest first; with ``words``, those whose prompt holds all of them."""
        # The page is found in indexes alone, newest first, and the walk stops where the page ends.
        values: dict[str, str | int] = {
            "user": user_id,
            "match": _match(user_id, words),
            "limit": limit,
            "offset": offset,
        }
        seq, where = "seq", "jobs WHERE user_id = :user AND status IN (2, 3)"
        if values["match"]:
            seq, where = "rowid", f"job_words WHERE job_words MATCH :match AND {_FINISHED.format('rowid')}"
            if favourites:
                where += " AND EXISTS (SELECT 1 FROM favourites WHERE user_id = :user AND job_seq = rowid)"
        elif favourites:
            seq = "DISTINCT job_seq"
            where = f"favourites WHERE user_id = :user AND {_FINISHED.format('job_seq')}"
        rows = await self._database.rows(
            f"WITH page (seq) AS MATERIALIZED (SELECT {seq} FROM {where} ORDER BY 1 DESC LIMIT :limit"
            " OFFSET :offset) SELECT jobs.*, users.name AS user_name FROM page JOIN jobs USING (seq)"
            " JOIN users ON users.id = jobs.user_id ORDER BY seq DESC",
            values,
        )
        return [_job(row) for row in rows]

    async def usage(self, user_id: int) -> tuple[int, float]:
        """How many pictures a user has ever been given, and the seconds they took to render."""
        row = await self._database.row("SELECT * FROM usage WHERE user_id = ?", (user_id,))
        return (row["pictures"], row["seconds"]) if row else (0, 0.0)

    async def files(self, prefix: str = "") -> set[str]:
        """The names, beginning with some hexadecimal digits, of every file that a row still needs."""
        rows = await self._database.rows(
            "SELECT file FROM pictures WHERE file BETWEEN :first AND :last"
            " UNION ALL SELECT file FROM inputs WHERE file BETWEEN :first AND :last"
            " UNION ALL SELECT json_extract(data, '$.picture') FROM panels WHERE kind = 'describe'"
            " AND json_extract(data, '$.picture') BETWEEN :first AND :last",
            {"first": prefix, "last": f"{prefix}g"},
        )
        return {row["file"] for row in rows}

    async def add_panel(self, user: User, panel: Panel) -> None:
        """Keep a panel."""
        async with self._database.transaction() as tx:
            await remember(tx, user)
            await tx.execute(
                "INSERT INTO panels VALUES (?, ?, ?, ?, ?, ?)",
                (panel.id, panel.user_id, panel.channel_id, panel.kind, json.dumps(panel.data), time.time()),
            )

    async def forget_panels(self, before: float) -> None:
        """Drop questions and pages that nobody will come back to; what was described stays."""
        async with self._database.transaction() as tx:
            await tx.execute("DELETE FROM panels WHERE kind <> 'describe' AND created < ?", (before,))

    async def panel(self, panel_id: str) -> Panel | None:
        """The panel with that id."""
        row = await self._database.row("SELECT * FROM panels WHERE id = ?", (panel_id,))
        return _panel(row) if row else None

    async def rewrite_panel(
        self, panel_id: str, change: Callable[[dict[str, Any]], dict[str, Any]]
    ) -> Panel | None:
        """The panel with other data, made of what it has now; None when there is no such panel."""
        async with self._database.transaction() as tx:
            rows = list(await tx.execute_fetchall("SELECT * FROM panels WHERE id = ?", (panel_id,)))
            if not rows:
                return None
            panel = _panel(rows[0])
            panel = replace(panel, data=change(panel.data))
            await tx.execute("UPDATE panels SET data = ? WHERE id = ?", (json.dumps(panel.data), panel_id))
        return panel

    async def take_panel(self, panel_id: str) -> bool:
        """Remove a panel; True for the one caller that did (a question is answered once)."""
        async with self._database.transaction() as tx:
            rows = await tx.execute_fetchall("DELETE FROM panels WHERE id = ? RETURNING id", (panel_id,))
        return bool(list(rows))

    async def _reach(self, job_id: str, status: Status) -> None:
        async with self._database.transaction() as tx:
            await tx.execute(
                "UPDATE jobs SET status = ? WHERE id = ? AND status < ?", (status, job_id, status)
            )


def _match(user_id: int, text: str) -> str:
    """A query of the index of words: all words of a text, as the user's own."""
    return " AND ".join(indexed(user_id, text))


def indexed(user_id: int, text: str) -> list[str]:
    """The words of a text as one user's, the way the index of words holds them."""
    return [f"u{user_id}x{word}" for word in dict.fromkeys(words_of(text))]


def _values(job: JobRecord) -> tuple[Any, ...]:
    place = job.place
    return (
        *(job.id, job.user_id, job.kind, job.prompt, job.shown, json.dumps(job.spec)),
        *(json.dumps(job.plan.to_dict()), job.lane, job.parent_id, job.position, json.dumps(list(job.notes))),
        *(job.created or time.time(), place.guild_id, place.channel_id, place.message_id, place.original),
        *(place.token, place.upload_limit, place.interaction_id),
    )


def _job(row: Row) -> JobRecord:
    place = Place(
        row["channel_id"],
        row["guild_id"],
        row["message_id"],
        row["token"],
        bool(row["original"]),
        row["upload_limit"],
        row["interaction_id"],
    )
    return JobRecord(
        id=row["id"],
        user_id=row["user_id"],
        user_name=row["user_name"],
        kind=Kind(row["kind"]),
        prompt=row["prompt"],
        shown=row["shown"],
        spec=json.loads(row["spec"]),
        plan=Plan.from_dict(json.loads(row["plan"])),
        lane=Lane(row["lane"]),
        place=place,
        parent_id=row["parent_id"],
        position=row["position"],
        status=Status(row["status"]),
        reason=row["reason"],
        notes=tuple(json.loads(row["notes"])),
        created=row["created"],
        seconds=row["seconds"],
        seq=row["seq"],
    )


def _panel(row: Row) -> Panel:
    return Panel(row["id"], row["user_id"], row["channel_id"], row["kind"], json.loads(row["data"]))


def _shot(row: Row) -> Shot:
    return Shot(
        row["job_id"],
        row["position"],
        row["file"],
        row["width"],
        row["height"],
        row["bytes"],
        row["seed"],
    )
