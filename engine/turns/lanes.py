"""Whose turn it is: which jobs are rendered side by side, and which of their pending calls share a forward.

Three lanes, turbo before fast before relax, decided anew at every step, so an urgent job overtakes without
lost work. Inside a lane turns follow start-time fair queuing: a job's turn is the lane's present turn, or
the end of its owner's previous job if that is later, plus its own cost. So someone with twenty jobs does not
delay another's first, and a short job passes long ones. Nothing starves: whoever has waited while
``patience`` of work was done moves up one lane, again and again. Jobs rendered side by side are bounded;
each lane leaves one place for the lane above it.

Pure: no torch, no clock. Costs have any one unit; time is what was charged, in seconds of work.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import accumulate

__all__ = ["Lanes", "Ticket", "Waiting"]


@dataclass(slots=True)
class Ticket:
    """A job's place. ``lane`` 0 is the most urgent; ``turn`` orders a lane; ``left`` is the cost to come."""

    job: str
    owner: str
    lane: int
    cost: float
    number: int
    turn: float
    born: float
    alone: bool
    left: float
    started: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """A started job's pending call: its rows, what they may share a forward with, whether it is the last."""

    key: Hashable
    rows: int
    last: bool = False


class Lanes:
    """All jobs of one device that are not yet finished."""

    def __init__(self, active: int, patience: float = 600.0) -> None:
        self.active, self.patience = active, patience
        self._tickets: dict[str, Ticket] = {}
        self._present: dict[int, float] = {}  # lane → the turn it has come to
        self._ends: dict[tuple[int, str], float] = {}  # lane and owner → where the owner's last job ends
        self._work = 0.0
        self._number = 0

    def __len__(self) -> int:
        return len(self._tickets)

    def add(self, job: str, owner: str, lane: int, cost: float, *, alone: bool = False) -> None:
        """Queues a job. ``alone``: nothing is rendered beside it."""
        present = self._present.get(lane, 0.0)
        self._ends = {key: end for key, end in self._ends.items() if end > self._present.get(key[0], 0.0)}
        turn = max(present, self._ends.get((lane, owner), 0.0)) + cost
        self._ends[lane, owner] = turn
        self._number += 1
        self._tickets[job] = Ticket(job, owner, lane, cost, self._number, turn, self._work, alone, cost)

    def remove(self, job: str) -> None:
        """Forgets a job: finished, failed or cancelled. What it did not use is given back to its owner."""
        ticket = self._tickets.pop(job)
        if (ticket.lane, ticket.owner) in self._ends:
            self._ends[ticket.lane, ticket.owner] -= ticket.left
        if not self._tickets:
            self._ends, self._present = {}, {}

    def progress(self, job: str, share: float) -> None:
        """Notes that ``share`` (0–1) of a job is done."""
        ticket = self._tickets[job]
        ticket.left = ticket.cost * (1.0 - share)

    def charge(self, work: float) -> None:
        """Notes that ``work`` was done for anyone: those who wait have aged by it."""
        self._work += work

    def order(self) -> list[Ticket]:
        """All jobs, the next first."""
        return sorted(self._tickets.values(), key=self._rank)

    def admit(self, ready: Callable[[str], bool]) -> list[str]:
        """Starts, in order, the waiting jobs that are ``ready`` and for which there is a place."""
        admitted = []
        running = [ticket for ticket in self._tickets.values() if ticket.started]
        for ticket in self.order():
            if any(other.alone for other in running) or (ticket.alone and running):
                break
            if not ticket.started and len(running) < max(1, self.active - ticket.lane) and ready(ticket.job):
                ticket.started = True
                running.append(ticket)
                admitted.append(ticket.job)
        return admitted

    def choose(self, pending: Mapping[str, Waiting], limit: Callable[[str, int], int]) -> list[str]:
        """The jobs whose calls run next, in one forward: the first in order and those of its lane that fit.

        ``limit(job, rows)`` is how many rows a forward of that job's kind should have when ``rows`` of them
        are pending. A call of more than twice the leader's rows does not join: it would gain little and make
        the leader, a short job, wait long. The last call of a job goes before all others of its lane: it
        ends a job, and costs the others no more now than later.
        """
        order = [ticket for ticket in self.order() if ticket.job in pending]
        if not order:
            return []
        leader, first = order[0], pending[order[0].job]
        self._present[leader.lane] = max(self._present.get(leader.lane, 0.0), leader.turn - leader.cost)
        lane = [ticket for ticket in order if self._lane(ticket) == self._lane(leader)]
        if last := [ticket.job for ticket in lane if pending[ticket.job].last]:
            return last[:1]
        alike = [t for t in lane if pending[t.job].key == first.key and pending[t.job].rows <= 2 * first.rows]
        most = limit(leader.job, sum(pending[t.job].rows for t in alike))
        return list(_fitting(alike, pending, most))

    def started(self) -> list[str]:
        """The jobs that are being rendered."""
        return [ticket.job for ticket in self._tickets.values() if ticket.started]

    def copy(self, most: int) -> Lanes:
        """The same lanes on their own, with no more than the first ``most`` of those that wait."""
        lanes = Lanes(self.active, self.patience)
        waiting = [ticket.job for ticket in self.order() if not ticket.started]
        beyond = set(waiting[most:])
        lanes._tickets = {job: replace(t) for job, t in self._tickets.items() if job not in beyond}
        lanes._present, lanes._ends = dict(self._present), dict(self._ends)
        lanes._work, lanes._number = self._work, self._number
        return lanes

    def waiting(self) -> list[tuple[int, float, str]]:
        """The jobs not started.

        Their places from 1, and the cost of all that is done until each is finished.
        """
        ahead = list(accumulate(ticket.left for ticket in self.order()))
        queue = [
            (cost, ticket.job) for cost, ticket in zip(ahead, self.order(), strict=True) if not ticket.started
        ]
        return [(place, cost, job) for place, (cost, job) in enumerate(queue, 1)]

    def _lane(self, ticket: Ticket) -> int:
        return ticket.lane - int((self._work - ticket.born) / self.patience)

    def _rank(self, ticket: Ticket) -> tuple[int, float, int]:
        return self._lane(ticket), ticket.turn, ticket.number


def _fitting(tickets: Iterable[Ticket], pending: Mapping[str, Waiting], most: int) -> Iterable[str]:
    rows = 0
    for ticket in tickets:
        if not rows or rows + pending[ticket.job].rows <= most:
            rows += pending[ticket.job].rows
            yield ticket.job
