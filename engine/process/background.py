"""Threads beside the one that renders: work is handed to them, and what comes of it is posted back.

So all state belongs to the thread that renders. Knows nothing of what the work is.
"""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, TypeAlias, TypeVar, get_args

import torch

__all__ = ["Background", "Inbox"]

Name: TypeAlias = Literal["loader", "describer", "enlarger", "encoder"]
"""What each thread is for: models loaded, pictures looked at, enlarged, and written as PNG or preview."""

Value = TypeVar("Value")


class Inbox:
    """What other threads want the rendering thread to do, in their order."""

    def __init__(self) -> None:
        self._orders: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()

    def post(self, order: Callable[[], None]) -> None:
        """Has ``order`` done at the next `hear`. For any thread."""
        self._orders.put(order)

    def hear(self, *, wait: bool) -> int:
        """Does what was posted; returns how many things that were. ``wait``: sleeps until there is one."""
        heard = 0
        with contextlib.suppress(queue.Empty):
            while True:
                self._orders.get(block=wait)()
                heard, wait = heard + 1, False
        return heard


class Background:
    """One thread for each name; each does its work in the order in which it was given."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._threads = {name: ThreadPoolExecutor(1, name) for name in get_args(Name)}

    def do(
        self, name: Name, work: Callable[[], Value], then: Callable[[Value | None, Exception | None], None]
    ) -> None:
        """Does ``work`` in the named thread, and ``then(value, error)`` in the rendering one."""

        def run() -> None:
            value, error = None, None
            try:
                with torch.no_grad():
                    value = work()
            except Exception as problem:
                error = problem
            self._inbox.post(lambda: then(value, error))

        self._threads[name].submit(run)

    def close(self) -> None:
        """Ends the threads, after what they are at."""
        for thread in self._threads.values():
            thread.shutdown(cancel_futures=True)
