"""The one flow that commands and buttons share: keep the job, render it, show how it goes, deliver, recover.

A job is a row before anyone is told of it, its pictures are files before they are rows, and a status only
grows: so
whatever moment the process dies at, ``recover`` goes on from what is kept. Knows nothing of interactions,
commands or
buttons.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
import uuid
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from bot.errors import Gone, QueueFull, told
from bot.jobs.delivery import Delivery, Undeliverable
from bot.memory.jobs import History, JobRecord, Kind, Place, Shot, Status
from bot.memory.people import User
from bot.memory.picture_files import PictureGone, Pictures, fitted
from bot.memory.rules import Limits
from bot.messages import letters as messages
from bot.messages.letters import Letter
from engine import (
    Cancelled,
    Engine,
    EngineClosed,
    Event,
    Failed,
    Finished,
    Job,
    Lane,
    Picture,
    Plan,
    Progress,
    Queued,
    make_grid,
)
from engine.pictures.provenance import stamp

__all__ = ["Draft", "Studio"]

log = logging.getLogger(__name__)
T = TypeVar("T")

EDIT_EVERY = 1.5  # seconds between two passing edits in one channel; Discord takes about five in five seconds
LONGEST_WAIT = 30.0
LAST_MOMENT = 3.0
REQUEST_LIMIT = 24 * 2**20  # bytes of all files of a message


@dataclass(frozen=True, slots=True)
class Draft:
    """A job that was asked for: everything but who, where and when. ``inputs`` are names of kept pictures."""

    kind: Kind
    prompt: str
    shown: str
    spec: dict[str, Any]
    plan: Plan
    lane: Lane = Lane.FAST
    inputs: tuple[str, ...] = ()
    parent_id: str | None = None
    position: int = 0


@dataclass(slots=True)
class _Run:
    """A job on its way: the record as it stands, the task that drives it, the passing edit that is on the
    wire. ``noted`` is the place that the database knows. ``preview`` is the newest: it comes rarely, and the
    edit that shows it is seldom its own.
    """

    job: JobRecord
    noted: Place
    task: asyncio.Task[None] | None = None
    edit: asyncio.Task[None] | None = None
    preview: bytes | None = None
    rendering: bool = False
    cancelled: bool = False
    again: bool = False
    ending: bool = False


class Studio:
    """All jobs that are not finished yet."""

    def __init__(
        self,
        engine: Engine,
        history: History,
        pictures: Pictures,
        delivery: Delivery,
        limits: Limits,
        delivered: Callable[[JobRecord], Awaitable[None]],
    ) -> None:
        self.engine = engine
        self.history = history
        self.pictures = pictures
        self._delivery = delivery
        self._limits = limits
        self._delivered = delivered
        self._runs: dict[str, _Run] = {}
        self._coming: Counter[int] = Counter()
        self._busy: Counter[int] = Counter()
        self._shares: dict[int, int] = {}
        self._lines: dict[int, deque[_Run]] = {}
        self._next_edit: dict[int, float] = {}
        self._idle = asyncio.Event()
        self._idle.set()

    @contextmanager
    def admitted(self, user_id: int, limits: Limits) -> Iterator[None]:
        """Room for one more job of the user's, held until the body has started it.

        Raises QueueFull when the user has as many jobs as may wait.
        """
        jobs = sum(run.job.user_id == user_id for run in self._runs.values()) + self._coming[user_id]
        if jobs >= limits.queued + limits.running:
            raise QueueFull(
                "Your job queue is full. Please wait for a job to finish first, then resubmit this one."
            )
        self._shares[user_id] = limits.running
        self._coming[user_id] += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._coming[user_id] -= 1
            if not self._coming[user_id]:
                del self._coming[user_id]
            if user_id not in self._busy:
                self._shares.pop(user_id, None)
            self._rest()

    async def keep(self, user: User, place: Place, drafts: Sequence[Draft]) -> list[JobRecord]:
        """Make jobs of drafts: from here on they are not lost.

        The first one's message is the answer itself.
        """
        jobs = [
            JobRecord(
                id=str(uuid.uuid4()),
                user_id=user.id,
                user_name=user.name,
                kind=draft.kind,
                prompt=draft.prompt,
                shown=draft.shown,
                spec=draft.spec,
                plan=draft.plan,
                lane=draft.lane,
                place=place if index == 0 else replace(place, original=False, message_id=None),
                parent_id=draft.parent_id,
                position=draft.position,
                notes=draft.plan.notes,
                created=time.time(),
            )
            for index, draft in enumerate(drafts)
        ]
        await self.history.add(user, jobs, [draft.inputs for draft in drafts])
        return jobs

    def start(self, job: JobRecord, message_id: int | None = None) -> asyncio.Task[None]:
        """Tell that a kept job waits, and drive it to its end. Returns the telling."""
        run = _Run(job, job.place)
        if message_id is not None:
            run.job = job.at(replace(job.place, message_id=message_id))
        run.edit = asyncio.create_task(self._edit(run, messages.waiting(run.job)))
        self._enter(run)
        return run.edit

    def recover(self, jobs: Sequence[JobRecord]) -> None:
        """Take up the unfinished jobs of an earlier life, in order."""
        for job in jobs:
            self._enter(_Run(job, job.place, again=True))

    async def cancel(self, job_id: str, user_id: int) -> bool:
        """Stop the user's own job; False when it is not theirs or has ended."""
        run = self._runs.get(job_id)
        if run is None or run.job.user_id != user_id or run.job.status >= Status.RENDERED:
            return False
        run.cancelled = True
        if run.rendering:
            return bool(await self.engine.cancel(job_id))
        if run.task is None:
            self._lines[user_id].remove(run)
            self._launch(run)
        return True

    def live(self, user_id: int | None = None) -> tuple[int, int]:
        """How many jobs wait and how many are being rendered, of one user or of all."""
        runs = [run for run in self._runs.values() if user_id in (None, run.job.user_id)]
        states = Counter(run.job.status for run in runs)
        return states[Status.QUEUED], len(runs) - states[Status.QUEUED]

    async def settled(self, job_id: str) -> None:
        """Come back when the job is at its end, whatever that is: a message may stand before it is noted."""
        run = self._runs.get(job_id)
        if run is not None and run.task is not None:
            await asyncio.wait({run.task})

    async def idle(self) -> None:
        """Come back when there is no job that is not finished."""
        await self._idle.wait()

    def _rest(self) -> None:
        if not self._runs and not self._coming:
            self._idle.set()

    async def picture(self, job: JobRecord, position: int) -> Shot:
        """One kept picture of a job. Raises Gone."""
        for shot in await self.history.shots(job.id):
            if shot.position == position:
                return shot
        raise Gone("That picture is no longer kept here.")

    async def delete(self, job: JobRecord) -> None:
        """Remove a finished job's message, rows and files."""
        for place in await self.history.showings(job):
            await self._delivery.withdraw(place)
        await self.pictures.delete(await self.history.delete(job.id))

    async def close(self) -> None:
        """Let go of every job where it stands; the next life takes them up.

        Those that are just being delivered get a moment to finish, so that they need not be looked at again.
        """
        ending = [run.task for run in self._runs.values() if run.ending and run.task is not None]
        if ending:
            await asyncio.wait(ending, timeout=LAST_MOMENT)
        tasks = [task for run in self._runs.values() for task in (run.task, run.edit) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _enter(self, run: _Run) -> None:
        """Begin, or stand in the line of jobs whose user has as many running as one may."""
        self._runs[run.job.id] = run
        self._idle.clear()
        user_id = run.job.user_id
        if self._busy[user_id] < self._shares.get(user_id, self._limits.running):
            self._launch(run)
        else:
            self._lines.setdefault(user_id, deque()).append(run)

    def _launch(self, run: _Run) -> None:
        self._busy[run.job.user_id] += 1
        run.task = asyncio.create_task(self._drive(run), name=f"job-{run.job.id}")
        run.task.add_done_callback(lambda task: self._let_go(run, task))

    def _let_go(self, run: _Run, task: asyncio.Task[None]) -> None:
        """The job is at its end: whoever is next in its user's line begins."""
        user_id = run.job.user_id
        del self._runs[run.job.id]
        self._rest()
        self._busy[user_id] -= 1
        if not self._busy[user_id]:
            del self._busy[user_id]
            self._shares.pop(user_id, None)
        if task.cancelled():
            return
        if (error := task.exception()) is not None:
            log.error("job %s stays unfinished until the next start", run.job.id, exc_info=error)
        if line := self._lines.get(user_id):
            self._launch(line.popleft())
            if not line:
                del self._lines[user_id]

    async def _drive(self, run: _Run) -> None:
        try:
            if run.again and run.job.place.message_id is None:
                run.job = run.job.at(await self._delivery.found(run.job))
            if run.job.status < Status.RENDERED:
                ended = Cancelled(run.job.id) if run.cancelled else await self._render(run)
                if ended is not None:
                    await self._end(run, ended)
                    return
            if run.again and await self._delivery.stands(run.job):
                await self._insist(lambda: self.history.ended(run.job.id, Status.DELIVERED))
            else:
                await self._deliver(run)
        except EngineClosed:
            log.info("job %s stays queued", run.job.id)
        except Exception as error:  # the last line of defence: the job ends, its user is told
            _, reason = told(error)
            await self._end(run, Failed(run.job.id, reason))

    async def _render(self, run: _Run) -> Failed | Cancelled | None:
        """Follow the engine to the job's end; None when its pictures are kept."""
        job = run.job
        inputs = [await self.pictures.read(name) for name in await self.history.inputs(job.id)]
        work = Job(job.id, job.plan, str(job.user_id), job.lane, tuple(inputs))
        if run.cancelled:
            return Cancelled(job.id)
        run.rendering = True
        last: Event | None = None
        async for event in self.engine.submit(work):
            last = event
            match event:
                case Queued():
                    if event.position > 1:
                        self._show(run, messages.waiting(run.job, event.position, event.eta))
                case Progress():
                    if run.job.status < Status.RUNNING:
                        run.job = replace(run.job, status=Status.RUNNING)
                        await self._insist(lambda: self.history.began(job.id))
                    run.preview = event.preview or run.preview
                    self._show(run, messages.running(run.job, event.percent, run.preview))
        match last:
            case Finished():
                await self._keep_pictures(run, last)
                return None
            case Failed() | Cancelled():
                return last
        raise RuntimeError(f"the engine gave job {job.id} no end")

    async def _keep_pictures(self, run: _Run, done: Finished) -> None:
        job = run.job
        shots = [await self._keep_picture(job, picture) for picture in done.pictures]
        notes = tuple(dict.fromkeys((*job.notes, *done.notes)))
        await self._insist(lambda: self.history.rendered(job.id, shots, done.seconds, notes))
        run.job = replace(run.job, status=Status.RENDERED, notes=notes)

    async def _keep_picture(self, job: JobRecord, picture: Picture) -> Shot:
        stamped = await asyncio.to_thread(
            stamp,
            picture.png,
            prompt=job.shown,
            spec=job.spec,
            seed=picture.seed,
            model=job.plan.model,
            job_id=job.id,
        )
        file = await self.pictures.keep(stamped)
        return Shot(job.id, picture.position, file, picture.width, picture.height, len(stamped), picture.seed)

    async def _deliver(self, run: _Run) -> None:
        job = run.job
        try:
            letter = await self.letter(job)
        except PictureGone:
            await self._end(run, Failed(job.id, "Its pictures were lost from the disk."))
            return
        await self._settle(run, letter, Status.DELIVERED)
        await self._delivered(run.job)

    async def singles(self, job: JobRecord) -> list[tuple[str, bytes]]:
        """Every picture of a job as a file of its own, fit to be sent together. Raises PictureGone."""
        files = []
        shots = await self.history.shots(job.id)
        for shot in shots:
            limit = min(job.place.upload_limit, REQUEST_LIMIT // len(shots))
            data, extension = await fitted(await self.pictures.read(shot.file), limit)
            name = messages.file_name(job.user_name, job.shown, f"{job.id}_{shot.position}", extension)
            files.append((name, data))
        return files

    async def letter(self, job: JobRecord) -> Letter:
        """The final message of a rendered job. Raises PictureGone."""
        shots = await self.history.shots(job.id)
        if not shots:
            raise PictureGone(job.id)
        tiles = [await self.pictures.read(shot.file) for shot in shots]
        grid = await asyncio.to_thread(self._grid, job, tiles, shots[0].seed)
        picture, extension = await fitted(grid, job.place.upload_limit)
        return messages.final(job, picture, extension, len(shots))

    @staticmethod
    def _grid(job: JobRecord, tiles: Sequence[bytes], seed: int) -> bytes:
        if len(tiles) == 1:
            return tiles[0]
        return stamp(
            make_grid(tiles), prompt=job.shown, spec=job.spec, seed=seed, model=job.plan.model, job_id=job.id
        )

    async def _end(self, run: _Run, event: Failed | Cancelled) -> None:
        if isinstance(event, Cancelled):
            await self._settle(run, messages.cancelled(run.job), Status.CANCELLED)
        else:
            letter = messages.failed(run.job, event.reason)
            await self._settle(run, letter, Status.FAILED, event.reason)

    async def _settle(self, run: _Run, letter: Letter, status: Status, reason: str = "") -> None:
        """Put up the message that stays, then mark the job: done twice after a crash, it is the same
        message.
        """
        job = run.job
        run.ending = True
        if run.edit is not None:
            await asyncio.wait({run.edit})
        try:
            place = await self._delivery.insist(run.job, letter)
        except Undeliverable as error:
            log.warning("job %s has nowhere to go: %s", job.id, error)
        else:
            await self._moved(run, place)
        await self._insist(lambda: self.history.ended(job.id, status, reason))

    def _show(self, run: _Run, letter: Letter) -> None:
        """A passing edit: dropped when the channel has just had one or this job's last is still on the
        wire.
        """
        now = time.monotonic()
        channel = run.job.place.channel_id
        if run.edit is not None or now < self._next_edit.get(channel, 0.0):
            return
        self._next_edit = {where: when for where, when in self._next_edit.items() if when > now}
        self._next_edit[channel] = now + EDIT_EVERY
        run.edit = asyncio.create_task(self._edit(run, letter))

    async def _edit(self, run: _Run, letter: Letter) -> None:
        try:
            await self._moved(run, run.job.place)
            place = await self._delivery.attempt(run.job, letter)
            if place is not None:
                await self._moved(run, place)
        finally:
            run.edit = None

    async def _moved(self, run: _Run, place: Place) -> None:
        run.job = run.job.at(place)
        if place != run.noted:
            run.noted = place
            await self._insist(lambda: self.history.moved(run.job.id, place))

    async def _insist(self, write: Callable[[], Awaitable[T]]) -> T:
        """Write to the database until it takes it: a lock or a full disk passes, a finished job must not be
        lost.
        """
        wait = 0.5
        while True:
            try:
                return await write()
            except sqlite3.OperationalError as error:
                log.warning("the database would not write (%s); again in %.1f s", error, wait)
            await asyncio.sleep(wait)
            wait = min(LONGEST_WAIT, wait * 2)
