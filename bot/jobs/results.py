"""A job's pictures: kept when they are rendered, found again one by one, together, or as the final message.

Knows nothing of Discord's network or of how a job came to be rendered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeAlias

from bot.errors import Gone, PictureGone
from bot.jobs.outcome import Origin
from bot.memory.jobs import Jobs
from bot.memory.picture_files import Pictures, fitted
from bot.memory.records import JobKind, JobRecord, PictureRecord
from bot.messages import job_messages
from bot.messages.message import Message, Rows
from bot.messages.wording import file_name
from engine import Picture

__all__ = ["ButtonsUnder", "Results"]

REQUEST_LIMIT = 24 * 2**20  # bytes of all files of a message

ButtonsUnder: TypeAlias = Callable[[JobRecord, int], Rows]
"""The buttons under a job's message as it stands; the number is that of its pictures."""


class Results:
    """What came of jobs."""

    def __init__(self, jobs: Jobs, pictures: Pictures, buttons: ButtonsUnder) -> None:
        self._jobs = jobs
        self._pictures = pictures
        self._buttons = buttons

    async def keep(self, job: JobRecord, picture: Picture) -> PictureRecord:
        """Put a rendered picture away; its row is still to be written."""
        stamped = await asyncio.to_thread(_origin(job).stamped, picture.png, picture.seed)
        file = await self._pictures.keep(stamped)
        size = len(stamped)
        return PictureRecord(
            job.id, picture.position, file, picture.width, picture.height, size, picture.seed
        )

    async def picture(self, job: JobRecord, position: int) -> PictureRecord:
        """One kept picture of a job. Raises Gone."""
        for picture in await self._jobs.pictures(job.id):
            if picture.position == position:
                return picture
        raise Gone("That picture is no longer kept here.")

    async def singles(self, job: JobRecord) -> list[tuple[str, bytes]]:
        """Every picture of a job as a file of its own, fit to be sent together. Raises PictureGone."""
        files = []
        pictures = await self._jobs.pictures(job.id)
        for picture in pictures:
            limit = min(job.place.upload_limit, REQUEST_LIMIT // len(pictures))
            data, extension = await fitted(await self._pictures.read(picture.file), limit)
            name = file_name(job.user_name, job.shown, f"{job.id}_{picture.position}", extension)
            files.append((name, data))
        return files

    def rows(self, job: JobRecord, count: int = 1) -> Rows:
        """The buttons under a finished job's message, with so many pictures in it."""
        return self._buttons(job, count)

    async def message(self, job: JobRecord) -> Message:
        """The final message of a rendered job. Raises PictureGone."""
        pictures = await self._jobs.pictures(job.id)
        if not pictures:
            raise PictureGone(job.id)
        whole = [await self._pictures.read(picture.file) for picture in pictures]
        if len(whole) > 1:
            whole = [await asyncio.to_thread(_origin(job).grid, whole, pictures[0].seed)]
        picture, extension = await fitted(whole[0], job.place.upload_limit)
        rows, source = self.rows(job, len(pictures)), await self._source(job)
        return job_messages.final(job, picture, extension, rows, source)

    async def _source(self, job: JobRecord) -> JobRecord | None:
        """The job of whose picture a region was drawn anew, also by 🔄, if there is one."""
        if job.kind is not JobKind.VARY_REGION:
            return None
        source: JobRecord | None = job
        while source is not None and source.kind is JobKind.VARY_REGION:
            source = await self._jobs.get(source.parent_id) if source.parent_id else None
        return source


def _origin(job: JobRecord) -> Origin:
    return Origin(job.shown, job.spec, job.plan, job.id, job.mark)
