"""Threads beside the one that renders: work is handed to them, and what comes of it is posted back.

So all state belongs to the thread that renders. Knows nothing of what the work is.

A thread that computes with several cores ends when it has nothing to do: it keeps a team of OpenMP threads,
and while there are more of those than cores, libgomp lets none of them wait actively. A forward of the
embedded model then takes twice as long (two cores: 50 ms instead of 24).
"""

from __future__ import annotations

import contextlib
import queue
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
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
    """One thread for each name; each does its work in the order in which it was given.

    The encoder computes with one core, since others' forwards run beside it, and so it may stay.
    """

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._cores = {name: torch.get_num_threads() for name in get_args(Name)} | {"encoder": 1}
        self._lock = Lock()
        self._threads: dict[Name, ThreadPoolExecutor] = {}
        self._given: Counter[Name] = Counter()  # what is not done yet

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
            self._rest(name)

        with self._lock:
            self._given[name] += 1
            if name not in self._threads:
                cores = (self._cores[name],)
                self._threads[name] = ThreadPoolExecutor(1, name, torch.set_num_threads, cores)
            self._threads[name].submit(run)

    def close(self) -> None:
        """Ends the threads, after what they are at."""
        with self._lock:
            threads = list(self._threads.values())
        for thread in threads:
            thread.shutdown(cancel_futures=True)

    def _rest(self, name: Name) -> None:
        """Ends the present thread if it may not stay and nothing is left for it."""
        with self._lock:
            self._given[name] -= 1
            if self._cores[name] > 1 and not self._given[name]:
                self._threads.pop(name).shutdown(wait=False)
