"""What is done beside the turns, by other threads: pictures described, enlarged, and regions found in them.

None of it needs a model that draws.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace

from engine.errors import BadPicture, EngineError
from engine.job import Description, Progress, Request
from engine.process.background import Background
from engine.process.failures import as_engine_error
from engine.process.job_state import JobState
from engine.process.program import Program
from engine.process.reporter import Reporter
from engine.process.wire import Described, Report, Select, Selected

__all__ = ["SideWork"]


class SideWork:
    """Asks the ``program``; answers go out as reports, or to whoever goes on with the job."""

    def __init__(
        self, program: Program, background: Background, reporter: Reporter, emit: Callable[[Report], None]
    ) -> None:
        self._program, self._background, self._reporter, self._emit = program, background, reporter, emit

    def describe(self, number: int, png: bytes, turn: int) -> None:
        """Has a picture described; the answer is a `Described` with the same number."""
        self._answer(number, "describing a picture", lambda: self._program.describe(png, turn))

    def say(self, number: int, request: Request) -> None:
        """Has a language model answer; the answer is a `Described` with the same number."""
        self._answer(number, "asking a language model", lambda: self._program.say(request))

    def select(self, order: Select) -> None:
        """Has a thing found in a picture; the answer is a `Selected` with the same number."""

        def then(mask: bytes | None, error: Exception | None) -> None:
            problem = "" if error is None else str(as_engine_error(error, "looking for a thing in a picture"))
            self._emit(Selected(order.number, mask, problem, isinstance(error, BadPicture)))

        work = functools.partial(self._program.select, order.png, order.words, order.point)
        self._background.do("describer", work, then)

    def _answer(self, number: int, doing: str, work: Callable[[], Description]) -> None:
        def then(said: Description | None, error: Exception | None) -> None:
            problem = None if error is None else str(as_engine_error(error, doing))
            unreadable = isinstance(error, BadPicture)
            prompts, notes = (said.prompts, said.notes) if said is not None else ((), ())
            self._emit(Described(number, prompts, problem, unreadable, notes))

        self._background.do("describer", work, then)

    def enlarge(self, state: JobState, now: float) -> None:
        """Has an upscale drawn and delivered; it began ``now``."""
        job, state.began, state.drawn = state.job, now, True
        self._reporter.say(Progress(job.id, 0, 1))
        self._background.do(
            "enlarger",
            lambda: self._reporter.finish(
                self._program.run(None, job.plan, job.inputs, lambda *_: None), job
            ),
            functools.partial(self._reporter.delivered, state, ()),
        )

    def locate(self, state: JobState, then: Callable[[], None]) -> None:
        """Has the region found that a job's plan names in words: its last source, when ``then`` is called."""
        job = state.job

        def found(mask: bytes | None, error: Exception | None) -> None:
            if not self._reporter.is_open(state):
                return  # cancelled meanwhile
            if mask is None:
                self._reporter.fail(state, error or EngineError("The region could not be found."))
                return
            sources = len(job.inputs) - job.plan.referred
            state.job = replace(job, inputs=(*job.inputs[:sources], mask, *job.inputs[sources:]))
            then()

        self._background.do("describer", lambda: self._program.locate(job.plan, job.inputs), found)
