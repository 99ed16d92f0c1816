"""Cores wait actively for each other on a quiet machine, and asleep beside other programs."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from engine.process.yielding import Used, Yielding, cores, used


@dataclass
class Machine:
    """Two cores of which others take so many; this process keeps the rest busy."""

    now: float = 0.0
    seen: Used = field(default_factory=lambda: Used(0.0, 0.0))

    def works(self, seconds: float, others: float) -> None:
        own = min(2.0, 2.2 - others)
        self.now += seconds
        self.seen = Used(self.seen.all + seconds * (own + others), self.seen.own + seconds * own)


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def yielding(machine: Machine) -> Iterator[Yielding]:
    made = Yielding(2, 2, lambda: machine.seen, lambda: machine.now)
    yield made
    made.close()


def teams() -> int:
    return sum(thread.name == "idle team" for thread in threading.enumerate())


def lived(yielding: Yielding, machine: Machine, seconds: float, others: float) -> list[bool]:
    """Whether cores slept at each of the looks, ten a second."""
    slept = []
    for _ in range(round(10 * seconds)):
        machine.works(0.1, others)
        yielding.look()
        slept.append(yielding.asleep)
    return slept


def test_beside_a_busy_program_the_cores_sleep_and_in_quiet_they_do_not(
    yielding: Yielding, machine: Machine
) -> None:
    assert not any(lived(yielding, machine, 3, others=0.05))
    assert all(lived(yielding, machine, 3, others=1.0)[3:])
    assert teams() == 1
    assert not any(lived(yielding, machine, 3, others=0.0)[15:])


def test_what_comes_in_bursts_keeps_them_asleep(yielding: Yielding, machine: Machine) -> None:
    lived(yielding, machine, 1, others=1.0)
    for _ in range(5):
        assert all(lived(yielding, machine, 0.6, others=0.0))
        assert all(lived(yielding, machine, 0.6, others=1.0))


def test_free_cores_are_for_others(machine: Machine) -> None:
    yielding = Yielding(2, 4, lambda: machine.seen, lambda: machine.now)
    assert not any(lived(yielding, machine, 3, others=2.0))


def test_one_thread_waits_for_nobody(machine: Machine) -> None:
    yielding = Yielding(1, 2, lambda: machine.seen, lambda: machine.now)
    assert not any(lived(yielding, machine, 3, others=2.0))


def test_where_the_kernel_does_not_say_nothing_is_done(machine: Machine) -> None:
    yielding = Yielding(2, 2, lambda: None, lambda: machine.now)
    assert not any(lived(yielding, machine, 3, others=2.0))


def test_the_kernel_counts_what_the_cores_of_this_process_do(tmp_path: Path) -> None:
    stat = tmp_path / "stat"
    rows = [f"cpu{core} 100 20 30 9000 400 5 6 7 0 0" for core in range(4096)]
    stat.write_text("\n".join(["cpu  1 2 3 4 5 6 7 8 9 10", *rows, "intr 1"]))
    seen = used(stat)
    assert seen is not None
    assert seen.all == pytest.approx(cores() * 1.68)
    assert seen.own > 0
    assert used(tmp_path / "nothing") is None
