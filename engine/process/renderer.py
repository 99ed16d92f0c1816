"""Jobs on one device: admits them, renders them side by side, step by step, and ends each exactly once.

The heart of a worker, without its process: orders come in as calls, reports go out through ``emit``. A `turn`
takes what has come in, admits whom it can, chooses whose calls go together, runs them as one forward and
settles what has ended. What takes long and shares nothing is done by other threads; all state belongs to the
thread that calls `turn`.

Knows nothing of pipes or of how a model draws: that is the `Program`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from PIL import Image

from engine.drawing import safety, unread
from engine.errors import UnknownModel
from engine.families import FAMILIES
from engine.job import Cancelled, Job, Lane, Progress
from engine.planning.plan import Action, Plan
from engine.planning.registry import Registry
from engine.process.announcements import Announcer
from engine.process.background import Background, Inbox
from engine.process.job_state import JobState
from engine.process.program import Program
from engine.process.reporter import Reporter
from engine.process.resident_adapters import ResidentAdapters
from engine.process.resident_controls import ResidentControls
from engine.process.residents import ResidentModels, control_shared, fit_in, load_shared
from engine.process.settings import WorkerSettings
from engine.process.side_work import SideWork
from engine.process.warm_up import warm_up_jobs
from engine.process.wire import Report, Residents
from engine.process.yielding import Yielding, cores
from engine.sharing.batching import Batcher, Call, Task
from engine.turns.lanes import Lanes, Waiting
from engine.turns.work import ForwardShape, cost, rows_of

__all__ = ["Renderer"]

_LANES = {lane: rank for rank, lane in enumerate(Lane)}
_WARM_UP = len(_LANES)
"""The lane of jobs that nobody asked for: behind all others."""

_CPU_ROWS, _GPU_ROWS = 8, 16
"""Rows of a forward of which nothing is known yet."""


class Renderer:
    """Renders many jobs side by side on one device.

    ``registry`` are the models that there are; another one may be set at any turn, and those in memory stay.
    ``emit`` gets every report, among them exactly one final event a job, from the thread that calls `turn`.
    ``side_work`` does what is no job.
    """

    def __init__(
        self,
        program: Program,
        registry: Registry,
        device: str,
        emit: Callable[[Report], None],
        *,
        settings: WorkerSettings | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        settings = settings or WorkerSettings()
        rows = _CPU_ROWS if device == "cpu" else _GPU_ROWS
        self._program, self.registry, self._clock = program, registry, clock
        self._jobs: dict[str, JobState] = {}
        self._lanes = Lanes(settings.active)
        self.batcher = Batcher(rows=rows)
        self._inbox = Inbox()
        self._background = Background(self._inbox)
        self._announcer = Announcer(
            self._lanes, rows, lambda event: self._reporter.say(event, started=False), clock
        )
        self._reporter = Reporter(
            self._jobs,
            emit,
            self._background,
            preview=program.preview,
            classifier=program.classifier,
            ended=self._announcer.hurry,
            clock=clock,
        )
        self.side_work = SideWork(program, self._background, self._reporter, emit)
        self._models = ResidentModels(
            settings.models,
            settings.memory,
            self._background,
            load=lambda name, fit: load_shared(program, self.registry.get(name), device, settings, fit),
            fit=lambda name, least: fit_in(program, self.registry.get(name), settings.memory, least),
            used=lambda: {state.job.plan.model for state in self._jobs.values() if state.holding},
            arrived=self._arrived,
            changed=lambda names: emit(Residents(names)),
        )
        self._loras = ResidentAdapters(
            self._background,
            load=lambda name, model: program.load_lora(self.registry.beside(name), model),
            names=lambda plan: plan.beside,
            place=lambda model: self._models.use(model).loras,
            model=self._models.use,
            plans=lambda model: _drawn_with(self._jobs.values(), model),
            failed=self._arrived,
        )
        self._references = ResidentAdapters(
            self._background,
            load=lambda name, model: program.load_reference_adapter(self.registry.adapter(name), model),
            names=lambda plan: list(dict.fromkeys(each.adapter for each in plan.references if each.adapter)),
            place=lambda model: self._models.use(model).references,
            model=self._models.use,
            plans=lambda model: _drawn_with(self._jobs.values(), model),
            failed=self._arrived,
        )
        self._controls = ResidentControls(
            self._background,
            load=lambda plan, model: control_shared(
                program, plan, self.registry.get(plan.model), model, device, settings
            ),
            model=self._models.use,
            used=lambda model: {
                state.job.plan.control.name
                for state in self._jobs.values()
                if state.holding and state.job.plan.model == model and state.job.plan.control
            },
            failed=self._arrived,
        )
        self._yielding = Yielding(torch.get_num_threads() if device == "cpu" else 1, cores())
        self._to_warm: set[str] = set()  # models loaded ahead, until they arrive
        self._turn_began: float | None = None
        self.rows, self.seconds = 0, 0.0  # of all forwards so far
        self.wide = 0  # rows that forwards like the last one should have

    def post(self, order: Callable[[], None]) -> None:
        """Has ``order`` run in the next `turn`. The only method for other threads."""
        self._inbox.post(order)

    def close(self) -> None:
        """Ends the other threads, after what they are at."""
        self._yielding.close()
        self._background.close()

    def submit(self, job: Job, *, alone: bool = False) -> None:
        """Queues a job. An upscale needs no model and waits for no turn."""
        self._jobs[job.id] = state = JobState(job)
        if job.plan.action is Action.UPSCALE:
            self.side_work.enlarge(state, self._clock())
        elif job.plan.canvas is not None and job.plan.canvas.words:
            self.side_work.locate(state, lambda: self._queue(state, alone))
        else:
            self._queue(state, alone)

    def cancel(self, job_id: str) -> None:
        """Ends a job where it is. Nothing happens for an unknown one."""
        state = self._jobs.get(job_id)
        if state is None:
            return
        if state.task is not None:
            state.task.cancel()
            state.free_hooks()
        if state.queued:
            self._lanes.remove(job_id)
        self._reporter.end(Cancelled(job_id))

    def describe(self, number: int, png: bytes, turn: int = 0) -> None:
        """Has a picture described; the answer is a `Described` with the same number."""
        self.side_work.describe(number, png, turn)

    def load(self, model: str) -> None:
        """Has a model ready, and warm, before anyone asks for it, if there is room."""
        if model not in self._models and self._models.want(model):
            self._to_warm.add(model)

    def unload(self, model: str) -> None:
        """Frees a model that no job under way uses."""
        self._stop_warming()
        self._models.drop(model)

    @property
    def residents(self) -> tuple[str, ...]:
        """The models in memory, least recently used first."""
        return self._models.names

    def busy_for(self) -> float:
        """Seconds since the present turn began its work, 0 while waiting for some. For any thread."""
        began = self._turn_began
        return 0.0 if began is None else self._clock() - began

    def turn(self, *, wait: bool = False) -> None:
        """Takes orders, and does one step of whoever is next. ``wait``: sleeps while there is nothing."""
        heard = self._inbox.hear(wait=False)
        self._turn_began = began = self._clock()
        admitted = self._admit()
        chosen = self._choose()
        if chosen:
            self._run(chosen)
            self._settle(chosen)
            self._yielding.look()
        self._lanes.charge(self._clock() - began)
        self._announcer.announce(self._jobs)
        self._turn_began = None
        if wait and not (heard or admitted or chosen):
            self._inbox.hear(wait=True)

    def _admit(self) -> list[str]:
        """Starts the jobs that have a place and a model. One that waits for memory lets nobody pass."""
        crowded = False

        def ready(job_id: str) -> bool:
            nonlocal crowded
            if crowded:
                return False
            state = self._jobs[job_id]
            crowded = not self._models.want(state.job.plan.model)
            plan, here = state.job.plan, state.job.plan.model in self._models.names
            # all are asked, so that all are fetched at once
            beside = (
                [each.want(plan) for each in (self._loras, self._references, self._controls)] if here else []
            )
            state.holding = here and all(beside)
            return state.holding

        admitted = self._lanes.admit(ready)
        for job_id in admitted:
            self._start(self._jobs[job_id])
        return admitted

    def _choose(self) -> dict[str, Call]:
        """The calls that run next, in one forward, and whose they are."""
        tasks = ((job_id, state.task) for job_id, state in self._jobs.items())
        calls = {job_id: task.call for job_id, task in tasks if task is not None and task.call is not None}
        waiting = {job_id: Waiting(call.key, call.rows, call.pauses) for job_id, call in calls.items()}
        chosen = self._lanes.choose(
            waiting, lambda job_id, rows: self.batcher.limit(calls[job_id]).wanted(rows)
        )
        return {job_id: calls[job_id] for job_id in chosen}

    def _run(self, chosen: Mapping[str, Call]) -> None:
        """One shared forward, or one job's decoding; what it took is kept in mind."""
        forwards, began = self.batcher.forwards, self._clock()
        calls = list(chosen.values())
        first, rows = self._jobs[next(iter(chosen))], sum(call.rows for call in calls)
        limit = self.batcher.limit(calls[0]) if rows else None
        self.batcher.run(calls)
        decoded = 0 if rows else len(first.job.plan.seeds)
        assert first.shape is not None
        forwards = self.batcher.forwards - forwards
        self.wide = limit.rows if limit is not None else self.wide
        if rows:
            self.rows, self.seconds = self.rows + rows, self.seconds + self._clock() - began
        self._announcer.learn(first.shape, limit, forwards, rows, decoded, self._clock() - began)

    def _settle(self, job_ids: Iterable[str]) -> None:
        """Ends those of the jobs whose pipelines have come to their ends."""
        for job_id in job_ids:
            state = self._jobs[job_id]
            task = state.task
            assert task is not None
            if not task.dead:
                continue
            self._lanes.progress(job_id, 1.0)
            self._lanes.remove(job_id)
            state.task, state.queued = None, False
            if task.error is not None:
                state.free_hooks()
                state.holding, state.model = False, None
                model, ran_out = state.job.plan.model, isinstance(task.error, torch.OutOfMemoryError)
                if ran_out and job_id not in self._reporter.unheard and self._models.relieve(model):
                    self.batcher.forget(model)
                    self._queue(state, alone=False)
                else:
                    self._reporter.fail(state, task.error)
                continue
            state.holding, state.drawn, state.model = False, True, None
            pictures: Sequence[Image.Image] = task.value
            self._reporter.deliver(state, pictures, unread.notes(pictures))

    def _queue(self, state: JobState, alone: bool) -> None:
        """Has a job wait for its turn."""
        self._stop_warming()
        try:
            self._add(state, _LANES[state.job.lane], alone=alone)
        except UnknownModel as error:
            self._reporter.fail(state, error)
            return
        self._models.want(state.job.plan.model)
        self._announcer.hurry()

    def _add(self, state: JobState, lane: int, *, alone: bool = False) -> None:
        """Gives a job its place in a lane. Raises UnknownModel."""
        job, plan = state.job, state.job.plan
        family = FAMILIES[self.registry.get(plan.model).family]
        state.shape = ForwardShape(plan.model, plan.width, plan.height, self._program.forward_mode(plan))
        state.rows, state.queued = rows_of(plan, family), True
        self._lanes.add(job.id, job.owner, lane, cost(plan, family), alone=alone)

    def _start(self, state: JobState) -> None:
        """Runs a job's pipeline up to its first call."""
        job, state.began = state.job, self._clock()
        state.model = model = self._models.use(job.plan.model)
        if job.hide_above >= 1:
            model = safety.unchecked(model)
        mode = self._program.forward_mode(job.plan)

        def report(step: int, steps: int, latents: Any) -> None:
            self._lanes.progress(job.id, step / max(1, steps))
            self._reporter.progress(state, step, steps, latents)

        state.task = Task(
            lambda: self._program.run(model, job.plan, job.inputs, report),
            mode,
            lambda: mode.applied(model),
            self._program.adapters(model, job.plan),
        )
        self._reporter.say(Progress(job.id, 0, max(1, job.plan.stop_step)))
        state.task.resume()
        self._settle([job.id])

    def _arrived(self, model: str, error: Exception | None, part: str = "") -> None:
        """Goes on when a model has been loaded, or could not be, or what it is drawn with could not."""
        warm = model in self._to_warm
        self._to_warm.discard(model)
        if error is not None:
            for state in [s for s in self._jobs.values() if s.queued and s.wants(model, part)]:
                self._lanes.remove(state.job.id)
                self._reporter.fail(state, error)
        elif warm and not self._jobs:
            for job in warm_up_jobs(self.registry.get(model)):
                self._reporter.unheard.add(job.id)
                self._jobs[job.id] = state = JobState(job)
                self._add(state, _WARM_UP)

    def _stop_warming(self) -> None:
        for job_id in list(self._reporter.unheard):
            self.cancel(job_id)


def _drawn_with(jobs: Iterable[JobState], model: str) -> list[Plan]:
    """The plans that are being drawn with a model."""
    plans = (state.job.plan for state in jobs if state.holding)
    return [plan for plan in plans if plan.model == model]
