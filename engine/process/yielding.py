"""How the cores wait for each other: actively while they are ours alone, asleep beside other programs.

Every operation of a model ends with its threads waiting for the slowest. libgomp, which runs them on Linux,
lets the others turn round and round meanwhile: a forward then takes half the time (two cores, the embedded
model: 24 ms instead of 50), but whoever turns holds a core that another program has to share, and with it the
thread that is waited for (beside one busy program 130 to 2,000 ms, instead of 40). libgomp itself waits
asleep while it has more threads than there are cores. So beside others one more team of threads is kept,
which does nothing.

Knows nothing of models or jobs.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch

__all__ = ["Used", "Yielding", "cores", "idle_team", "used"]

_EVERY = 0.25
"""Seconds between two looks; the kernel counts in hundredths."""

_BUSY, _QUIET = 0.3, 0.1
"""Cores that others take beyond those that are free: from the one on we sleep, from the other on no more."""

_QUIET_FOR = 1.0
"""Seconds of quiet before the cores wait actively again: what comes in bursts comes back."""

_IDLE = (3, 4)
"""Of the numbers of a core in /proc/stat: idle, and idle while something is read."""

_OF_A_CORE = 8
"""Numbers of a core that are times of its own: what guests take is in them already."""


class Used(NamedTuple):
    """Seconds that cores have worked so far: all that this process may use, and it alone."""

    all: float
    own: float


def cores() -> int:
    """How many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def used(stat: Path = Path("/proc/stat")) -> Used | None:
    """How long the cores have worked; None where the kernel does not say."""
    try:
        lines = stat.read_text(encoding="ascii").splitlines()
        mine = {f"cpu{core}" for core in os.sched_getaffinity(0)}
        times = [line.split()[1 : 1 + _OF_A_CORE] for line in lines if line.split(" ", 1)[0] in mine]
        ticks = sum(int(each) for core in times for place, each in enumerate(core) if place not in _IDLE)
        return Used(ticks / os.sysconf("SC_CLK_TCK"), time.process_time())
    except (OSError, AttributeError, ValueError):
        return None


class Yielding:
    """Sees to it that ``threads`` on ``cores`` wait as it suits what else the machine does.

    To be told to `look` between forwards: which costs something four times a second.
    """

    def __init__(
        self,
        threads: int,
        cores: int,
        used: Callable[[], Used | None] = used,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._free, self._cores, self._used, self._clock = cores - threads, cores, used, clock
        self._seen, self._at = used() if threads > 1 else None, clock()
        self._quiet_since = self._at
        self._end: threading.Event | None = None

    @property
    def asleep(self) -> bool:
        """Whether cores that wait sleep."""
        return self._end is not None

    def look(self) -> None:
        """Takes in what others have used since the last look, and changes how the cores wait."""
        now = self._clock()
        before, since = self._seen, now - self._at
        if before is None or since < _EVERY:
            return
        seen = self._seen = self._used()
        self._at = now
        if seen is None:
            return
        others = ((seen.all - before.all) - (seen.own - before.own)) / since - self._free
        if others > _QUIET:
            self._quiet_since = now
        if others > _BUSY and self._end is None:
            self._end = idle_team(self._cores)
        elif self._end is not None and now - self._quiet_since >= _QUIET_FOR:
            self.close()

    def close(self) -> None:
        """Has the cores wait actively, as they do of themselves."""
        if self._end is not None:
            self._end.set()
            self._end = None


def idle_team(cores: int) -> threading.Event:
    """One more team of OpenMP threads; it ends when the event is set."""
    end, made = threading.Event(), threading.Event()

    def stay() -> None:
        torch.set_num_threads(cores)
        torch.ones(cores << 16).sum()  # so much is divided among the threads of a team, which is now there
        made.set()
        end.wait()

    threading.Thread(target=stay, name="idle team", daemon=True).start()
    made.wait()
    return end
