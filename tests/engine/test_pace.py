import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.families import FAMILIES
from engine.planning.plan import Conditioning
from engine.turns.pace import Pace
from engine.turns.work import ForwardShape, cost, rows_of
from tests.engine import stub

SD = FAMILIES["sd"]
SQUARE, WIDE = ForwardShape("m", 256, 256), ForwardShape("m", 320, 208)


def forward(pace: Pace, shape: ForwardShape, rows: int) -> float:
    seconds = pace.forward(shape, rows)
    assert seconds is not None
    return seconds


ODDLY = st.floats(0.25, 4.0)  # how far a machine is from the proportions that were measured


@given(machine=st.floats(0.05, 5.0), once=ODDLY, decoded=ODDLY, seed=st.integers())
def test_turns_of_many_sizes_teach_what_each_part_takes(
    machine: float, once: float, decoded: float, seed: int
) -> None:
    once, decoded = 0.3 * once, 5.0 * decoded
    pace, dice = Pace(), random.Random(seed)
    for _ in range(200):
        shape, rows = dice.choice((SQUARE, WIDE)), dice.choice((2, 8, 16, 40))
        pace.took(shape, 1, rows, 0, machine * (once + rows * shape.megapixels))
        pace.took(shape, 0, 0, 4, machine * decoded * 4 * shape.megapixels)
    for rows in (4, 8, 32):
        taken = machine * (once + rows * SQUARE.megapixels)
        assert forward(pace, SQUARE, rows) == pytest.approx(taken, rel=0.25)
    assert pace.decoding(SQUARE, 4) == pytest.approx(machine * decoded * 4 * SQUARE.megapixels, rel=0.25)


def test_equal_turns_are_foretold_and_others_in_the_usual_proportion() -> None:
    pace = Pace()
    for _ in range(50):
        pace.took(SQUARE, 1, 32, 0, 0.25)
    assert forward(pace, SQUARE, 32) == pytest.approx(0.25, rel=0.01)
    assert 0.25 / 4 < forward(pace, SQUARE, 8) < 0.25 / 2


def test_a_shape_that_is_slow_is_known_to_be_slow_and_no_other() -> None:
    pace = Pace()
    for _ in range(60):
        pace.took(SQUARE, 1, 16, 0, 0.1)
        pace.took(WIDE, 1, 16, 0, 0.3)
    assert forward(pace, SQUARE, 16) == pytest.approx(0.1, rel=0.1)
    assert forward(pace, WIDE, 16) == pytest.approx(0.3, rel=0.1)


def test_models_are_told_apart_and_one_not_yet_seen_is_taken_for_an_average_one() -> None:
    pace = Pace()
    for _ in range(20):
        pace.took(SQUARE, 1, 8, 0, 0.1)
        pace.took(ForwardShape("slow", 256, 256), 1, 8, 0, 1.0)
    assert forward(pace, SQUARE, 8) == pytest.approx(0.1, rel=0.01)
    assert forward(pace, ForwardShape("slow", 256, 256), 8) == pytest.approx(1.0, rel=0.01)
    assert forward(pace, ForwardShape("new", 256, 256), 8) == pytest.approx(0.55, rel=0.01)


def test_what_was_lately_counts_most() -> None:
    pace = Pace()
    for seconds in [0.1] * 1000 + [0.3] * 1000:
        pace.took(SQUARE, 1, 8, 0, seconds)
    assert forward(pace, SQUARE, 8) == pytest.approx(0.3, rel=0.05)


def test_nothing_is_foretold_before_anything_was_done() -> None:
    pace = Pace()
    assert pace.forward(SQUARE, 8) is None
    assert pace.decoding(SQUARE, 4) is None


def test_cost_counts_pictures_steps_area_and_their_decoding() -> None:
    one = cost(stub.plan(pictures=1, steps=10, side=1000), SD)
    assert 3 * one < cost(stub.plan(pictures=4, steps=10, side=1000), SD) < 4 * one
    assert one / 2 < cost(stub.plan(pictures=1, steps=5, side=1000), SD) < one
    decoding = 2 * cost(stub.plan(pictures=1, steps=5, side=1000), SD) - one
    assert decoding == pytest.approx(cost(stub.plan(pictures=1, steps=0, side=1000), SD))


def test_rows_are_the_pictures_once_for_each_conditioning_and_once_for_guidance() -> None:
    plan, sd = stub.plan(pictures=3), SD
    assert rows_of(plan, sd) == 3
    assert rows_of(replace(plan, guidance=4.0), sd) == 6
    assert rows_of(replace(plan, guidance=4.0, conditionings=plan.conditionings * 2), sd) == 9
    assert rows_of(replace(plan, guidance=1.5, calm=0.5), sd) == 3


def test_what_is_not_wanted_takes_a_row_about_nothing_where_guidance_has_none() -> None:
    unwanted = replace(
        stub.plan(pictures=3), conditionings=(Conditioning("a fox"), Conditioning("red", -0.5))
    )
    assert rows_of(unwanted, SD) == 9
    assert rows_of(replace(unwanted, guidance=4.0), SD) == 9


def test_guidance_that_the_model_takes_as_a_number_asks_for_no_row_and_plain_text_for_one() -> None:
    plan = replace(stub.plan(pictures=3), guidance=4.0)
    assert rows_of(plan, FAMILIES["flux"]) == 3
    assert rows_of(replace(plan, conditionings=plan.conditionings * 2), FAMILIES["flux"]) == 6
    assert rows_of(replace(plan, conditionings=plan.conditionings * 2), FAMILIES["auto"]) == 6
