"""A forecast is what then happens, when nobody else comes and forwards take what they always took."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.turns.forecast import Rest, forecast
from engine.turns.lanes import Lanes, Waiting
from engine.turns.pace import Pace
from engine.turns.work import ForwardShape

SHAPES = [ForwardShape("m", 256, 256), ForwardShape("m", 320, 208), ForwardShape("other", 256, 256)]
RESTS = st.builds(
    Rest, st.sampled_from(SHAPES), st.integers(1, 30), st.sampled_from((1, 2, 4, 8)), st.just(4)
)
ASKED = st.tuples(RESTS, st.sampled_from("abcd"), st.integers(0, 2))


class Law(Pace):
    """A machine that never changes."""

    def forward(self, shape: ForwardShape, rows: int) -> float:
        return 0.02 + 0.1 * rows * shape.megapixels

    def decoding(self, shape: ForwardShape, pictures: int) -> float:
        return pictures * shape.megapixels


def limit(shape: ForwardShape, rows: int) -> int:
    return 16 if shape == SHAPES[0] else 8


def asked_for(jobs: list[tuple[Rest, str, int]], patience: float = 600.0) -> tuple[Lanes, dict[str, Rest]]:
    lanes, rests = Lanes(active=4, patience=patience), {}
    for number, (rest, owner, lane) in enumerate(jobs):
        rests[str(number)] = rest
        lanes.add(str(number), owner, lane, float(rest.steps * rest.rows))
    return lanes, rests


class Machine:
    """Plays lanes forward by forward."""

    def __init__(self, lanes: Lanes, rests: dict[str, Rest]) -> None:
        self.lanes, self.rests, self.now = lanes, dict(rests), 0.0
        self.ends: dict[str, float] = {}

    def step(self) -> None:
        self.lanes.admit(lambda job: True)
        left = {job: self.rests[job] for job in self.lanes.started()}
        calls = {
            j: Waiting(r.shape, r.rows) if r.steps else Waiting(j, 0, last=True) for j, r in left.items()
        }
        chosen = self.lanes.choose(calls, lambda job, rows: limit(left[job].shape, rows))
        first = left[chosen[0]]
        if first.steps:
            seconds = Law().forward(first.shape, sum(left[job].rows for job in chosen))
            for job in chosen:
                self.rests[job] = replace(left[job], steps=left[job].steps - 1)
        else:
            seconds = Law().decoding(first.shape, first.pictures)
            self.lanes.remove(chosen[0])
            self.ends[chosen[0]] = self.now + seconds
        self.now += seconds
        self.lanes.charge(seconds)


@given(jobs=st.lists(ASKED, min_size=1, max_size=12), before=st.integers(0, 40))
def test_what_is_foretold_happens(jobs: list[tuple[Rest, str, int]], before: int) -> None:
    machine = Machine(*asked_for(jobs))
    for _ in range(before):
        if len(machine.lanes):
            machine.step()
    asked = machine.now
    foretold = forecast(machine.lanes.copy(100), machine.rests, limit, Law())
    already = set(machine.ends)
    while len(machine.lanes):
        machine.step()
    happened = {job: end - asked for job, end in machine.ends.items() if job not in already}
    assert foretold == pytest.approx(happened)


@given(jobs=st.lists(ASKED, min_size=6, max_size=12), most=st.integers(1, 6))
def test_those_beyond_the_first_are_left_out(jobs: list[tuple[Rest, str, int]], most: int) -> None:
    lanes, rests = asked_for(jobs)
    lanes.admit(lambda job: True)
    started, waiting = lanes.started(), [job for _, _, job in lanes.waiting()]
    foretold = forecast(lanes.copy(most), rests, limit, Law())
    assert set(foretold) == {*started, *waiting[:most]}
    assert set(lanes.started()) == set(started)  # the lanes themselves have not moved


def test_nothing_is_foretold_while_no_pace_is_known() -> None:
    lanes, rests = asked_for([(Rest(SHAPES[0], 10, 8, 4), "a", 1)] * 3)
    assert forecast(lanes, rests, limit, Pace()) == {}


def test_equal_forwards_are_played_as_one() -> None:
    lanes, rests = asked_for([(Rest(SHAPES[n % 2], 20 + n % 7, 8, 4), str(n), n % 3) for n in range(48)])
    played = []
    law = Law()
    law.forward = lambda shape, rows: played.append(rows) or 0.1  # type: ignore[method-assign,func-returns-value]
    forecast(lanes, rests, limit, law)
    assert len(played) <= 2 * len(rests)
