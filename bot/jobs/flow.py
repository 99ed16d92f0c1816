"""The one flow that commands and buttons share: keep the job, render it, show how it goes, deliver, recover.

A job is a row before anyone is told of it, its pictures are files before they are rows, and a status only
grows: so whatever moment the process dies at, ``recover`` goes on from what is kept. A delivered job is
final: what listens to deliveries runs after its end and cannot touch it. Knows nothing of interactions,
commands or buttons.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TypeAlias

from bot import logs
from bot.errors import PictureGone, explained
from bot.jobs.changes import Changes
from bot.jobs.delivery import Delivery
from bot.jobs.draft import Draft, files_of
from bot.jobs.lines import Lines
from bot.jobs.moderators import Moderators
from bot.jobs.outcome import notes_of
from bot.jobs.quota import cost
from bot.jobs.rendering import RenderEngine
from bot.jobs.results import ButtonsUnder, Results
from bot.jobs.updates import Run, Updates
from bot.memory.database import insist
from bot.memory.jobs import Jobs
from bot.memory.people import User
from bot.memory.picture_files import Pictures
from bot.memory.records import JobRecord, Place, Status
from bot.memory.rules import Limits
from bot.memory.showings import Showings
from bot.messages import job_messages
from bot.metrics import Metrics
from engine import Cancelled, EngineClosed, Event, Failed, Finished, Job, Progress, Queued
from engine.pictures.identity import number_of

__all__ = ["JobFlow", "Listener"]

log = logging.getLogger(__name__)

LAST_MOMENT = 3.0  # seconds that a stop leaves for what is just being delivered

Listener: TypeAlias = Callable[[JobRecord], Awaitable[None]]
"""Called with each job that was delivered; what it raises is logged."""


class JobFlow:
    """All jobs that are not finished yet, ``under_way`` by id. ``lines`` admits new ones.

    ``changes`` tells whoever watches what becomes of them.
    """

    def __init__(
        self,
        engine: RenderEngine,
        jobs: Jobs,
        showings: Showings,
        pictures: Pictures,
        results: Results,
        delivery: Delivery,
        updates: Updates,
        limits: Limits,
        buttons: ButtonsUnder,
        marks: bool,
        moderators: Moderators,
        metrics: Metrics,
    ) -> None:
        self._engine = engine
        self._jobs = jobs
        self._showings = showings
        self._pictures = pictures
        self._results = results
        self._delivery = delivery
        self._buttons = buttons
        self._marks = marks
        self._moderators = moderators
        self._updates = updates
        self.lines = Lines(limits)
        self._metrics = metrics
        self.changes = Changes()
        self._runs: dict[str, Run] = {}
        self.under_way: Mapping[str, Run] = MappingProxyType(self._runs)
        self._listeners: list[Listener] = []
        self._after: set[asyncio.Task[None]] = set()

    def on_delivery(self, listener: Listener) -> None:
        """Have a listener called with every job that is delivered from here on."""
        self._listeners.append(listener)

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
        await self._jobs.add(user, jobs, [await files_of(draft, self._jobs) for draft in drafts])
        return jobs

    def start(self, job: JobRecord, message_id: int | None = None) -> asyncio.Task[None]:
        """Tell that a kept job waits, and drive it to its end. Returns the telling."""
        run = Run(job, job.place)
        if message_id is not None:
            run.job = job.at(replace(job.place, message_id=message_id))
        telling = self._updates.begin(run, job_messages.waiting(run.job, self._buttons(run.job, 0)))
        self._enter(run)
        return telling

    def recover(self, jobs: Sequence[JobRecord]) -> None:
        """Take up the unfinished jobs of an earlier life, in order."""
        for job in jobs:
            self._enter(Run(job, job.place, again=True))

    async def cancel(self, job_id: str, user_id: int) -> bool:
        """Stop the user's own job; False when it is not theirs or has ended."""
        run = self._runs.get(job_id)
        if run is None or run.job.user_id != user_id or run.job.status >= Status.RENDERED:
            return False
        run.cancelled = True
        if run.rendering:
            return await self._engine.cancel(job_id)
        if run.task is None:
            self.lines.pass_by(run)
            self._launch(run)
        return True

    async def cancel_all(self, user_id: int, *, wait: float = 0.0) -> int:
        """Stop all of a user's jobs that have not ended; how many these were.

        Waits so many seconds for their messages to say so.
        """
        own = [job_id for job_id, run in self._runs.items() if run.job.user_id == user_id]
        # Those that wait longest go last: else one would begin for each that ends.
        stopped = sum([await self.cancel(job_id, user_id) for job_id in reversed(own)])
        tasks = [run.task for run in self._runs.values() if run.job.user_id == user_id and run.task]
        if wait and tasks:
            await asyncio.wait(tasks, timeout=wait)
        return stopped

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

    async def delete(self, job: JobRecord) -> None:
        """Remove a finished job's message, rows and files."""
        for place in await self._showings.of(job):
            await self._delivery.withdraw(place)
        await self._pictures.delete(await self._jobs.delete(job.id))

    async def close(self) -> None:
        """Let go of every job where it stands; the next life takes them up.

        Those that are just being delivered get a moment to finish, so that they need not be looked at again.
        """
        self.changes.close()
        ending = [run.task for run in self._runs.values() if run.ending and run.task is not None]
        if ending or self._after:
            await asyncio.wait({*ending, *self._after}, timeout=LAST_MOMENT)
        tasks = [task for run in self._runs.values() for task in (run.task, run.edit) if task is not None]
        tasks += self._after
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _enter(self, run: Run) -> None:
        """Begin, or stand in the line of jobs whose user has as many running as one may."""
        self._runs[run.job.id] = run
        self.changes.tell(run.job)
        if self.lines.enter(run):
            self._launch(run)

    def _launch(self, run: Run) -> None:
        run.task = asyncio.create_task(self._drive(run), name=f"job-{run.job.id}")
        run.task.add_done_callback(lambda task: self._let_go(run, task))

    def _let_go(self, run: Run, task: asyncio.Task[None]) -> None:
        """The job is at its end: whoever is next in its user's line begins."""
        del self._runs[run.job.id]
        self.changes.tell(run.job)
        self.lines.leave(run)
        if task.cancelled():
            return
        if run.job.status.done:
            self._metrics.count("easel_jobs_total", outcome=run.job.status.name.lower())
            _note(run.job)
        if (error := task.exception()) is not None:
            log.error("job %s stays unfinished until the next start", run.job.id, exc_info=error)
        if (following := self.lines.next(run.job.user_id)) is not None:
            self._launch(following)

    async def _drive(self, run: Run) -> None:
        logs.JOB.set(run.job.id)
        try:
            if run.again and run.job.place.message_id is None:
                place = await self._delivery.found(run.job)
                run.job = run.job.at(place)
            if run.job.status < Status.RENDERED:
                ended = Cancelled(run.job.id) if run.cancelled else await self._render(run)
                if ended is not None:
                    await self._end(run, ended)
                    return
            if run.again and await self._delivery.stands(run.job):
                await insist(lambda: self._jobs.ended(run.job.id, Status.DELIVERED))
                run.job = replace(run.job, status=Status.DELIVERED)
            else:
                await self._deliver(run)
        except EngineClosed:
            log.info("job %s stays queued", run.job.id)
        except Exception as error:  # the last line of defence: the job ends, its user is told
            _, reason = explained(error)
            await self._end(run, Failed(run.job.id, reason, kind=type(error).__name__))

    async def _render(self, run: Run) -> Failed | Cancelled | None:
        """Follow the engine to the job's end; None when its pictures are kept."""
        inputs = [await self._pictures.read(name) for name in await self._jobs.inputs(run.job.id)]
        mark = number_of(run.job.plan, inputs) if self._marks else None
        # An edit on the wire may have found its message meanwhile: only the record of now is added to.
        run.job = job = replace(run.job, mark=mark)
        work = Job(job.id, job.plan, str(job.user_id), job.lane, tuple(inputs), mark, job.place.hide_above)
        if run.cancelled:
            return Cancelled(job.id)
        run.rendering = True
        last: Event | None = None
        async for event in self._engine.submit(work):
            last = event
            match event:
                case Queued():
                    run.position, run.eta = event.position, event.eta
                    self.changes.tell(run.job)
                    if event.position > 1:
                        rows = self._buttons(run.job, 0)
                        message = job_messages.waiting(run.job, rows, event.position, event.eta)
                        self._updates.show(run, message)
                case Progress():
                    await self._progressed(run, event)
        if isinstance(last, Finished | Failed):
            self._moderators.hid(run.job, last)
        match last:
            case Finished():
                return None if await self._keep_pictures(run, last) else Cancelled(job.id)
            case Failed() | Cancelled():
                return last
        raise RuntimeError(f"the engine gave job {job.id} no end")

    async def _progressed(self, run: Run, event: Progress) -> None:
        run.began = time.monotonic() if run.began is None else run.began
        if run.job.status < Status.RUNNING:
            run.job = replace(run.job, status=Status.RUNNING)
            self._metrics.observe("easel_wait_seconds", time.time() - run.job.created, lane=run.job.lane)
            await insist(lambda: self._jobs.began(run.job.id))
        run.saw(event.percent, event.preview)
        self.changes.tell(run.job)
        rows = self._buttons(run.job, 0)
        self._updates.show(run, job_messages.running(run.job, event.percent, run.preview, rows))

    async def _keep_pictures(self, run: Run, done: Finished) -> bool:
        """Whether the job is still there to have them: its owner may have removed all that is kept here."""
        job = run.job
        pictures = [await self._results.keep(job, picture) for picture in done.pictures]
        notes = notes_of(job.plan, done)
        if not await insist(lambda: self._jobs.rendered(job.id, pictures, done.seconds, notes, job.mark)):
            await self._pictures.delete(await self._jobs.unneeded(picture.file for picture in pictures))
            return False
        run.job = replace(run.job, status=Status.RENDERED, notes=notes, seconds=done.seconds)
        self.changes.tell(run.job)
        self._metrics.count("easel_pictures_total", len(pictures), model=job.plan.model)
        self._metrics.observe("easel_render_seconds", done.seconds, model=job.plan.model)
        return True

    async def _deliver(self, run: Run) -> None:
        try:
            message = await self._results.message(run.job)
        except PictureGone:
            lost = Failed(run.job.id, "Its pictures were lost from the disk.", kind=PictureGone.__name__)
            await self._end(run, lost)
            return
        await self._updates.settle(run, message, Status.DELIVERED)
        for listener in self._listeners:
            after = asyncio.create_task(_told(listener, run.job), name=f"after-{run.job.id}")
            self._after.add(after)
            after.add_done_callback(self._after.discard)

    async def _end(self, run: Run, event: Failed | Cancelled) -> None:
        if isinstance(event, Cancelled):
            drawn = cost(run.job.plan) if run.job.status is Status.RUNNING else 0
            message = job_messages.cancelled(run.job)
            await self._updates.settle(run, message, Status.CANCELLED, drawn=drawn)
        else:
            self._metrics.count("easel_failures_total", kind=event.kind)
            message = job_messages.failed(run.job, event.reason)
            await self._updates.settle(run, message, Status.FAILED, event.reason)


def _note(job: JobRecord) -> None:
    """One line in the log for a job at its end; what was asked for is nobody's business there."""
    log.info(
        "job %s of %s (%d): %s, %s, rendered %.1f s, %s after %.1f s",
        *(job.id, job.user_name, job.user_id, job.kind, job.plan.model, job.seconds),
        *(job.status.name.lower(), time.time() - job.created),
    )


async def _told(listener: Listener, job: JobRecord) -> None:
    try:
        await listener(job)
    except Exception as error:  # whatever it is, the job is delivered and stays so
        log.error("what follows the delivery of job %s failed", job.id, exc_info=error)
