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


def test_more_tries_read_more_of_what_is_hardly_there_and_nothing_wrong() -> None:
    rng = np.random.default_rng(7)
    read = {1: 0, 8: 0}
    for number in (int(each) for each in rng.integers(0, 2**BITS, 100)):
        votes = encoded(number) + rng.normal(scale=1.05, size=CODED_BITS)
        for tries in read:
            answer = decoded(votes, tries)
            assert answer in (None, number)
            read[tries] += answer == number
    assert 10 < read[1] < read[8] - 5
