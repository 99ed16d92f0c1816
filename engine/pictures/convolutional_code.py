"""A number spelled so that it can be read with many of its bits unsure: a convolutional code and a check.

Every bit of the number spreads over fourteen of the code, and a checksum tells whether what was read is one
that was written. Knows nothing of where the code's bits are kept.
"""

from __future__ import annotations

import zlib
from functools import cache

import numpy as np
import numpy.typing as npt

__all__ = ["BITS", "CODED_BITS", "decoded", "encoded"]

BITS = 24
"""Of a number."""

_CHECK_BITS = 24  # a wrong number is believed once in 2**24 times that one is read
_TAIL = 6  # bits that bring the code back to its first state
_TAPS = (0o133, 0o171)  # of the usual convolutional code of rate 1/2 and length 7 (CCSDS 131.0-B)
_STATES = 64

CODED_BITS = len(_TAPS) * (BITS + _CHECK_BITS + _TAIL)
"""Of a number's code."""


def encoded(number: int) -> npt.NDArray[np.int64]:
    """The code (CODED_BITS,) of a number from 0 to 2**24 - 1 as signs: 1 for a 0, -1 for a 1."""
    word = number << _CHECK_BITS | _check(number)
    state = 0
    coded: list[int] = []
    for at in reversed(range(-_TAIL, BITS + _CHECK_BITS)):
        bit = word >> at & 1 if at >= 0 else 0
        state = (state << 1 | bit) & 0x7F
        coded.extend(_sign(state, tap) for tap in _TAPS)
    return np.array(coded)


def decoded(votes: npt.NDArray[np.float64], tries: int = 1) -> int | None:
    """The first number of the best ``tries`` that ``votes`` (CODED_BITS,) spell whose check agrees, or None.

    A vote is the surer the larger it is, and positive for a 0. Viterbi's way through the code's states, with
    so many ways kept at each (Seshadri and Sundberg, List Viterbi Decoding Algorithms, 1994): what is spelled
    is often the second best where the best is not it. Every try is one more that a check may agree with by
    chance.
    """
    before, signs = _ways()
    best = np.full((_STATES, tries), -np.inf)
    best[0, 0] = 0
    came: list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]] = []
    for first, second in votes.reshape(-1, 2):
        step = (first * signs[0] + second * signs[1])[..., None]
        ways = np.concatenate(list(best[before] + step), axis=1)
        chosen = np.argsort(-ways, axis=1, kind="stable")[:, :tries]
        best = np.take_along_axis(ways, chosen, 1)
        came.append((np.take_along_axis(before.T, chosen // tries, 1), chosen % tries))
    for rank in range(tries):
        state, word = 0, 0
        for at, (states, ranks) in enumerate(reversed(came)):
            word |= (state & 1) << at
            state, rank = int(states[state, rank]), int(ranks[state, rank])
        word >>= _TAIL
        number, check = word >> _CHECK_BITS, word & (1 << _CHECK_BITS) - 1
        if check == _check(number):
            return number
    return None


@cache
def _ways() -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int64]]:
    """The two states (2, states) that lead to each, and what each tap spells on the way (taps, 2, states)."""
    states = np.arange(_STATES)
    before = np.stack([states >> 1, states >> 1 | _STATES // 2])
    full = before << 1 | states & 1
    signs = np.array([[[_sign(int(value), tap) for value in way] for way in full] for tap in _TAPS])
    return before, signs


def _sign(state: int, tap: int) -> int:
    return 1 - 2 * ((state & tap).bit_count() & 1)


def _check(number: int) -> int:
    return zlib.crc32(number.to_bytes(BITS // 8, "big")) & (1 << _CHECK_BITS) - 1
