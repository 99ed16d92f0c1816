"""The jobs that no worker has yet, in lanes, each in the order of start-time fair queuing.

As in `lanes`, which orders the jobs of one worker: a job's turn is the lane's present turn, or the end of its
owner's previous job if that is later, plus its own cost. So whoever asks for much delays nobody else's first,
and short jobs pass long ones. Who has waited ``patience`` seconds moves up one lane, and again. Jobs are kept
by model, since whose turn it is depends on which models workers have.

Adding a job and taking one costs the logarithm of those that wait. Pure: no clock, no torch.
"""

from __future__ import annotations

import heapq
from collections import Counter, deque
from dataclasses import dataclass
from typing import TypeAlias

from engine.turns.capacity import Demand

__all__ = ["Entry", "FairQueue"]

_KEPT = 1000
"""Owners' ends above which those that lie in the past are forgotten."""


@dataclass(eq=False, slots=True)
class Entry:
    """A job and its place: its ``lane``, its ``turn`` there, and ``since`` when it has been in that lane.

    ``passed`` is since when others pass it because their models are there, None while nobody does.
    """

    demand: Demand
    lane: int
    turn: float
    since: float
    number: int = 0
    waiting: bool = False
    alone: bool = False
    passed: float | None = None


_Place: TypeAlias = tuple[float, int, Entry]
"""A turn and a number, by which heaps are ordered, and whose they are."""


class FairQueue:
    """``lanes`` lanes, the first the most urgent. ``rows`` are those that wait, by model."""

    def __init__(self, lanes: int, patience: float) -> None:
        self._patience = patience
        self._queues: list[dict[str, list[_Place]]] = [{} for _ in range(lanes)]  # heaps, by model
        self._arrivals: list[deque[tuple[float, Entry]]] = [deque() for _ in range(lanes)]
        self._present = [0.0] * lanes
        self._ends: dict[tuple[int, str], float] = {}  # lane and owner → where the owner's last job ends
        self._kept = _KEPT
        self._number = self._length = 0
        self.rows: Counter[str] = Counter()

    def __len__(self) -> int:
        return self._length

    @property
    def lanes(self) -> range:
        """All lanes, the most urgent first."""
        return range(len(self._queues))

    def add(self, demand: Demand, now: float) -> Entry:
        """Has a job wait."""
        entry = Entry(demand, demand.lane, self._next_turn(demand, demand.lane), now)
        self._wait(entry)
        return entry

    def add_again(self, entry: Entry, now: float, *, alone: bool) -> None:
        """Has a job wait whose worker was lost: its turn stays. ``alone``: nothing is to run beside it."""
        entry.since, entry.alone, entry.passed = now, alone, None
        self._wait(entry)

    def take(self, entry: Entry) -> None:
        """A job's turn has come."""
        self._present[entry.lane] = max(self._present[entry.lane], entry.turn - entry.demand.cost)
        self._leave(entry)

    def drop(self, entry: Entry) -> None:
        """A job waits no more; what it would have used is given back to its owner."""
        owner = (entry.lane, entry.demand.owner)
        if owner in self._ends:
            self._ends[owner] -= entry.demand.cost
        self._leave(entry)

    def forget(self) -> None:
        """Has turns begin anew: no job is open anywhere."""
        self._ends, self._present = {}, [0.0] * len(self._present)

    def heads(self, lane: int) -> list[Entry]:
        """The first job of each model in a lane, in order."""
        queues, heads = self._queues[lane], []
        for model, queue in list(queues.items()):
            while queue and not _stands(queue[0], lane):
                heapq.heappop(queue)
            if queue:
                heads.append(queue[0])
            else:
                del queues[model]
        return [entry for _, _, entry in sorted(heads, key=_turn)]

    def order(self) -> list[Entry]:
        """All jobs that wait, the next first."""
        waiting = [
            place[2]
            for lane, queues in enumerate(self._queues)
            for queue in queues.values()
            for place in queue
            if _stands(place, lane)
        ]
        return sorted(waiting, key=lambda entry: (entry.lane, entry.turn, entry.number))

    def move_up(self, now: float) -> None:
        """Those who have waited long enough come to the lane above."""
        for lane in self.lanes[1:]:
            arrivals = self._arrivals[lane]
            while arrivals and (not _since(arrivals[0], lane) or now - arrivals[0][0] >= self._patience):
                place = arrivals.popleft()
                if _since(place, lane):
                    entry = place[1]
                    self._leave(entry)
                    entry.lane, entry.since = lane - 1, now
                    entry.turn = self._next_turn(entry.demand, lane - 1)
                    self._wait(entry)

    def _next_turn(self, demand: Demand, lane: int) -> float:
        """The turn of a job that comes to a lane now."""
        owner = (lane, demand.owner)
        turn = max(self._present[lane], self._ends.get(owner, 0.0)) + demand.cost
        self._ends[owner] = turn
        if len(self._ends) > self._kept:
            self._ends = {key: end for key, end in self._ends.items() if end > self._present[key[0]]}
            self._kept = _KEPT + 2 * len(self._ends)
        return turn

    def _wait(self, entry: Entry) -> None:
        self._number += 1
        entry.number, entry.waiting = self._number, True
        queue = self._queues[entry.lane].setdefault(entry.demand.model, [])
        heapq.heappush(queue, (entry.turn, entry.number, entry))
        self._arrivals[entry.lane].append((entry.since, entry))
        self.rows[entry.demand.model] += entry.demand.rows
        self._length += 1

    def _leave(self, entry: Entry) -> None:
        self.rows[entry.demand.model] -= entry.demand.rows
        self._length -= 1
        entry.waiting = False


def _stands(place: _Place, lane: int) -> bool:
    """Whether a job still waits so; places that jobs have left are found in heaps for a while."""
    turn, number, entry = place
    return entry.waiting and (entry.lane, entry.turn, entry.number) == (lane, turn, number)


def _since(arrival: tuple[float, Entry], lane: int) -> bool:
    """Whether a job still waits in the lane to which it came then."""
    since, entry = arrival
    return entry.waiting and (entry.lane, entry.since) == (lane, since)


def _turn(place: _Place) -> tuple[float, int]:
    return place[:2]
