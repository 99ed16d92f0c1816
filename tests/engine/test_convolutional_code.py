"""The mark's code: a number is read with many bits wrong or unknown, and nothing is read into noise."""

import numpy as np
import pytest

from engine.pictures.convolutional_code import BITS, CODED_BITS, decoded, encoded


@pytest.mark.parametrize("number", [0, 1, 0x2F637B, 2**BITS - 1])
def test_a_code_is_read_again(number: int) -> None:
    code = encoded(number)
    assert code.shape == (CODED_BITS,)
    assert set(code.tolist()) <= {-1, 1}
    assert decoded(code.astype(float)) == number


@pytest.mark.parametrize("seed", range(20))
def test_it_is_read_with_every_tenth_bit_wrong_and_as_many_unknown(seed: int) -> None:
    rng = np.random.default_rng(seed)
    number = int(rng.integers(2**BITS))
    votes = encoded(number) * rng.uniform(0.5, 1.5, CODED_BITS)
    order = rng.permutation(CODED_BITS)
    votes[order[: CODED_BITS // 10]] *= -0.4  # a wrong bit is usually a faint one
    votes[order[CODED_BITS // 10 : CODED_BITS // 5]] = 0
    assert decoded(votes) == number


def test_nothing_is_read_into_noise() -> None:
    rng = np.random.default_rng(0)
    assert [decoded(rng.normal(size=CODED_BITS)) for _ in range(300)] == [None] * 300
