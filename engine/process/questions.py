"""Questions to workers that are no jobs: to describe a picture, to find a thing in it, to say something.

Each has one answer; one whose workers are lost again and again is refused. Knows nothing of how they travel.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, TypeAlias

from engine.errors import BadPicture, EngineError
from engine.job import Description
from engine.process.wire import Describe, Described, Say, Select, Selected

__all__ = ["Question", "Questions"]

Question: TypeAlias = Describe | Say | Select


@dataclass(eq=False, slots=True)
class _Open:
    """A question that waits for its answer; without a worker it waits for one."""

    order: Question
    answer: asyncio.Future[Any]
    worker: Hashable = None
    losses: int = 0


class Questions:
    """Those that are open. One that has lost ``most`` workers is refused.

    ``on_ask`` is called when one has come.
    """

    def __init__(self, most: int, on_ask: Callable[[], object]) -> None:
        self._most = most
        self._on_ask = on_ask
        self._closed: EngineError | None = None
        self._open: dict[int, _Open] = {}
        self._number = 0

    def ask(self, order: Callable[[int], Question]) -> asyncio.Future[Any]:
        """Adds a question, made with its number. The answer raises BadPicture and EngineError.

        Raises what ``close`` was told, once that was called.
        """
        if self._closed is not None:
            raise self._closed
        self._number += 1
        question = _Open(order(self._number), asyncio.get_running_loop().create_future())
        self._open[self._number] = question
        question.answer.add_done_callback(lambda _: self._open.pop(question.order.number, None))
        self._on_ask()
        return question.answer

    def waiting(self) -> list[int]:
        """The numbers of those that no worker has."""
        return [number for number, question in self._open.items() if question.worker is None]

    def given(self, number: int, worker: Hashable) -> Question:
        """Notes that a worker has a question; what it is to be told."""
        self._open[number].worker = worker
        return self._open[number].order

    def answered(self, report: Described | Selected) -> None:
        """An answer has come; nothing happens when nobody waits for it any more."""
        question = self._open.get(report.number)
        if question is None or question.answer.done():
            return
        if not report.problem:
            question.answer.set_result(_answer(report))
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

    def close(self, why: EngineError) -> None:
        """Nobody will answer, and nothing more may be asked."""
        self._closed = why
        self.refuse(why)

    def refuse(self, why: EngineError) -> None:
        """Nobody will answer."""
        for question in list(self._open.values()):
            if not question.answer.done():
                question.answer.set_exception(why)


def _answer(report: Described | Selected) -> Any:
    return report.mask if isinstance(report, Selected) else Description(report.prompts, report.notes)
