"""What is kept of a job and of its pictures: the values, and how a row becomes one.

Knows nothing of Discord's objects. A status only ever grows, so "done" is one comparison and a
step that is repeated after a crash changes nothing.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum
from typing import Any

from bot.memory.database import Row
from engine import HIDE_ABOVE, Lane, Plan

__all__ = [
    "COLUMNS",
    "JOBS",
    "NAMED",
    "JobKind",
    "JobRecord",
    "PictureRecord",
    "Place",
    "Status",
    "job_of",
    "picture_of",
    "values_of",
]

COLUMNS = (
    "jobs.*, users.name AS user_name, EXISTS (SELECT 1 FROM favourites"
    " WHERE favourites.user_id = jobs.user_id AND job_seq = jobs.seq) AS favourite"
)
JOBS = f"SELECT {COLUMNS} FROM jobs JOIN users ON users.id = jobs.user_id"
"""How rows are asked for that ``job_of`` reads."""

NAMED = (
    f"{JOBS} WHERE (jobs.id = :job OR jobs.mark = :mark) AND status < 6"
    " ORDER BY jobs.id = :job DESC, jobs.seq LIMIT 1"
)
"""The job with that id, else the first whose pictures hold that mark, unless it was deleted (status 6)."""


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

    @property
    def has_pictures(self) -> bool:
        """Whether the job's pictures are kept."""
        return self in (Status.RENDERED, Status.DELIVERED)


class JobKind(StrEnum):
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
    EDIT = "edit"
    RETEXTURE = "retexture"

    @property
    def single(self) -> bool:
        """Whether the result is one picture rather than a grid."""
        return self in (JobKind.UPSCALE, JobKind.UPSCALE_SUBTLE, JobKind.UPSCALE_CREATIVE)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a job's message stands. ``token`` is the interaction's, while it may still be alive.

    ``original``: the message is the first answer to its interaction, so that the token reaches it without an
    id. ``upload_limit`` is in bytes. ``interaction_id`` is the interaction that the message answers.
    ``private``: only the job's owner may see it, so it never stands openly in a channel. Without a channel it
    is ``nowhere``: the job was asked for on the studio's page and is to be seen there alone. ``hide_above``:
    the score, 0 to 1, above which a picture may not be shown there.
    """

    channel_id: int
    guild_id: int | None = None
    message_id: int | None = None
    token: str | None = field(default=None, repr=False)
    original: bool = True
    upload_limit: int = 10 * 2**20
    interaction_id: int | None = None
    private: bool = False
    hide_above: float = HIDE_ABOVE

    @property
    def nowhere(self) -> bool:
        """Whether there is no message, and none to come."""
        return not self.channel_id and self.token is None and self.interaction_id is None

    @property
    def unasked(self) -> bool:
        """Whether the message answers nobody in Discord, and does not stand yet: it is posted at once."""
        return self.message_id is None and self.token is None and self.interaction_id is None


@dataclass(frozen=True, slots=True)
class JobRecord:
    """One row of ``jobs``.

    ``prompt`` is what was typed, ``shown`` what was run; ``position`` counts from 1. ``favourite``: a picture
    of it has its owner's heart. ``mark``: the number that its pictures hold unseen.
    """

    id: str
    user_id: int
    user_name: str
    kind: JobKind
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
    favourite: bool = False
    mark: int | None = None

    @property
    def unseen(self) -> bool:
        """Whether nobody but its owner has seen its message: it was private, or in a direct message."""
        return self.place.private or self.place.guild_id is None

    def at(self, place: Place) -> JobRecord:
        """The same job with its message elsewhere."""
        return replace(self, place=place)


@dataclass(frozen=True, slots=True)
class PictureRecord:
    """One kept picture of a job. ``file`` is its name in the picture folder, ``bytes`` its size."""

    job_id: str
    position: int
    file: str
    width: int
    height: int
    bytes: int
    seed: int


def values_of(job: JobRecord) -> tuple[Any, ...]:
    """A new job as a row of ``jobs``, in the order in which ``Additions`` names the columns."""
    place = job.place
    return (
        *(job.id, job.user_id, job.kind, job.prompt, job.shown, json.dumps(job.spec)),
        *(json.dumps(job.plan.to_dict()), job.lane, job.parent_id, job.position, json.dumps(list(job.notes))),
        *(job.created or time.time(), place.guild_id, place.channel_id, place.message_id, place.original),
        *(place.token, place.upload_limit, place.interaction_id, place.private, place.hide_above),
    )


def job_of(row: Row) -> JobRecord:
    """A row that ``JOBS`` asked for."""
    place = Place(
        row["channel_id"],
        row["guild_id"],
        row["message_id"],
        row["token"],
        bool(row["original"]),
        row["upload_limit"],
        row["interaction_id"],
        bool(row["private"]),
        row["hide_above"],
    )
    return JobRecord(
        id=row["id"],
        user_id=row["user_id"],
        user_name=row["user_name"],
        kind=JobKind(row["kind"]),
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
        mark=row["mark"],
        seq=row["seq"],
        favourite=bool(row["favourite"]),
    )


def picture_of(row: Row) -> PictureRecord:
    """A row of ``pictures``."""
    return PictureRecord(
        row["job_id"],
        row["position"],
        row["file"],
        row["width"],
        row["height"],
        row["bytes"],
        row["seed"],
    )
