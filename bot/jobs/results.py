"""A job's pictures: kept when they are rendered, found again one by one, together, or as the final message.

Knows nothing of Discord's network or of how a job came to be rendered.
"""

from __future__ import annotations

import asyncio
import functools
import logging
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
from engine import BadPicture, Picture
from engine.pictures.manifest import Signing

__all__ = ["ButtonsUnder", "Results"]

log = logging.getLogger(__name__)

MANIFEST = 2**16  # bytes that are left for the manifest of a picture that must fit
REQUEST_LIMIT = 24 * 2**20  # bytes of all files of a message

ButtonsUnder: TypeAlias = Callable[[JobRecord, int], Rows]
"""The buttons under a job's message as it stands; the number is that of its pictures."""


class Results:
    """What came of jobs."""

    def __init__(
        self, jobs: Jobs, pictures: Pictures, buttons: ButtonsUnder, signing: Signing | None = None
    ) -> None:
        self._signing = signing
        self._jobs = jobs
        self._pictures = pictures
        self._buttons = buttons

    async def keep(self, job: JobRecord, picture: Picture) -> PictureRecord:
        """Put a rendered picture away; its row is still to be written."""
        stamped = await asyncio.to_thread(_origin(job).stamped, picture.png, picture.seed)
        stamped = await self._signed(job, stamped)
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
            data, extension = await self._fitted(job, await self._pictures.read(picture.file), limit)
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
            sheet = await asyncio.to_thread(_origin(job).grid, whole, pictures[0].seed)
            whole = [await self._signed(job, sheet)]
        picture, extension = await self._fitted(job, whole[0], job.place.upload_limit)
        rows, source = self.rows(job, len(pictures)), await self._source(job)
        return job_messages.final(job, picture, extension, rows, source, len(pictures))

    async def _fitted(self, job: JobRecord, png: bytes, limit: int) -> tuple[bytes, str]:
        """The picture and its extension; what had to be saved anew is signed anew, if it fits then."""
        data, extension = await fitted(png, limit)
        if extension == "png" or self._signing is None:
            return data, extension
        smaller, extension = await fitted(png, limit - MANIFEST)
        signed = await self._signed(job, smaller)
        return (signed if len(signed) <= limit else data), extension

    async def _signed(self, job: JobRecord, data: bytes) -> bytes:
        """The picture with a manifest, where pictures are signed. One that cannot be is better than none."""
        if self._signing is None:
            return data
        parent, model = await self._parent(job), job.plan.model
        sign = functools.partial(self._signing.signed, data, model=model, title=job.kind, parent=parent)
        try:
            return await asyncio.to_thread(sign)
        except BadPicture as error:
            log.error("a picture of job %s goes out unsigned: %s", job.id, error)
            return data

    async def _parent(self, job: JobRecord) -> bytes | None:
        """The picture that a job was made from, if it is kept: another job's, or one that was brought."""
        files = [] if job.kind is JobKind.IMAGINE else await self._jobs.sources(job.id)
        try:
            return await self._pictures.read(files[0]) if files else None
        except PictureGone:
            return None

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
