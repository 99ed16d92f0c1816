"""Which steps a house style takes: as many as its share says, and never fewer when it grows."""

from hypothesis import given
from hypothesis import strategies as st

from engine.planning.stepwise import styled_steps

SHARES = st.floats(0, 1)


@given(SHARES, st.integers(1, 60))
def test_as_many_steps_are_styled_as_the_share_says(share: float, steps: int) -> None:
    styled = styled_steps(share, steps)
    assert len(styled) == round(share * steps)
    assert styled <= set(range(steps))


@given(SHARES, SHARES, st.integers(1, 60))
def test_a_larger_share_keeps_the_steps_of_a_smaller_one(one: float, other: float, steps: int) -> None:
    assert styled_steps(min(one, other), steps) <= styled_steps(max(one, other), steps)
