"""Pipelines as coroutines: unmodified diffusers pipelines of many jobs share the forwards of one model.

A job runs its pipeline in a greenlet, a `Task`. `install` swaps a denoiser's class for a subclass whose
``__call__``, inside a task, hands the call to whoever runs the task and waits; outside a task it is the call
it always was. (A subclass and not a proxy: isinstance, config, parameters, ``pipe.to``, saving and hooks go
on working.) The caller collects what is pending, picks calls with an equal ``key`` and gives them to
`Batcher.run`: one forward for all of them, then each task goes on to its next call. What may be joined is
the business of `calls`. So jobs are batched, preempted and cancelled between steps, at different steps, with
different guidance, text to picture beside inpainting, and no pipeline knows.

Pitfalls met here:
- Grad mode belongs to the thread, not to the greenlet: one pipeline leaving its ``no_grad`` would turn
  gradients on for the others. So no task runs outside one. For the same reason no task enters autocast.
- A forward that raises is repeated call by call: only the guilty task gets the error, where it called.
- Out of memory halves the rows, for this shape and from then on.
- More rows are not always faster: `rows.RowLimit` learns how many are, per model and shape.
- Decoding is long too, and jobs that started together end together: before it a task should `pause`, so that
  whoever is in a hurry goes first.
- A GPU is told what to do long before it does it. Left alone, the host would have queued all steps of a job
  within a second, and one who is in a hurry would wait for them: it stays `_AHEAD` forwards ahead, no more.
- LoRAs are of rows, not of forwards: a task brings its own, and `adapters` gives each row what it is due. So
  are pictures that rows see (`showing`, `image_prompts`). Such forwards run as they are, neither compiled nor
  recorded.
- The last bits. float32 kernels on a CPU choose their blocking by the number of rows. When every forward has
  one of the sizes that agree (`exact`; short ones are padded), a row does not depend on its company.

Knows nothing of jobs, lanes, pictures or processes.
"""

from __future__ import annotations

import gc
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, NamedTuple

import torch
from greenlet import getcurrent, greenlet  # type: ignore[import-untyped]
from torch import nn
from torch._dynamo import maybe_mark_dynamic
from torch.compiler import set_stance

from engine.sharing import image_prompts
from engine.sharing.adapters import Adapters, beside, order
from engine.sharing.calls import Arguments, Output, divide
from engine.sharing.exact import Exact
from engine.sharing.graphs import Graphs
from engine.sharing.image_prompts import ImagePrompts
from engine.sharing.joining import Joins
from engine.sharing.rows import RowLimit, first_rows

__all__ = ["Batcher", "Call", "Task", "install", "pause", "showing"]

_AHEAD = 1
"""Forwards that a GPU may still have before it when the next is handed to it: enough that it never idles."""


class Owner(NamedTuple):
    """Whose row it is: what it is computed with beside the model."""

    adapters: Adapters = ()
    pictures: ImagePrompts = ()


class Task(greenlet):  # type: ignore[misc]
    """One job's pipeline as a coroutine.

    Calls that share a forward have an equal ``mode``, and the forward runs inside ``around()``. Its rows are
    computed with its ``adapters``; those of its next call see the pictures ``shown``, a tuple of them a row.
    After `resume` either ``call`` is what the task waits for, or it is dead and has a ``value`` or an
    ``error``.
    """

    def __init__(
        self,
        function: Callable[[], Any],
        mode: Hashable = None,
        around: Callable[[], AbstractContextManager[Any]] = nullcontext,
        adapters: Adapters = (),
    ) -> None:
        super().__init__(self._live)
        self.function, self.mode, self.around, self.adapters = function, mode, around, adapters
        self.shown: Sequence[ImagePrompts] = ()
        self.call: Call | None = None
        self.value: Any = None
        self.error: Exception | None = None

    def _live(self, _: None) -> None:
        try:
            self.value = self.function()
        except Exception as error:
            self.error = error

    def resume(self, value: Any = None, error: Exception | None = None) -> None:
        """Starts the task, or goes on with its call's result or error, up to its next call or its end."""
        with torch.no_grad():
            reply = self.switch(value) if error is None else self.throw(error)
        self.call = None if self.dead else reply

    def cancel(self) -> None:
        """Ends the task where it waits; the pipeline's own clean-up (progress bars, contexts) runs."""
        self.call = None
        with torch.no_grad():
            self.throw()


class Call:
    """A pending call of a denoiser, with the ``key`` that calls sharing a forward have in common."""

    def __init__(self, task: Task, module: Any, args: Any, kwargs: Any) -> None:
        self.task, self.module, self.args, self.kwargs = task, module, args, kwargs
        self.arguments = Arguments(type(module).forward, args, kwargs, module.batch_axes)
        joins: Joins | None = module.batch_joins
        if joins is not None and not joins.hold(module, self.arguments):
            self.arguments = Arguments(type(module).forward, args, kwargs, module.batch_axes, alone=True)
        self.rows = self.arguments.rows
        self.shown = tuple(task.shown) or ((),) * self.rows
        self.key: Hashable = (module, task.mode, self.arguments.key) if self.rows else self

    @property
    def pauses(self) -> bool:
        """Whether it asks for nothing but its next turn."""
        return isinstance(self.module, _Pause)

    @property
    def owners(self) -> list[Owner]:
        """Whose each of its rows is; a call without rows has one for all that it computes."""
        return [Owner(self.task.adapters, shown) for shown in self.shown] or [Owner(self.task.adapters)]

    @property
    def sizes(self) -> tuple[int, ...]:
        """The only numbers of rows that a forward of its shape may have; () for any."""
        sizes: tuple[int, ...] | Exact = self.module.batch_sizes
        if isinstance(sizes, tuple):
            return sizes
        if not self.rows:
            return ()
        with torch.no_grad():
            return sizes.sizes(self, self.task.mode, self.task.around)

    def forward(self, rows: int, leaves: Sequence[Any] | None, owners: Sequence[Owner] = ()) -> Any:
        """The module's forward of ``rows`` rows whose arguments have these ``leaves``; None: as called.

        ``owners`` say of each row what it is computed with.
        """
        if any(map(any, owners)):
            bound = self.arguments.bind(self.arguments.leaves if leaves is None else leaves)
            stance = set_stance("force_eager") if self.module.batch_compiled else nullcontext()
            loras, shown = [each.adapters for each in owners], [each.pictures for each in owners]
            with stance, beside(loras, whole=max(self.sizes, default=1) > 1), image_prompts.beside(shown):
                return self.module(*bound.args, **bound.kwargs)
        kinds = self.arguments.kinds
        graphs: Graphs | None = self.module.batch_graphs
        if graphs is None and not self.module.batch_compiled and leaves is None:
            return self.module(*self.args, **self.kwargs)

        def run(leaves: Sequence[Any]) -> Any:
            if self.module.batch_compiled:
                for leaf, kind in zip(leaves, kinds, strict=True):
                    if kind == "row":
                        maybe_mark_dynamic(leaf, 0)
            bound = self.arguments.bind(leaves)
            return self.module(*bound.args, **bound.kwargs)

        leaves = self.arguments.leaves if leaves is None else leaves
        if graphs is None or not self.rows or "list" in kinds or "column" in kinds:
            return run(leaves)
        key = (self.task.mode, self.arguments.key, rows)
        return graphs.run(key, leaves, [kind == "row" for kind in kinds], run)


class Batcher:
    """Runs pending calls, many in one forward, and sends their tasks on. ``calls``, ``forwards``: how many.

    ``rows`` is what a forward of a shape not yet known should have, ``most`` what one may ever have.
    """

    def __init__(self, rows: int = 8, most: int = 64, clock: Callable[[], float] = time.perf_counter) -> None:
        self._rows, self._most, self._clock = rows, most, clock
        self._limits: dict[tuple[str, Hashable], RowLimit] = {}
        self._underway: deque[torch.cuda.Event] = deque()
        self.calls = self.forwards = 0

    def limit(self, call: Call) -> RowLimit:
        """What is known about forwards of this call's model and shape.

        A new shape begins with as many rows as hold what the model's other shapes were found to deserve.
        """
        name, size = call.module.batch_name, call.arguments.size
        key = (name, call.arguments.shape)
        if key not in self._limits:
            learnt = [(known.rows, known.size) for (other, _), known in self._limits.items() if other == name]
            most = max(call.sizes, default=self._most)
            self._limits[key] = RowLimit(first_rows(self._rows, learnt, size), most, size)
        return self._limits[key]

    def forget(self, model: str) -> None:
        """Forgets what is known of a model's forwards: it is loaded anew, in another way."""
        for key in [key for key in self._limits if key[0].partition("/")[0] == model]:
            del self._limits[key]

    def largest(self) -> int:
        """The most rows that a forward of any shape seen has been found to deserve."""
        return max((limit.rows for limit in self._limits.values()), default=self._rows)

    def run(self, calls: Sequence[Call]) -> None:
        """One forward for calls with an equal key; then each task goes on to its next call or its end."""
        if calls[0].pauses:
            calls[0].task.resume()
            return
        self.calls += len(calls)
        calls = sorted(calls, key=lambda call: order(call.task.adapters))
        results = self._results(calls)
        self._stay_near()
        for call, (value, error) in zip(calls, results, strict=True):
            call.task.resume(value, error)

    def _results(self, calls: Sequence[Call]) -> list[tuple[Any, Exception | None]]:
        try:
            sizes = calls[0].sizes  # found out before the forward's own mode is on
            with torch.no_grad(), calls[0].task.around():
                return [(value, None) for value in self._outputs(calls, sizes)]
        except Exception as error:
            if len(calls) == 1:
                return [(None, error)]
        return [result for call in calls for result in self._results([call])]

    def _outputs(self, calls: Sequence[Call], sizes: tuple[int, ...]) -> list[Any]:
        first, counts = calls[0], [call.rows for call in calls]
        limit = self.limit(first)
        leaves = first.arguments.join([call.arguments for call in calls[1:]])
        owners = [owner for call in calls for owner in call.owners]
        outputs: list[Output] = []
        total, done = sum(counts), 0
        while done < total or not outputs:
            rows = min(total - done, limit.most)
            size = min((size for size in sizes if size >= rows), default=rows)
            try:
                if len(calls) == 1 and (size == total or not total):
                    as_called = leaves if sizes and total else None
                    return [self._forward(limit, size, first, as_called, owners)]
                whose = owners[done : done + rows]
                whose += whose[-1:] * (size - rows)
                cut = first.arguments.cut(leaves, done, rows, size)
                value = self._forward(limit, size, first, cut, whose)
                outputs.append(Output(value, rows, size, first.arguments.listed))
                done += rows
                continue
            except torch.OutOfMemoryError:
                if rows <= 1:
                    raise
            limit.exhausted(rows)  # outside the handler: its traceback holds the failed forward's tensors
            gc.collect()
            torch.cuda.empty_cache()
        return divide(outputs, counts)

    def _forward(
        self,
        limit: RowLimit,
        rows: int,
        first: Call,
        leaves: Sequence[Any] | None,
        owners: Sequence[Owner],
    ) -> Any:
        self.forwards += 1
        start = self._clock()
        value = first.forward(rows, leaves, owners)
        if limit.learning:
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            limit.record(rows, self._clock() - start)
        return value

    def _stay_near(self) -> None:
        """Waits until the device is no more than `_AHEAD` forwards behind; a CPU never is."""
        if not torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
            return
        event = torch.cuda.Event()  # type: ignore[no-untyped-call]
        event.record()
        self._underway.append(event)
        while len(self._underway) > _AHEAD:
            self._underway.popleft().synchronize()


def install(
    module: nn.Module,
    name: str,
    sizes: tuple[int, ...] | Exact = (),
    graphs: Graphs | None = None,
    *,
    axes: Mapping[str, int | None] | None = None,
    joins: Joins | None = None,
    compiled: bool = False,
) -> None:
    """From now on, calls of ``module`` inside a `Task` wait to share a forward.

    ``name`` is what its row limits are remembered under. ``sizes`` (ascending) are the only numbers of rows a
    forward may have, short ones being padded: these, or those that `Exact` finds; () allows any. ``graphs``
    records its forwards, where the device can. ``axes`` says what is known of its parameters' rows (`calls`),
    and ``joins`` tries it where no test did. A ``compiled`` module is compiled once for all sizes.
    """
    kind = type(module)

    def call(self: nn.Module, *args: Any, **kwargs: Any) -> Any:
        task = getcurrent()
        if isinstance(task, Task) and task.parent is not None:
            return task.parent.switch(Call(task, self, args, kwargs))
        return kind.__call__(self, *args, **kwargs)

    body = {"__call__": call, "__module__": kind.__module__}
    body |= {"batch_name": name, "batch_sizes": sizes, "batch_graphs": graphs, "batch_compiled": compiled}
    body |= {"batch_axes": axes or {}, "batch_joins": joins, "batch_forward": kind.__call__}
    module.__class__ = type(kind.__name__, (kind,), body)


@contextmanager
def showing(rows: Sequence[ImagePrompts]) -> Iterator[None]:
    """While it lasts, what is called has rows that see these pictures, in a `Task` and outside of one."""
    task = getcurrent()
    if not isinstance(task, Task):
        with image_prompts.beside(rows):
            yield
        return
    before, task.shown = task.shown, rows
    try:
        yield
    finally:
        task.shown = before


def pause() -> None:
    """Inside a `Task`: waits for its next turn, as a call that shares with no one. Elsewhere: nothing."""
    task = getcurrent()
    if isinstance(task, Task) and task.parent is not None:
        task.parent.switch(Call(task, _Pause(), (), {}))


class _Pause:
    """Stands where a module would."""

    batch_name, batch_sizes, batch_graphs, batch_joins = "pause", (), None, None
    batch_axes: Mapping[str, int | None] = {}

    def forward(self) -> None:
        """Takes nothing, so that its calls have no rows."""
