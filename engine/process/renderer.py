"""Jobs on one device: admits them, renders them side by side, step by step, and says what happens to each.

The heart of a worker, without its process: orders come in as calls, reports go out through ``emit``. A `turn`
takes what has come in, starts whom it can and runs one shared forward. Models are loaded, pictures
described, previews and PNGs encoded by helper threads; all state belongs to the thread that calls `turn`.

Knows nothing of pipes or of how a model draws: that is the `Program`.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import logging
import queue
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, Protocol

import torch
from PIL import Image
from torch import nn

from engine.drawing import safety
from engine.errors import BadPicture, EngineError, NoSegmenter
from engine.job import Cancelled, Event, Failed, Finished, Job, Lane, Picture, Progress, Queued
from engine.pictures.decoding import to_png
from engine.planning.plan import Action, Conditioning, Plan
from engine.planning.registry import ModelEntry, Registry
from engine.process.wire import Described, Happened, Report, Residents
from engine.sharing.batching import EXACT, Batcher, Call, Task, install
from engine.sharing.graphs import Graphs, cuda_record
from engine.sharing.rows import RowLimit, first_rows
from engine.turns.forecast import Rest, forecast
from engine.turns.lanes import Lanes, Waiting
from engine.turns.pace import Kind, Pace, cost, rows_of

__all__ = ["Program", "Renderer"]

_LOG = logging.getLogger(__name__)
_LANES = {lane: rank for rank, lane in enumerate(Lane)}
_PREVIEW_EVERY = 1.0
_ANNOUNCE_EVERY = 0.5
_MEMORY = 30.0
_FORESEEN = 32  # waiting jobs whose ends are played out; those behind them are told by their work
_WARM_JOBS, _WARM_STEPS = 4, 8
_HELPERS = ("loader", "describer", "enlarger", "encoder")


class Mode(Hashable, Protocol):
    """How a forward must run; jobs with unequal modes do not share one."""

    def applied(self, model: Any) -> AbstractContextManager[Any]:
        """The model, run so, while the context lasts."""


def _nowhere(plan: Plan, inputs: Sequence[bytes]) -> bytes:
    raise NoSegmenter("Nothing here finds things by their names.")


@dataclass(frozen=True, slots=True)
class Program:
    """How pictures are made: the functions of `pipelines`, `preview` and `describe`, or a test's.

    ``run`` gets None for the model of an upscale, which needs none. ``locate`` finds the region that a plan
    names in words: a mask, which becomes the job's last input.
    """

    load: Callable[[ModelEntry, str], Any]
    run: Callable[[Any, Plan, Sequence[bytes], Callable[[int, int, Any], None]], list[Image.Image]]
    forward_mode: Callable[[Plan], Mode]
    preview: Callable[[Any, Any], bytes]
    describe: Callable[[bytes], Sequence[str]]
    locate: Callable[[Plan, Sequence[bytes]], bytes] = _nowhere


@dataclass(eq=False, slots=True)
class _Entrusted:
    """A job in the renderer's hands.

    First it waits, ``queued``, then it is ``holding`` its model, and then it is ``drawn``.
    """

    job: Job
    task: Task | None = None
    queued: bool = False
    holding: bool = False
    began: float = 0.0
    step: int = 0
    steps: int = 0
    previewed: float = float("-inf")
    place: int | None = None  # in the queue, as last told
    drawn: bool = False


class Renderer:
    """Renders many jobs side by side on one device.

    ``emit`` gets every report, among them exactly one final event a job, from the thread that calls `turn`.
    ``active`` bounds the jobs under way, ``models`` the models in memory. ``compiler`` is a backend of
    `torch.compile` for the denoisers, "" for none: each size of forward is compiled once. ``graphs`` has a
    GPU's forwards recorded and replayed.
    """

    def __init__(
        self,
        program: Program,
        registry: Registry,
        device: str,
        emit: Callable[[Report], None],
        *,
        active: int = 16,
        models: int = 2,
        compiler: str = "",
        graphs: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._program, self._registry, self._device, self._emit = program, registry, device, emit
        self._room, self._compiler, self._graphs, self._clock = models, compiler, graphs, clock
        self._lanes = Lanes(active)
        self._pace = Pace()
        self._limits: dict[Kind, RowLimit] = {}
        self._rows = 8 if device == "cpu" else 16
        self.batcher = Batcher(rows=self._rows)
        self._jobs: dict[str, _Entrusted] = {}
        self._models: dict[str, Any] = {}  # least recently used first; None while it loads
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._pools = [ThreadPoolExecutor(1, name) for name in _HELPERS]
        self._loader, self._describer, self._enlarger, self._encoder = self._pools
        self._rehearse: set[str] = set()  # models to be warmed when they arrive
        self._rehearsals: set[str] = set()  # jobs that nobody hears of
        self._announced = float("-inf")
        self._crowded = False
        self._turn_began: float | None = None

    def post(self, order: Callable[[], None]) -> None:
        """Has ``order`` run in the next `turn`. The only method for other threads."""
        self._inbox.put(order)

    def close(self) -> None:
        """Ends the helper threads, after what they are at."""
        for pool in self._pools:
            pool.shutdown(cancel_futures=True)

    def submit(self, job: Job, *, alone: bool = False) -> None:
        """Queues a job. An upscale needs no model and waits for no turn."""
        self._jobs[job.id] = entrusted = _Entrusted(job)
        if job.plan.action is Action.UPSCALE:
            self._enlarge(entrusted)
        elif job.plan.canvas is not None and job.plan.canvas.words:
            self._locate(entrusted, alone)
        else:
            self._queue(entrusted, alone)

    def cancel(self, job_id: str) -> None:
        """Ends a job where it is. Nothing happens for an unknown one."""
        entrusted = self._jobs.get(job_id)
        if entrusted is None:
            return
        if entrusted.task is not None:
            entrusted.task.cancel()
            self._free_hooks(entrusted)
        if entrusted.queued:
            self._lanes.remove(job_id)
        self._end(Cancelled(job_id))

    def describe(self, number: int, png: bytes) -> None:
        """Has a picture described; the answer is a `Described` with the same number."""

        def then(prompts: Any, error: Exception | None) -> None:
            unreadable = isinstance(error, BadPicture)
            if error is not None and not isinstance(error, EngineError):
                _LOG.error("describing a picture", exc_info=error)
            self._emit(Described(number, tuple(prompts or ()), _sentence(error), unreadable))

        self._aside(self._describer, lambda: self._program.describe(png), then)

    def load(self, model: str) -> None:
        """Has a model ready, and warm, before anyone asks for it, if there is room."""
        if model not in self._models and self._wants(model):
            self._rehearse.add(model)

    def unload(self, model: str) -> None:
        """Frees a model that no job under way uses."""
        self._stop_rehearsing()
        if self._models.get(model) is not None and model not in self._in_use():
            del self._models[model]
            free_memory()
            self._emit(Residents(self.residents))

    @property
    def residents(self) -> tuple[str, ...]:
        """The models in memory, least recently used first."""
        return tuple(name for name, model in self._models.items() if model is not None)

    def busy_for(self) -> float:
        """Seconds since the present turn began its work, 0 while waiting for some. For any thread."""
        began = self._turn_began
        return 0.0 if began is None else self._clock() - began

    def turn(self, *, wait: bool = False) -> None:
        """Takes orders, starts whom it can, runs one shared forward.

        ``wait``: sleeps while there is nothing.
        """
        heard = self._hear(wait=False)
        self._turn_began = began = self._clock()
        self._crowded = False
        admitted = self._lanes.admit(self._reserve)
        for job_id in admitted:
            self._start(self._jobs[job_id])
        calls = self._pending()
        chosen = self._lanes.choose(
            {job_id: Waiting(call.key, call.rows) for job_id, call in calls.items()},
            lambda job_id, rows: self.batcher.limit(calls[job_id]).wanted(rows),
        )
        if chosen:
            self._run(chosen, calls)
        self._lanes.charge(self._clock() - began)
        self._announce()
        self._turn_began = None
        if wait and not (heard or admitted or chosen):
            self._hear(wait=True)

    def _run(self, chosen: Sequence[str], calls: Mapping[str, Call]) -> None:
        """One shared forward, or one job's decoding; what it took is kept in mind."""
        first, forwards, began = self._jobs[chosen[0]], self.batcher.forwards, self._clock()
        kind, rows = self._kind(first), sum(calls[job_id].rows for job_id in chosen)
        if rows:
            self._limits[kind] = self.batcher.limit(calls[chosen[0]])
        self.batcher.run([calls[job_id] for job_id in chosen])
        decoded = 0 if rows else len(first.job.plan.seeds)
        self._pace.took(kind, self.batcher.forwards - forwards, rows, decoded, self._clock() - began)
        for job_id in chosen:
            self._settle(self._jobs[job_id])

    def _hear(self, wait: bool) -> int:
        """Does what was posted; how many things that were."""
        heard = 0
        with contextlib.suppress(queue.Empty):
            while True:
                self._inbox.get(block=wait)()
                heard, wait = heard + 1, False
        return heard

    def _pending(self) -> dict[str, Call]:
        tasks = ((job_id, entrusted.task) for job_id, entrusted in self._jobs.items())
        return {job_id: task.call for job_id, task in tasks if task is not None and task.call is not None}

    # -- jobs

    def _queue(self, entrusted: _Entrusted, alone: bool) -> None:
        self._stop_rehearsing()
        job, entrusted.queued = entrusted.job, True
        self._lanes.add(job.id, job.owner, _LANES[job.lane], cost(job.plan), alone=alone)
        self._wants(job.plan.model)
        self._announced = float("-inf")

    def _locate(self, entrusted: _Entrusted, alone: bool) -> None:
        """Has the region found that the plan names in words, and queues the job then."""
        job = entrusted.job

        def then(mask: bytes | None, error: Exception | None) -> None:
            if self._jobs.get(job.id) is not entrusted:
                return  # cancelled meanwhile
            if mask is None:
                self._end(_failed(job, error or EngineError("The region could not be found.")))
                return
            entrusted.job = replace(job, inputs=(*job.inputs, mask))
            self._queue(entrusted, alone)

        self._aside(self._describer, lambda: self._program.locate(job.plan, job.inputs), then)

    def _start(self, entrusted: _Entrusted) -> None:
        job, model = entrusted.job, self._models.pop(entrusted.job.plan.model)
        self._models[job.plan.model] = model  # now the most recently used
        entrusted.began = self._clock()
        mode = self._program.forward_mode(job.plan)
        report = functools.partial(self._progress, entrusted)
        entrusted.task = Task(
            lambda: self._program.run(model, job.plan, job.inputs, report), mode, lambda: mode.applied(model)
        )
        self._say(Progress(job.id, 0, max(1, job.plan.stop_step)))
        entrusted.task.resume()
        self._settle(entrusted)

    def _enlarge(self, entrusted: _Entrusted) -> None:
        job, entrusted.began, entrusted.drawn = entrusted.job, self._clock(), True

        def work() -> list[tuple[bytes, int, int]]:
            return _encoded(self._program.run(None, job.plan, job.inputs, lambda *_: None))

        self._say(Progress(job.id, 0, 1))
        self._aside(self._enlarger, work, functools.partial(self._deliver, entrusted, ()))

    def _progress(self, entrusted: _Entrusted, step: int, steps: int, latents: Any) -> None:
        entrusted.step, entrusted.steps = step, steps
        job_id, now = entrusted.job.id, self._clock()
        self._lanes.progress(job_id, step / max(1, steps))
        self._say(Progress(job_id, step, steps))
        if latents is not None and step < steps and now - entrusted.previewed >= _PREVIEW_EVERY:
            entrusted.previewed = now
            model, copied = self._models[entrusted.job.plan.model], latents.detach().clone()
            show = functools.partial(self._show, entrusted)
            self._aside(self._encoder, lambda: self._program.preview(model, copied), show)

    def _show(self, entrusted: _Entrusted, jpeg: bytes | None, error: Exception | None) -> None:
        if error is not None:
            _LOG.warning("no preview of %s", entrusted.job.id, exc_info=error)
        elif self._jobs.get(entrusted.job.id) is entrusted and not entrusted.drawn:
            self._say(Progress(entrusted.job.id, entrusted.step, entrusted.steps, jpeg))

    def _settle(self, entrusted: _Entrusted) -> None:
        task = entrusted.task
        assert task is not None
        if not task.dead:
            return
        self._lanes.progress(entrusted.job.id, 1.0)
        self._lanes.remove(entrusted.job.id)
        entrusted.task, entrusted.queued = None, False
        if task.error is not None:
            self._free_hooks(entrusted)
            self._end(_failed(entrusted.job, task.error))
        else:
            entrusted.holding, entrusted.drawn = False, True
            pictures: Sequence[Image.Image] = task.value
            delivered = functools.partial(self._deliver, entrusted, safety.notes(pictures))
            self._aside(self._encoder, lambda: _encoded(pictures), delivered)

    def _deliver(
        self,
        entrusted: _Entrusted,
        notes: tuple[str, ...],
        encoded: list[tuple[bytes, int, int]] | None,
        error: Exception | None,
    ) -> None:
        job = entrusted.job
        if self._jobs.get(job.id) is not entrusted:
            return  # cancelled meanwhile
        if encoded is None:
            self._end(_failed(job, error or EngineError("The pictures could not be encoded.")))
            return
        pictures = tuple(
            Picture(png, width, height, seed, position)
            for position, ((png, width, height), seed) in enumerate(
                zip(encoded, job.plan.seeds, strict=True), 1
            )
        )
        self._end(Finished(job.id, pictures, self._clock() - entrusted.began, (*job.plan.notes, *notes)))

    def _free_hooks(self, entrusted: _Entrusted) -> None:
        """What a pipeline does at its end and an interrupted one did not.

        Models offloaded by hooks go back.
        """
        pipe = self._models[entrusted.job.plan.model].pipe
        if pipe is not None:
            pipe.maybe_free_model_hooks()

    def _end(self, event: Finished | Failed | Cancelled) -> None:
        del self._jobs[event.job_id]
        self._say(event)
        self._rehearsals.discard(event.job_id)
        self._announced = float("-inf")

    def _say(self, event: Event, *, started: bool = True) -> None:
        if event.job_id not in self._rehearsals:
            self._emit(Happened(event, started))

    # -- models

    def _reserve(self, job_id: str) -> bool:
        """Whether a waiting job can start now.

        Its model then stays. One that waits for room lets nobody pass.
        """
        entrusted = self._jobs[job_id]
        if self._crowded:
            return False
        self._crowded = not self._wants(entrusted.job.plan.model)
        entrusted.holding = self._models.get(entrusted.job.plan.model) is not None
        return entrusted.holding

    def _wants(self, name: str) -> bool:
        """Sees to it that a model is loaded, or will be; False when there is no room for it yet."""
        if name in self._models:
            return True
        if len(self._models) >= self._room:
            idle = [n for n, model in self._models.items() if model is not None and n not in self._in_use()]
            if not idle:
                return False
            self.unload(idle[0])
        self._models[name] = None
        self._aside(self._loader, lambda: self._loaded(name), functools.partial(self._arrive, name))
        return True

    def _loaded(self, name: str) -> Any:
        """Runs in the loader's thread."""
        model = self._program.load(self._registry.get(name), self._device)
        for index, module in enumerate(model.denoisers):
            exact = self._device == "cpu" and next(module.parameters()).dtype is torch.float32
            if self._compiler:
                _compile(module, self._compiler)
            graphs = Graphs(cuda_record()) if self._graphs and self._device.startswith("cuda") else None
            install(module, f"{name}/{index}", EXACT if exact else (), graphs, compiled=bool(self._compiler))
        return model

    def _arrive(self, name: str, model: Any, error: Exception | None) -> None:
        rehearse = name in self._rehearse
        self._rehearse.discard(name)
        if error is None:
            self._models[name] = model
            self._emit(Residents(self.residents))
            if rehearse:
                self._warm(name)
            return
        del self._models[name]
        for entrusted in [e for e in self._jobs.values() if e.queued and e.job.plan.model == name]:
            self._lanes.remove(entrusted.job.id)
            self._end(_failed(entrusted.job, error))

    def _warm(self, name: str) -> None:
        """Draws for nobody, until somebody comes: kernels are chosen, row limits and the pace learnt."""
        if self._jobs:
            return
        entry, words = self._registry.get(name), (Conditioning(""),)
        size = (entry.side, entry.side, _WARM_STEPS, _WARM_STEPS, entry.guidance)
        for number in range(_WARM_JOBS):
            job_id = f"warm-up {number} of {name}"
            self._rehearsals.add(job_id)
            plan = Plan(Action.IMAGINE, name, entry.revision, words, *size, seeds=tuple(range(4)))
            self._jobs[job_id] = entrusted = _Entrusted(Job(job_id, plan, job_id))
            entrusted.queued = True
            self._lanes.add(job_id, job_id, len(_LANES), cost(plan))

    def _stop_rehearsing(self) -> None:
        for job_id in list(self._rehearsals):
            self.cancel(job_id)

    def _in_use(self) -> set[str]:
        return {e.job.plan.model for e in self._jobs.values() if e.holding}

    # -- time

    def _announce(self) -> None:
        """Tells those who wait where they stand, when that changed, twice a second at most."""
        if self._clock() - self._announced < _ANNOUNCE_EVERY:
            return
        self._announced = self._clock()
        waiting = self._lanes.waiting()
        moved = [(place, job_id) for place, _, job_id in waiting if self._jobs[job_id].place != place]
        etas = self._etas(waiting) if moved else {}
        for place, job_id in moved:
            self._jobs[job_id].place = place
            self._say(Queued(job_id, place, etas.get(job_id)), started=False)

    def _etas(self, waiting: Sequence[tuple[int, float, str]]) -> dict[str, float]:
        """Seconds until each of those who wait is done, as far as that can be told."""
        rests = {
            job_id: self._rest(entrusted) for job_id, entrusted in self._jobs.items() if entrusted.queued
        }
        etas = forecast(self._lanes.copy(_FORESEEN), rests, self._room_for, self._pace)
        if etas and len(waiting) > _FORESEEN:
            latest, work = max(etas.values()), waiting[_FORESEEN - 1][1]
            etas |= {job_id: latest * until / work for _, until, job_id in waiting[_FORESEEN:]}
        return etas

    def _rest(self, entrusted: _Entrusted) -> Rest:
        plan = entrusted.job.plan
        steps = (entrusted.steps or plan.stop_step) - entrusted.step
        return Rest(self._kind(entrusted), steps, rows_of(plan), len(plan.seeds))

    def _kind(self, entrusted: _Entrusted) -> Kind:
        plan = entrusted.job.plan
        return Kind(plan.model, plan.width, plan.height, self._program.forward_mode(plan))

    def _room_for(self, kind: Kind, rows: int) -> int:
        """How many rows a forward will have when so many wait; an unseen kind is as the model's others."""
        if kind in self._limits:
            return self._limits[kind].wanted(rows)
        known = [(limit.rows, k.megapixels) for k, limit in self._limits.items() if k.model == kind.model]
        return first_rows(self._rows, known, kind.megapixels)

    def _aside(
        self, pool: ThreadPoolExecutor, work: Callable[[], Any], then: Callable[[Any, Exception | None], None]
    ) -> None:
        """Does ``work`` in a helper thread, and ``then(value, error)`` in a later turn."""

        def run() -> None:
            value, error = None, None
            try:
                with torch.no_grad():
                    value = work()
            except Exception as problem:
                error = problem
            self.post(lambda: then(value, error))

        pool.submit(run)


def _compile(module: nn.Module, backend: str) -> None:
    """Has a denoiser compiled at its first use, for any number of rows.

    Where diffusers names the blocks that repeat, one of each kind is compiled and serves all: seconds instead
    of minutes. Not so in U-Nets, which spend much of their time in the group norms between those blocks.
    """
    if getattr(module, "_repeated_blocks", None) and not any(
        isinstance(part, nn.GroupNorm) for part in module.modules()
    ):
        module.compile_repeated_blocks(backend=backend)  # type: ignore[operator]
    else:
        module.compile(backend=backend)


def _encoded(pictures: Sequence[Image.Image]) -> list[tuple[bytes, int, int]]:
    """Each picture's PNG, width and height."""
    return [(to_png(picture), *picture.size) for picture in pictures]


def free_memory() -> None:
    """Gives unused device memory back."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _failed(job: Job, error: Exception) -> Failed:
    if not isinstance(error, EngineError | torch.OutOfMemoryError):
        _LOG.error("job %s", job.id, exc_info=error)
    retryable = (
        error.retryable if isinstance(error, EngineError) else isinstance(error, torch.OutOfMemoryError)
    )
    return Failed(job.id, _sentence(error) or "", retryable)


def _sentence(error: Exception | None) -> str | None:
    """What a user may read of an error."""
    if error is None or isinstance(error, EngineError):
        return None if error is None else str(error)
    if isinstance(error, torch.OutOfMemoryError):
        return "There is not enough memory here for this picture."
    return "The model could not draw this."
