"""The workers of this machine: a process for each device, started when there is something to do.

The devices are those that the setting names; "auto" and "cuda" mean whatever the first process finds here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.planning.registry import Registry
from engine.process.pool import Hearing
from engine.process.supervisor import Supervisor
from engine.process.wire import Know, Order, Ready, Report, Setup

__all__ = ["LocalPool"]

_MOST_FALSE_STARTS = 3
"""Processes in a row that may end by themselves before they are ready."""

_MOST_KILLS = 12
"""Processes in a row that may be killed before they are ready: with the waits between them, minutes."""


@dataclass(eq=False)
class _Device:
    """A device, and its process, one after another."""

    supervisor: Supervisor
    false_starts: int = 0
    killed_starts: int = 0

    def send(self, order: Order) -> None:
        """Sends an order to the present process."""
        self.supervisor.send(order)


class LocalPool:
    """Keeps `Pool`'s protocol. A step longer than ``stall`` seconds ends a worker, ``command`` starts it."""

    def __init__(self, setup: Setup, hearing: Hearing, *, stall: float, command: Sequence[str]) -> None:
        self._setup, self._hearing, self._stall, self._command = setup, hearing, stall, tuple(command)
        self._wanted = 0
        self._devices = [self._device(name.strip()) for name in setup.device.split(",")]

    def want(self, more: int) -> None:
        """Starts so many of the processes that sleep."""
        starting = sum(each.supervisor.busy and not each.supervisor.ready for each in self._devices)
        self._wanted = more
        for device in [each for each in self._devices if not each.supervisor.busy][: max(0, more - starting)]:
            device.supervisor.start()

    def know(self, registry: Registry) -> None:
        """Tells all processes, and those to come."""
        self._setup = replace(self._setup, registry=registry)
        for device in self._devices:
            device.supervisor.setup = replace(device.supervisor.setup, registry=registry)
            device.send(Know(registry))

    def alive(self) -> int:
        """How many processes there are."""
        return len(self.pids())

    def pids(self) -> tuple[int, ...]:
        """Their ids."""
        pids = (device.supervisor.pid for device in self._devices)
        return tuple(pid for pid in pids if pid is not None)

    async def close(self) -> None:
        """Ends the processes."""
        for device in self._devices:
            await device.supervisor.close()

    def _device(self, name: str) -> _Device:
        supervisor = Supervisor(
            self._command,
            replace(self._setup, device=name),
            on_report=lambda report: self._on_report(device, report),
            on_end=lambda ready, killed: self._on_end(device, ready, killed),
            stall=self._stall,
        )
        device = _Device(supervisor)
        return device

    def _on_report(self, device: _Device, report: Report) -> None:
        if isinstance(report, Ready):
            device.false_starts = device.killed_starts = 0
            if len(self._devices) == 1:
                self._devices += [self._device(name) for name in report.devices[1:]]
            self._hearing.came(device, len(self._devices) == 1)
        self._hearing.reported(device, report)

    def _on_end(self, device: _Device, was_ready: bool, killed: bool) -> bool:
        """After a process's end: whether there is work for another."""
        if was_ready:
            self._hearing.ended(device)
        device.false_starts += not was_ready and not killed
        device.killed_starts += not was_ready and killed
        if device.false_starts < _MOST_FALSE_STARTS and device.killed_starts < _MOST_KILLS:
            return self._wanted > 0
        device.false_starts = device.killed_starts = 0
        if not any(other.supervisor.busy for other in self._devices if other is not device):
            self._hearing.gave_up()
        return False
