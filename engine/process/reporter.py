"""What is said of each job: its steps, a preview once a second, and exactly one final event.

Pictures are encoded by a thread of their own. Knows nothing of turns or models.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Sequence
from typing import Any

from PIL import Image

from engine.errors import EngineError
from engine.job import Cancelled, Event, Failed, Finished, Job, Picture, Progress
from engine.process.background import Background
from engine.process.failures import failed
from engine.process.finishing import Written, finished
from engine.process.job_state import JobState
from engine.process.wire import Happened, Report
from engine.seeing.classifier import Classifier

__all__ = ["Reporter"]

_PREVIEW_EVERY = 1.0
"""Seconds before a job's first preview and between two: nobody's message is edited more often."""

_LOG = logging.getLogger(__name__)


class Reporter:
    """Speaks for the ``jobs`` that are open, and closes them. ``ended`` is called after each final event.

    ``preview`` makes a JPEG from a model and latents. ``classifier`` looks at pictures before they go out;
    until it has, none is shown. Of jobs in ``unheard`` nothing is said.
    """

    def __init__(
        self,
        jobs: dict[str, JobState],
        emit: Callable[[Report], None],
        background: Background,
        *,
        preview: Callable[[Any, Any], bytes],
        classifier: Classifier | None,
        ended: Callable[[], None],
        clock: Callable[[], float],
    ) -> None:
        self._jobs, self._emit, self._background = jobs, emit, background
        self._preview, self._classifier, self._ended, self._clock = preview, classifier, ended, clock
        self.unheard: set[str] = set()

    def say(self, event: Event, *, started: bool = True) -> None:
        """Hands an event on."""
        if event.job_id not in self.unheard:
            self._emit(Happened(event, started))

    def is_open(self, state: JobState) -> bool:
        """Whether a job has had no final event yet."""
        return self._jobs.get(state.job.id) is state

    def progress(self, state: JobState, step: int, steps: int, latents: Any) -> None:
        """Tells a step, and has a preview made of the latents, if there are any, once a second."""
        state.step, state.steps = step, steps
        now, last = self._clock(), max(state.previewed, state.began)
        self.say(Progress(state.job.id, step, steps))
        unseen = self._classifier is not None and state.job.hide_above < 1
        if latents is not None and not unseen and step < steps and now - last >= _PREVIEW_EVERY:
            state.previewed = now
            model, copied = state.model, latents.detach().clone()
            shown = functools.partial(self._show, state)
            self._background.do("encoder", lambda: self._preview(model, copied), shown)

    def deliver(self, state: JobState, pictures: Sequence[Image.Image], notes: tuple[str, ...] = ()) -> None:
        """Has the pictures encoded, and ends the job with them. ``notes`` are told beside the plan's own."""
        delivered = functools.partial(self.delivered, state, notes)
        self._background.do("encoder", lambda: self.finish(pictures, state.job), delivered)

    def finish(self, pictures: Sequence[Image.Image], job: Job) -> Written:
        """A job's pictures as they may be shown. Raises EngineError; for any thread."""
        return finished(pictures, job, self._classifier)

    def delivered(
        self, state: JobState, notes: tuple[str, ...], written: Written | None, error: Exception | None
    ) -> None:
        """Ends a job with its encoded pictures, or what went wrong, unless it was cancelled meanwhile."""
        if not self.is_open(state):
            return
        if written is None:
            self.fail(state, error or EngineError("The pictures could not be encoded."))
            return
        job = state.job
        pictures = tuple(
            Picture(png, width, height, seed, position)
            for position, ((png, width, height), seed) in enumerate(
                zip(written.pngs, job.plan.seeds, strict=True), 1
            )
        )
        seconds = self._clock() - state.began
        told = (*job.plan.notes, *written.notes, *notes)
        self.end(Finished(job.id, pictures, seconds, told, written.hidden))

    def fail(self, state: JobState, error: Exception) -> None:
        """Ends a job with a sentence for its owner."""
        self.end(failed(state.job, error))

    def end(self, event: Finished | Failed | Cancelled) -> None:
        """Says the final event of a job, and forgets it."""
        del self._jobs[event.job_id]
        self.say(event)
        self.unheard.discard(event.job_id)
        self._ended()

    def _show(self, state: JobState, jpeg: bytes | None, error: Exception | None) -> None:
        if error is not None:
            _LOG.warning("no preview of %s", state.job.id, exc_info=error)
        elif self.is_open(state) and not state.drawn:
            self.say(Progress(state.job.id, state.step, state.steps, jpeg))
