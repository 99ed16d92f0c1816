"""Which worker gets which job, driven by hand: nothing is lost, nobody starves, models stay in place."""

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.planning.memory import Fit, Needs, Part, Placement
from engine.turns.dispatch import Demand, Dispatcher, Handed
from engine.turns.standing import Standing

TURBO, FAST, RELAX = 0, 1, 2


def demand(
    job: str, owner: str = "", lane: int = FAST, model: str = "m", rows: int = 8, cost: float = 1.0
) -> Demand:
    return Demand(job, owner or job, lane, model, rows, cost)


def waiting(*workers: str, models: int = 2, places: int = 16, **given: float) -> Dispatcher:
    dispatcher = Dispatcher(**given)  # type: ignore[arg-type]
    for worker in workers:
        dispatcher.enter(worker, places=places, models=models)
    return dispatcher


def where(handed: list[Handed]) -> dict[str, str]:
    return {each.job: str(each.worker) for each in handed}


def test_workers_get_what_they_can_start_soon_and_the_rest_waits_in_one_place() -> None:
    dispatcher = waiting("a", "b")
    for number in range(10):
        dispatcher.add(demand(str(number)), 0.0)
    first = dispatcher.hand_out(0.0)
    assert Counter(where(first).values()) == {"a": 2, "b": 2}
    assert [each.job for each in first] == ["0", "1", "2", "3"]
    assert [each.job for each in dispatcher.order()] == ["4", "5", "6", "7", "8", "9"]
    dispatcher.remove("1")
    assert len(dispatcher.hand_out(1.0)) == 1
    dispatcher.enter("c", places=16, models=2)
    assert where(dispatcher.hand_out(2.0)) == {"5": "c", "6": "c"}


def test_one_worker_alone_takes_all_and_orders_them_itself() -> None:
    dispatcher = Dispatcher()
    dispatcher.enter("only", places=16, models=2, takes_all=True)
    for number in range(50):
        dispatcher.add(demand(str(number), model=f"model {number}"), 0.0)
    assert len(dispatcher.hand_out(0.0)) == 50


def test_a_worker_that_runs_wide_forwards_gets_more() -> None:
    dispatcher = waiting("a", "b")
    dispatcher.know("b", rows=32)
    for number in range(20):
        dispatcher.add(demand(str(number)), 0.0)
    assert Counter(where(dispatcher.hand_out(0.0)).values()) == {"a": 2, "b": 8}


def test_turbo_goes_to_a_worker_that_is_full_of_others() -> None:
    dispatcher = waiting("a")
    for number in range(4):
        dispatcher.add(demand(str(number)), 0.0)
    dispatcher.hand_out(0.0)
    dispatcher.add(demand("quick", lane=TURBO), 1.0)
    assert where(dispatcher.hand_out(1.0)) == {"quick": "a"}


def test_jobs_go_where_their_model_is() -> None:
    dispatcher = waiting("a", "b")
    dispatcher.know("a", resident=("one",))
    dispatcher.know("b", resident=("two",))
    for number in range(2):
        dispatcher.add(demand(f"one {number}", model="one"), 0.0)
        dispatcher.add(demand(f"two {number}", model="two"), 0.0)
    assert where(dispatcher.hand_out(0.0)) == {"one 0": "a", "one 1": "a", "two 0": "b", "two 1": "b"}


def test_a_job_lets_others_pass_for_as_long_as_its_model_would_take_to_load_elsewhere() -> None:
    dispatcher = waiting("a", "b", loading=10.0)
    dispatcher.know("a", resident=("one",))
    dispatcher.know("b", resident=("two",))
    for number in range(3):
        dispatcher.add(demand(f"one {number}", model="one"), 0.0)
    dispatcher.add(demand("two", model="two"), 0.0)
    assert where(dispatcher.hand_out(0.0)) == {"one 0": "a", "one 1": "a", "two": "b"}
    assert dispatcher.hand_out(29.0) == []
    assert where(dispatcher.hand_out(30.0)) == {"one 2": "b"}


def test_an_idle_worker_loads_a_model_sooner_than_one_that_is_at_work() -> None:
    dispatcher = waiting("a", "b", loading=10.0)
    dispatcher.know("a", resident=("one",))
    dispatcher.know("b", resident=("two",))
    for number in range(3):
        dispatcher.add(demand(f"one {number}", model="one"), 0.0)
    assert set(where(dispatcher.hand_out(0.0)).values()) == {"a"}
    assert dispatcher.hand_out(9.0) == []
    assert where(dispatcher.hand_out(10.0)) == {"one 2": "b"}


def test_a_model_that_many_suddenly_want_spreads_at_once() -> None:
    dispatcher = waiting("a", "b", "c")
    dispatcher.know("a", resident=("new",))
    for worker in ("b", "c"):
        dispatcher.know(worker, resident=("old", "older"))
    for number in range(12):
        dispatcher.add(demand(str(number), model="new"), 0.0)
    assert set(where(dispatcher.hand_out(0.0)).values()) == {"a", "b", "c"}


def test_a_worker_is_cleared_for_a_model_that_finds_all_of_them_busy_with_others() -> None:
    dispatcher = waiting("a", models=1, loading=10.0)
    for number in range(3):
        dispatcher.add(demand(f"often {number}", model="often"), 0.0)
    held = [each.job for each in dispatcher.hand_out(0.0)]
    dispatcher.add(demand("rare", model="rare"), 0.0)
    now = 0.0
    while "rare" not in held:
        now += 5.0
        assert now <= 50.0
        dispatcher.add(demand(f"often at {now}", model="often"), now)
        dispatcher.remove(held.pop(0))
        held += [each.job for each in dispatcher.hand_out(now)]
    assert held == ["rare"]


def fit(gigabytes: float) -> Fit:
    return Fit(Placement.WHOLE, None, Needs((Part("unet", int(gigabytes * 1e9)),), int(1e9)))


def test_a_job_goes_only_where_its_model_fits() -> None:
    dispatcher = waiting("small", "large")
    dispatcher.know("small", memory=int(8e9), fits={"m": fit(4), "huge": None})
    dispatcher.know("large", memory=int(80e9), fits={"m": fit(4), "huge": fit(34)})
    for number in range(6):
        dispatcher.add(demand(f"huge {number}", model="huge"), 0.0)
    dispatcher.add(demand("m"), 0.0)
    found = where(dispatcher.hand_out(0.0)) | where(dispatcher.hand_out(100.0))
    assert found == {"huge 0": "large", "huge 1": "large", "m": "small"}


def test_a_model_that_fits_nowhere_goes_to_the_largest_worker_which_says_why() -> None:
    dispatcher = waiting("small", "large")
    dispatcher.know("small", memory=int(8e9), fits={"m": None})
    dispatcher.know("large", memory=int(24e9), fits={"m": None})
    dispatcher.add(demand("job"), 0.0)
    assert where(dispatcher.hand_out(0.0)) == {"job": "large"}


def test_a_model_that_lies_there_as_a_whole_goes_before_one_that_comes_layer_by_layer() -> None:
    dispatcher = waiting("small", "large")
    needs = Needs((Part("unet", int(10e9)),), int(1e9))
    dispatcher.know("small", memory=int(8e9), fits={"m": Fit(Placement.LAYERS, int(8e9), needs)})
    dispatcher.know("large", memory=int(24e9), fits={"m": Fit(Placement.WHOLE, int(24e9), needs)})
    dispatcher.add(demand("job"), 0.0)
    assert where(dispatcher.hand_out(0.0)) == {"job": "large"}


def test_models_that_do_not_fit_beside_each_other_do_not_meet() -> None:
    dispatcher = waiting("a")
    dispatcher.know("a", memory=int(10e9), fits={"one": fit(6), "two": fit(6)})
    dispatcher.add(demand("1", model="one"), 0.0)
    dispatcher.add(demand("2", model="two"), 0.0)
    assert where(dispatcher.hand_out(0.0)) == {"1": "a"}
    dispatcher.remove("1")
    assert where(dispatcher.hand_out(1.0)) == {"2": "a"}


def test_a_job_that_is_to_be_alone_has_a_worker_to_itself() -> None:
    dispatcher = waiting("a")
    for job in ("1", "2"):
        dispatcher.add(demand(job, rows=2), 0.0)
    dispatcher.hand_out(0.0)
    dispatcher.leave("a")
    for job in ("1", "2"):
        dispatcher.put_back(job, 1.0, alone=True)
    dispatcher.enter("b", places=16, models=2)
    assert dispatcher.hand_out(1.0) == [Handed("1", "b", FAST, alone=True)]
    dispatcher.remove("1")
    assert dispatcher.hand_out(1.0) == [Handed("2", "b", FAST, alone=True)]


@pytest.mark.parametrize("takes_all", [False, True])
def test_a_job_that_is_to_be_alone_waits_for_an_idle_worker_and_nobody_behind_it_passes(takes_all) -> None:
    dispatcher = Dispatcher()
    dispatcher.enter("a", places=16, models=2, takes_all=takes_all)
    dispatcher.add(demand("1", rows=2), 0.0)
    dispatcher.hand_out(0.0)
    dispatcher.leave("a")
    dispatcher.enter("b", places=16, models=2, takes_all=takes_all)
    dispatcher.add(demand("2", rows=2, model="other", lane=TURBO), 1.0)
    assert where(dispatcher.hand_out(1.0)) == {"2": "b"}
    dispatcher.put_back("1", 1.0, alone=True)
    dispatcher.add(demand("3", rows=2, model="other"), 2.0)
    dispatcher.add(demand("4", rows=2, lane=RELAX), 2.0)
    assert dispatcher.hand_out(2.0) == []
    dispatcher.remove("2")
    assert where(dispatcher.hand_out(3.0)) == {"1": "b"}
    dispatcher.add(demand("5", rows=2, lane=TURBO), 3.0)
    assert dispatcher.hand_out(3.0) == []
    dispatcher.remove("1")
    assert set(where(dispatcher.hand_out(4.0))) == {"3", "4", "5"}


def test_who_has_waited_long_moves_up_a_lane_and_passes() -> None:
    dispatcher = waiting("a", patience=60.0)
    for number in range(2):
        dispatcher.add(demand(f"first {number}"), 0.0)
    dispatcher.hand_out(0.0)
    dispatcher.add(demand("relaxed", lane=RELAX), 0.0)
    dispatcher.add(demand("before"), 59.0)
    assert dispatcher.hand_out(60.0) == []
    dispatcher.add(demand("after"), 61.0)
    order = []
    for job in ("first 0", "first 1", "before"):
        dispatcher.remove(job)
        order += dispatcher.hand_out(62.0)
    assert [(one.job, one.lane) for one in order] == [("before", FAST), ("relaxed", FAST), ("after", FAST)]


def test_an_owner_with_many_jobs_delays_nobodys_first() -> None:
    dispatcher = waiting("a")
    for number in range(40):
        dispatcher.add(demand(f"many {number}", owner="many"), 0.0)
    dispatcher.hand_out(0.0)
    dispatcher.add(demand("first", owner="other"), 1.0)
    dispatcher.remove("many 0")
    dispatcher.remove("many 1")
    assert "first" in where(dispatcher.hand_out(2.0))


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(),
    workers=st.integers(1, 5),
    models=st.integers(1, 3),
    losses=st.booleans(),
)
def test_every_job_is_handed_out_once_whatever_happens(
    seed: int, workers: int, models: int, losses: bool
) -> None:
    dice = random.Random(seed)
    dispatcher = waiting(*map(str, range(workers)), models=models, patience=50.0, loading=5.0)
    living, held, ended, now = {str(n) for n in range(workers)}, {}, set(), 0.0
    asked = 0
    for step in range(400):
        now += dice.random()
        if step < 200 and dice.random() < 0.6:
            lane, model = dice.randrange(3), f"model {dice.randrange(4)}"
            rows, owner = dice.choice((2, 8, 40)), f"owner {dice.randrange(5)}"
            dispatcher.add(Demand(str(asked), owner, lane, model, rows, rows / 8), now)
            asked += 1
        if held and dice.random() < 0.6:
            job = dice.choice(sorted(held))
            dispatcher.know(held.pop(job), resident=[f"model {dice.randrange(4)}"])
            dispatcher.remove(job)
            ended.add(job)
        waits = [each.job for each in dispatcher.order()]
        if waits and dice.random() < 0.05:
            dispatcher.remove(waits[-1])
            ended.add(waits[-1])
        if losses and len(living) > 1 and dice.random() < 0.03:
            gone = dice.choice(sorted(living))
            dispatcher.leave(gone)
            for job in [job for job, worker in held.items() if worker == gone]:
                del held[job]
                dispatcher.put_back(job, now, alone=dice.random() < 0.5)
            living.discard(gone)
            new = f"{gone}'"
            dispatcher.enter(new, places=16, models=models)
            living.add(new)
        for one in dispatcher.hand_out(now):
            assert one.job not in held
            assert one.job not in ended
            assert one.worker in living
            held[one.job] = str(one.worker)
        assert len(dispatcher) == len(dispatcher.order())
        assert len(dispatcher) + len(held) + len(ended) == asked
    while held or len(dispatcher):
        now += 1.0
        assert now < 10_000
        for job in list(held):
            del held[job]
            dispatcher.remove(job)
        held |= where(dispatcher.hand_out(now))


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(), workers=st.integers(2, 6))
def test_owners_who_always_want_more_get_equal_work(seed: int, workers: int) -> None:
    dice, got = random.Random(seed), Counter[str]()
    dispatcher = waiting(*map(str, range(workers)))
    costs: dict[str, tuple[str, float]] = {}
    for owner in range(8):
        for number in range(60 + 20 * owner):
            job, cost = f"{owner} {number}", dice.choice((0.5, 1.0, 2.0))
            costs[job] = (str(owner), cost)
            dispatcher.add(demand(job, owner=str(owner), cost=cost), 0.0)
    held: list[str] = []
    for _ in range(160):
        held += [each.job for each in dispatcher.hand_out(0.0)]
        done = held.pop(dice.randrange(len(held)))
        dispatcher.remove(done)
        got[costs[done][0]] += costs[done][1]
    shares = list(got.values())
    assert sum(shares) ** 2 / (8 * sum(share**2 for share in shares)) >= 0.95


def test_who_waits_is_told_a_place_and_a_time_when_these_have_changed_enough() -> None:
    standing, order = Standing(), [demand(str(number), cost=2.0) for number in range(40)]
    standing.began(0.0)
    for second in range(1, 11):
        standing.done(2.0, float(second), last=False)
    first = standing.announce(order, 10.0)
    assert [(news.job_id, news.position) for news in first[:2]] == [("0", 1), ("1", 2)]
    assert len(first) == 40
    assert [news.eta for news in first[:2]] == pytest.approx([1.0, 2.0])
    assert not standing.due(40, 10.5)
    assert standing.due(40, 11.0)
    moved = standing.announce(order[1:], 11.0)
    assert {news.job_id for news in moved} == {str(number) for number in range(1, 11)}
    assert not standing.due(0, 100.0)
