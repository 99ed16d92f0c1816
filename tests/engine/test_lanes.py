"""Whose turn it is, driven by hand: lanes, fairness, no starvation, exactly once."""

from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.turns.lanes import Lanes, Waiting

TURBO, FAST, RELAX = 0, 1, 2


def ready(_: str) -> bool:
    return True


@dataclass
class Work:
    """A job of the simulation: calls still to make, rows each, and what they may share a forward with."""

    steps: int
    rows: int = 8
    key: str = "512"


class Device:
    """Runs what the lanes choose: one forward a step, a unit of cost a step, no clock but the steps made."""

    def __init__(self, lanes: Lanes, limit: int = 8) -> None:
        self.lanes, self.limit = lanes, limit
        self.jobs: dict[str, Work] = {}
        self.started: dict[str, int] = {}
        self.finished: dict[str, int] = {}
        self.now = 0

    def add(self, job: str, owner: str = "", lane: int = FAST, alone: bool = False, **work: object) -> None:
        self.jobs[job] = Work(**work)  # type: ignore[arg-type]
        self.lanes.add(job, owner or job, lane, self.jobs[job].steps, alone=alone)

    def step(self) -> list[str]:
        for job in self.lanes.admit(ready):
            assert job not in self.started
            self.started[job] = self.now
        running = {j: w for j, w in self.jobs.items() if j in self.started and j not in self.finished}
        pending = {job: Waiting(work.key, work.rows) for job, work in running.items()}
        chosen = self.lanes.choose(pending, lambda job, rows: self.limit)
        for job in chosen:
            self.jobs[job].steps -= 1
        self.now += 1
        self.lanes.charge(1.0)
        for job in [job for job in chosen if not self.jobs[job].steps]:
            self.finished[job] = self.now
            self.lanes.remove(job)
        return chosen

    def run(self, steps: int = 10_000, before: Callable[[int], None] = lambda now: None) -> dict[str, int]:
        for _ in range(steps):
            before(self.now)
            if not len(self.lanes) and self.now:
                break
            self.step()
        return self.finished


def test_an_urgent_job_takes_the_next_step_and_no_work_is_lost() -> None:
    device = Device(Lanes(16))
    device.add("grid", lane=RELAX, steps=10)
    for _ in range(4):
        device.step()
    device.add("quick", lane=TURBO, steps=2)
    assert [device.step() for _ in range(3)] == [["quick"], ["quick"], ["grid"]]
    assert device.run()["grid"] == 12


def test_turbo_goes_before_fast_and_fast_before_relax() -> None:
    device = Device(Lanes(16))
    for lane in (RELAX, FAST, TURBO):
        device.add(str(lane), lane=lane, steps=3)
    assert list(device.run()) == ["0", "1", "2"]


def test_equal_jobs_are_finished_in_order_of_arrival_rather_than_all_late() -> None:
    device = Device(Lanes(16))
    for number in range(4):
        device.add(str(number), steps=5)
    assert device.run() == {"0": 5, "1": 10, "2": 15, "3": 20}


def test_twenty_jobs_of_one_owner_do_not_delay_the_first_of_another() -> None:
    device = Device(Lanes(16))
    for number in range(20):
        device.add(f"many{number}", owner="many", steps=5)
    for _ in range(7):
        device.step()
    device.add("first", owner="other", steps=5)
    assert device.run()["first"] <= 7 + 5 + 5


def test_two_owners_with_many_jobs_take_turns_and_a_third_need_not_wait_for_both() -> None:
    device = Device(Lanes(16))
    for number in range(20):
        device.add(f"a{number}", owner="a", steps=5)
        device.add(f"b{number}", owner="b", steps=5)
    for _ in range(50):
        device.step()
    assert sum(job.startswith("a") for job in device.finished) == 5
    device.add("c", owner="c", steps=5)
    assert device.run()["c"] <= 50 + 3 * 5


def test_a_short_job_passes_long_ones() -> None:
    device = Device(Lanes(16))
    for number in range(6):
        device.add(f"long{number}", steps=40)
    device.step()
    device.add("short", steps=4, rows=2)
    assert device.run()["short"] == 5


def test_small_calls_fill_a_forward_and_a_large_one_does_not_ride_on_a_small_one() -> None:
    device = Device(Lanes(16), limit=16)
    device.add("large", steps=9, rows=8)
    for name in ("a", "b", "c"):
        device.add(name, steps=3, rows=2)
    assert device.step() == ["a", "b", "c"]
    device.add("other shape", steps=2, rows=2, key="768")
    assert device.step() == ["other shape"]


def test_a_small_call_rides_on_a_large_one() -> None:
    device = Device(Lanes(16), limit=16)
    device.add("large", steps=3, rows=8)
    device.add("small", steps=5, rows=2)
    assert device.step() == ["large", "small"]


def test_what_is_only_to_be_decoded_goes_before_what_is_still_drawn_but_not_before_a_higher_lane() -> None:
    lanes = Lanes(16)
    for job, lane, cost in (("short", FAST, 3.0), ("drawn", FAST, 9.0), ("relaxed", RELAX, 1.0)):
        lanes.add(job, job, lane, cost)
    lanes.admit(ready)
    pending = {
        "short": Waiting("512", 8),
        "drawn": Waiting("drawn", 0, last=True),
        "relaxed": Waiting("relaxed", 0, last=True),
    }
    assert lanes.choose(pending, lambda job, rows: 16) == ["drawn"]
    lanes.remove("drawn")
    del pending["drawn"]
    assert lanes.choose(pending, lambda job, rows: 16) == ["short"]


def test_a_call_that_shares_with_no_one_waits_for_its_turn_as_others_do() -> None:
    lanes = Lanes(16)
    for job, cost in (("short", 3.0), ("unshared", 9.0)):
        lanes.add(job, job, FAST, cost)
    lanes.admit(ready)
    pending = {"short": Waiting("512", 8), "unshared": Waiting("itself", 0)}
    assert lanes.choose(pending, lambda job, rows: 16) == ["short"]


def test_a_lower_lane_does_not_slow_a_higher_one_by_joining_it() -> None:
    device = Device(Lanes(16), limit=16)
    device.add("turbo", lane=TURBO, steps=3, rows=2)
    device.add("relax", lane=RELAX, steps=3, rows=2)
    assert device.step() == ["turbo"]


def test_a_call_larger_than_the_limit_still_runs() -> None:
    device = Device(Lanes(16), limit=4)
    device.add("large", steps=1, rows=8)
    assert device.step() == ["large"]


def test_jobs_under_way_are_bounded_and_each_lane_leaves_a_place_for_the_one_above() -> None:
    lanes = Lanes(active=4)
    for number in range(9):
        lanes.add(f"relax{number}", str(number), RELAX, 1.0)
    assert len(lanes.admit(ready)) == 2
    lanes.add("fast", "f", FAST, 1.0)
    assert lanes.admit(ready) == ["fast"]
    lanes.add("turbo", "t", TURBO, 1.0)
    assert lanes.admit(ready) == ["turbo"]
    lanes.remove("relax0")
    lanes.remove("relax1")
    assert lanes.admit(ready) == []


def test_a_job_alone_has_the_device_to_itself() -> None:
    device = Device(Lanes(16), limit=16)
    device.add("before", steps=3, rows=2)
    device.step()
    device.add("alone", steps=2, rows=2, alone=True)
    device.add("after", steps=2, rows=2)
    together = [device.step() for _ in range(6)]
    assert together == [["before"], ["before"], ["alone"], ["alone"], ["after"], ["after"]]


def test_a_job_whose_model_is_not_there_lets_others_pass() -> None:
    lanes = Lanes(16)
    lanes.add("far", "a", FAST, 1.0)
    lanes.add("near", "b", FAST, 1.0)
    assert lanes.admit(lambda job: job == "near") == ["near"]


def test_places_and_costs_ahead_are_in_the_order_of_turns() -> None:
    lanes = Lanes(active=2)
    for job, lane in (("a", FAST), ("b", FAST), ("c", RELAX), ("d", TURBO)):
        lanes.add(job, job, lane, 10.0)
    assert lanes.admit(ready) == ["d"]
    lanes.progress("d", 0.5)
    assert lanes.waiting() == [(1, 15.0, "a"), (2, 25.0, "b"), (3, 35.0, "c")]


def test_cancelling_gives_the_turn_back() -> None:
    device = Device(Lanes(16))
    device.add("other", owner="x", steps=30)
    for number in range(5):
        device.add(f"dropped{number}", owner="a", steps=50)
    for number in range(5):
        device.lanes.remove(f"dropped{number}")
        del device.jobs[f"dropped{number}"]
    device.add("kept", owner="a", steps=5)
    assert device.run()["kept"] == 5


def test_relax_is_served_in_an_hour_of_overload() -> None:
    """Fast work arrives at 1.3 times what the device does, for an hour of one-second steps."""
    device = Device(Lanes(16, patience=600.0))
    device.add("relax", owner="patient", lane=RELAX, steps=20)

    def arrivals(now: int) -> None:
        if now % 10 == 0:
            device.add(f"fast{now}", owner=f"user{now % 70}", steps=13)

    device.run(3600, arrivals)
    assert device.finished["relax"] <= 1300


def test_an_hour_of_too_much_work_in_every_lane_starves_nobody() -> None:
    """1.3 times what the device does, most of it urgent; whoever came in the first ten minutes is served."""
    device = Device(Lanes(16, patience=600.0))
    lanes = (TURBO, TURBO, FAST, TURBO, RELAX)

    def arrivals(now: int) -> None:
        if now % 10 == 0:
            turn = now // 10
            device.add(f"{now}", owner=f"user{turn % 7}", lane=lanes[turn % 5], steps=13)

    device.run(3600, arrivals)
    assert len(device.lanes) > 50
    assert {str(now) for now in range(0, 600, 10)} <= set(device.finished)


lane = st.sampled_from([TURBO, FAST, RELAX])
arrival = st.tuples(
    st.integers(0, 60),
    lane,
    st.integers(1, 12),
    st.sampled_from([1, 2, 4, 8]),
    st.sampled_from("ab"),
    st.sampled_from("xyz"),
    st.booleans(),
)


@settings(max_examples=200)
@given(st.lists(arrival, min_size=1, max_size=40), st.sampled_from([2, 8, 16]), st.integers(1, 6))
def test_every_job_gets_every_step_exactly_once_whatever_arrives(
    arrivals: list[tuple[int, int, int, int, str, str, bool]], limit: int, active: int
) -> None:
    device = Device(Lanes(active=active, patience=20.0), limit)
    steps = {f"job{number}": each[2] for number, each in enumerate(arrivals)}
    made = dict.fromkeys(steps, 0)
    for now in range(61 + sum(steps.values())):
        for number, (when, lane, work, rows, key, owner, alone) in enumerate(arrivals):
            if when == now:
                device.add(f"job{number}", owner, lane, alone, steps=work, rows=rows, key=key)
        chosen = device.step()
        assert len({device.jobs[job].key for job in chosen}) <= 1
        assert len(chosen) == 1 or sum(device.jobs[job].rows for job in chosen) <= limit
        assert len(set(device.started) - set(device.finished)) <= max(1, active)
        for job in chosen:
            made[job] += 1
    assert made == steps
    assert set(device.finished) == set(steps)


@settings(max_examples=25)
@given(st.integers(2, 6), st.integers(1, 4), st.integers(3, 10))
def test_owners_who_always_want_more_get_equal_shares(owners: int, size: int, rounds: int) -> None:
    device = Device(Lanes(16))
    for number in range(3 * rounds):
        for owner in range(owners):
            device.add(f"{owner}/{number}", owner=str(owner), steps=size * (1 + owner % 2))
    made = dict.fromkeys(range(owners), 0)
    for _ in range(owners * size * 2 * rounds):
        for job in device.step():
            made[int(job.split("/")[0])] += 1
    assert max(made.values()) - min(made.values()) <= 4 * size
