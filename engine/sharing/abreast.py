"""The pictures of one job, each a pipeline call of its own, drawn in step with each other.

Many pipelines do not draw several pictures in one call, or not as they draw one. So each picture is a task
inside the job's task, and what they wait for is handed on as one call of the job: to whoever runs it, the job
looks like one that draws all its pictures at once. Knows nothing of pictures or pipelines.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

from engine.sharing.batching import Call, Task, pause, showing
from engine.sharing.calls import Output, divide

__all__ = ["abreast"]

_Value = TypeVar("_Value")


def abreast(functions: Sequence[Callable[[], _Value]]) -> list[_Value]:
    """What the functions return, in order; their calls of shared modules are made together.

    The first error of any of them is raised, and the others are ended.
    """
    if len(functions) == 1:
        return [functions[0]()]
    tasks = [Task(function) for function in functions]
    try:
        for task in tasks:
            task.resume()
            _check(task)
        while waiting := [task.call for task in tasks if task.call is not None]:
            if all(call.pauses for call in waiting):
                pause()
                for call in waiting:
                    _go_on(call.task, None)
                continue
            groups: dict[Hashable, list[Call]] = {}
            for call in waiting:
                if not call.pauses:
                    groups.setdefault(call.key, []).append(call)
            for calls in groups.values():
                for call, value in zip(calls, _answers(calls), strict=True):
                    _go_on(call.task, value)
    finally:
        for task in tasks:
            if task.call is not None:
                task.cancel()
    return [task.value for task in tasks]


def _answers(calls: Sequence[Call]) -> list[Any]:
    """What each of some calls with an equal key returns, asked as one call of the job's own."""
    first = calls[0].arguments
    with showing([shown for call in calls for shown in call.shown]):
        if len(calls) == 1:
            return [calls[0].module(*calls[0].args, **calls[0].kwargs)]
        bound = first.bind(first.join([call.arguments for call in calls[1:]]))
        rows = sum(call.rows for call in calls)
        output = Output(calls[0].module(*bound.args, **bound.kwargs), rows, rows, first.listed)
    return divide([output], [call.rows for call in calls])


def _go_on(task: Task, value: Any) -> None:
    task.resume(value)
    _check(task)


def _check(task: Task) -> None:
    if task.error is not None:
        raise task.error
