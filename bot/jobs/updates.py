"""A job on its way, and its message: edits that pass while it is rendered, and the one that stays.

Knows nothing of what the messages say.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, replace

from bot.jobs.delivery import Delivery, Undeliverable
from bot.memory.database import insist
from bot.memory.jobs import Jobs
from bot.memory.records import JobRecord, Place, Status
from bot.messages.message import Message

__all__ = ["Run", "Updates"]

log = logging.getLogger(__name__)

EDIT_EVERY = 1.5  # seconds between two passing edits in one channel; Discord takes about five in five seconds


@dataclass(slots=True, eq=False)
class Run:
    """A job on its way: the record as it stands and the task that drives it.

    ``noted`` is the place that the database knows, ``edit`` the passing edit that is on the wire. ``preview``
    is the newest of ``previews``: it comes rarely, and the edit that shows it is seldom its own. ``position``
    counts from 1 among those that wait, ``eta`` is in seconds, ``percent`` how much is drawn. ``began`` is
    when that was first heard of, by the monotonic clock. ``again``: an earlier life had begun with it.
    """

    job: JobRecord
    noted: Place
    task: asyncio.Task[None] | None = None
    edit: asyncio.Task[None] | None = None
    preview: bytes | None = None
    previews: int = 0
    position: int | None = None
    eta: float | None = None
    percent: int = 0
    began: float | None = None
    rendering: bool = False
    cancelled: bool = False
    again: bool = False
    ending: bool = False

    @property
    def seconds(self) -> float:
        """How long it has been drawn, since this life first heard of it."""
        return 0.0 if self.began is None else time.monotonic() - self.began

    def saw(self, percent: int, preview: bytes | None) -> None:
        """So much is drawn, and it may look like this."""
        self.percent, self.position = percent, None
        if preview is not None:
            self.preview, self.previews = preview, self.previews + 1


class Updates:
    """Keeps jobs' messages up to date. ``every``: seconds between two passing edits in one channel."""

    def __init__(self, delivery: Delivery, jobs: Jobs, every: float = EDIT_EVERY) -> None:
        self._delivery = delivery
        self._jobs = jobs
        self._every = every
        self._next_edit: dict[int, float] = {}

    def begin(self, run: Run, message: Message) -> asyncio.Task[None]:
        """The first edit of a job's message; it is not dropped."""
        run.edit = asyncio.create_task(self._edit(run, message))
        return run.edit

    def show(self, run: Run, message: Message) -> None:
        """A passing edit: dropped when the channel has just had one or this job's last is on the wire."""
        now = time.monotonic()
        channel = run.job.place.channel_id
        if run.edit is not None or now < self._next_edit.get(channel, 0.0):
            return
        self._next_edit = {where: when for where, when in self._next_edit.items() if when > now}
        self._next_edit[channel] = now + self._every
        run.edit = asyncio.create_task(self._edit(run, message))

    async def settle(
        self, run: Run, message: Message, status: Status, reason: str = "", *, drawn: int = 0
    ) -> None:
        """Put up the message that stays, then mark the job: done twice after a crash, it is the same.

        ``drawn``: so many pictures count for its owner's day, though no more comes of them.
        """
        seconds = run.seconds
        run.ending = True
        if run.edit is not None:
            await asyncio.wait({run.edit})
        try:
            place = await self._delivery.insist(run.job, message)
        except Undeliverable as error:
            level = logging.ERROR if status.has_pictures else logging.WARNING
            log.log(level, "job %s has nowhere to go: %s", run.job.id, error)
        else:
            await self._moved(run, place)
        await insist(lambda: self._jobs.ended(run.job.id, status, reason, drawn=drawn, seconds=seconds))
        run.job = replace(run.job, status=status)

    async def _edit(self, run: Run, message: Message) -> None:
        try:
            await self._moved(run, run.job.place)
            place = await self._delivery.attempt(run.job, message)
            if place is not None:
                await self._moved(run, place)
        finally:
            run.edit = None

    async def _moved(self, run: Run, place: Place) -> None:
        run.job = run.job.at(place)
        if place != run.noted:
            run.noted = place
            await insist(lambda: self._jobs.moved(run.job.id, place))
