"""Questions to workers that are no jobs: pictures to describe, requests to a language model. One answer each.

Knows nothing of how a question travels. One whose workers are lost again and again is refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from engine.errors import BadPicture, EngineError
from engine.job import Description
from engine.process.wire import Describe, Described, Say

__all__ = ["Questions"]


@dataclass(eq=False, slots=True)
class _Question:
    """A question that waits for its answer; without a worker it waits for one."""

    order: Describe | Say
    answer: asyncio.Future[Description]
    worker: Hashable = None
    losses: int = 0


class Questions:
    """Those that are open. One that has lost ``most`` workers is refused."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: dict[int, _Question] = {}
        self._number = 0

    def ask(self, order: Callable[[int], Describe | Say]) -> asyncio.Future[Description]:
        """Adds a question, made with its number. The answer raises BadPicture and EngineError."""
        self._number += 1
        question = _Question(order(self._number), asyncio.get_running_loop().create_future())
        self._open[self._number] = question
        question.answer.add_done_callback(lambda _: self._open.pop(question.order.number, None))
        return question.answer

    def waiting(self) -> list[int]:
        """The numbers of those that no worker has."""
        return [number for number, question in self._open.items() if question.worker is None]

    def given(self, number: int, worker: Hashable) -> Describe | Say:
        """Notes that a worker has a question; what it is to be told."""
        self._open[number].worker = worker
        return self._open[number].order

    def answered(self, report: Described) -> None:
        """An answer has come; nothing happens when nobody waits for it any more."""
        question = self._open.get(report.number)
        if question is None or question.answer.done():
            return
        if report.problem is None:
            question.answer.set_result(Description(report.prompts, report.notes))
        elif report.unreadable:
            question.answer.set_exception(BadPicture(report.problem))
        else:
            question.answer.set_exception(EngineError(report.problem))

    def lost(self, worker: Hashable, why: EngineError) -> None:
        """A worker is lost: its questions wait again, or are refused with ``why``."""
        for question in [each for each in self._open.values() if each.worker is worker]:
            question.worker, question.losses = None, question.losses + 1
            if question.losses >= self._most and not question.answer.done():
                question.answer.set_exception(why)

    def refuse(self, why: EngineError) -> None:
        """Nobody will answer."""
        for question in list(self._open.values()):
            if not question.answer.done():
                question.answer.set_exception(why)
