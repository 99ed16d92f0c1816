"""Keeps one worker process alive: started when there is something to do, again when it ends or stalls.

Speaks `wire` with it and hands every report on. Does not know what a job is: when the process ends, whoever
owns the supervisor decides what to send to the next one, which is told the `Setup` alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence

from engine.process.wire import Beat, Order, Ready, Report, Setup, pack, receive

__all__ = ["WORKER", "Supervisor"]

WORKER = (sys.executable, "-m", "engine.process.worker")
"""How a worker process is started."""

_QUIET = {"TRANSFORMERS_VERBOSITY": "error", "DIFFUSERS_VERBOSITY": "error"}
"""What keeps libraries' words to their developers off the operator's terminal; they read it when loaded."""

_LOG = logging.getLogger(__name__)
_SILENCE, _STARTING = 60.0, 300.0
"""Seconds without a sign of life after which a worker stalls: at work, and while it starts (torch is loaded
from a cold disk)."""

_FIRST_WAIT, _LONGEST_WAIT = 0.2, 30.0
"""Seconds before the next process is started: four times as many after each one that was never ready."""

_KILLED = -9
"""What a process returns that somebody killed; where the system knows no such thing, none does."""

_PATIENCE = 1.0
"""Seconds that a process has to end by itself, or to write its stacks, before it is killed."""


class Supervisor:
    """One worker process after another, for one device; none before `start`.

    ``on_report`` gets what it says. ``on_end`` is told that a
    process has ended, whether it had ever been ready, and whether somebody killed it; it returns whether
    another one is wanted. A step of more than ``stall`` seconds, or silence, is a stall: the stacks go to
    standard error, the process is killed.
    """

    def __init__(
        self,
        command: Sequence[str],
        setup: Setup,
        *,
        on_report: Callable[[Report], None],
        on_end: Callable[[bool, bool], bool],
        stall: float,
    ) -> None:
        self._command, self.setup, self._stall = command, setup, stall
        self._on_report, self._on_end = on_report, on_end
        self._task: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None
        self.ready = False

    @property
    def pid(self) -> int | None:
        """The present process, None while there is none."""
        return None if self._process is None else self._process.pid

    @property
    def busy(self) -> bool:
        """Whether there is a process, or will be one."""
        return self._task is not None and not self._task.done()

    def start(self) -> None:
        """Has a process run, if there is none."""
        if not self.busy:
            self._task = asyncio.create_task(self._run(), name=f"worker {self.setup.device}")

    def send(self, order: Order) -> None:
        """Sends an order to the present process; without one nothing happens."""
        if self._process is not None:
            self._send(self._process, order)

    async def close(self) -> None:
        """Ends the process, in a second or two."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        wait = _FIRST_WAIT
        while True:
            try:
                killed = await self._live()
            except Exception as error:  # whatever it is, such as no memory for a process, its jobs are told
                _LOG.error("the worker on %s failed", self.setup.device, exc_info=error)
                killed = False
            was_ready, self.ready = self.ready, False
            if not self._on_end(was_ready, killed):
                return
            await asyncio.sleep(wait)
            wait = _FIRST_WAIT if was_ready else min(4 * wait, _LONGEST_WAIT)

    async def _live(self) -> bool:
        """One process from its start to its end; whether somebody else killed it."""
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *self._command, stdin=pipe, stdout=pipe, env={**_QUIET, **os.environ}
        )
        try:
            self._send(process, self.setup)
            self._process = process
            stalled = await self._listen(process)
        finally:
            self._process = None
            lingered = await _end(process)
        _LOG.warning("the worker on %s ended (%s)", self.setup.device, process.returncode)
        return process.returncode == _KILLED and not stalled and not lingered

    async def _listen(self, process: asyncio.subprocess.Process) -> bool:
        """Hands reports on until there are no more; True when the process had to be killed, being silent."""
        assert process.stdout is not None
        try:
            while True:
                async with asyncio.timeout(_SILENCE if self.ready else _STARTING):
                    report = await receive(process.stdout)
                if report is None:
                    return False
                if isinstance(report, Beat) and report.stuck > self._stall:
                    raise TimeoutError(f"a step has been taking {report.stuck:.0f} s")
                if isinstance(report, Ready):
                    self.ready = True
                self._on_report(report)
        except TimeoutError as error:
            _LOG.error("the worker on %s stalls: %s", self.setup.device, error or "no sign of life")
            with contextlib.suppress(ProcessLookupError):
                if hasattr(signal, "SIGUSR1"):
                    process.send_signal(signal.SIGUSR1)
                await asyncio.sleep(_PATIENCE)
                process.kill()
            return True

    @staticmethod
    def _send(process: asyncio.subprocess.Process, order: Order) -> None:
        assert process.stdin is not None
        with contextlib.suppress(ConnectionError):
            process.stdin.write(pack(order))


async def _end(process: asyncio.subprocess.Process) -> bool:
    """Closes the worker's ears, which ends it; kills it if it does not, and says whether it had to."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        async with asyncio.timeout(_PATIENCE):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        return True
    return False
