"""Ratios of width to height: how one is read, written and put into lowest terms.

Knows the kinds of value, and nothing of parameters or prompts.
"""

import re
from fractions import Fraction
from math import gcd

from grammar.values import Kind, UnfitError, bare

_RATIO = re.compile(r"(\d{1,9}):(\d{1,9})")
_SIDE = r"(\d{1,9}(?:[.,]\d{0,6})?|[.,]\d{1,6})"
_DECIMAL_RATIO = re.compile(rf"{_SIDE}(?:[:xX×*/÷比]{_SIDE})?")
_OTHER_RATIO = re.compile(r"(\d{1,9})[xX×*/÷比,;._-](\d{1,9})")
_EXACT = 2
"""How many decimals are meant as they stand; of more, as in 1.777, the simple ratio nearby is."""

_SIMPLE = 20
"""The most that its second number may be."""

_LEAST_SIDE = 3
"""From here on `16.9` is a ratio with a wrong sign between its numbers, not how many times wider it is."""


def _read_ratio(piece: str) -> tuple[int, int]:
    text = bare(piece)
    match = _RATIO.fullmatch(text)
    if not match:
        raise UnfitError("must be two whole numbers such as 3:2", _ratio_mend(text))
    if not int(match[1]) or not int(match[2]):
        raise UnfitError("must be two whole numbers of at least 1, such as 3:2")
    return lowest(int(match[1]), int(match[2]))


def _ratio_mend(text: str) -> str:
    if match := _DECIMAL_RATIO.fullmatch(text):
        width, height = (float((side or "1").replace(",", ".")) for side in match.groups())
        if width and height and (match[2] or width < _LEAST_SIDE):
            ratio = Fraction(round(width * 10**6), round(height * 10**6))
            if any(len(re.split("[.,]", side or "")[-1]) > _EXACT for side in match.groups()):
                ratio = ratio.limit_denominator(_SIMPLE)
            return f"Write `{ratio.numerator}:{ratio.denominator}`." if ratio else ""
    match = _OTHER_RATIO.fullmatch(text)
    if not match or not int(match[1]) or not int(match[2]):
        return ""
    return "Write `{}:{}`.".format(*lowest(int(match[1]), int(match[2])))


def _write_ratio(value: tuple[int, int]) -> str:
    return f"{value[0]}:{value[1]}"


RATIO = Kind(
    shape="value",
    allowed="W:H",
    read=_read_ratio,
    write=_write_ratio,
    to_json=_write_ratio,
    from_json=_read_ratio,
    numeric=True,
)
"""Width to height in whole numbers, in lowest terms."""


def lowest(width: int, height: int) -> tuple[int, int]:
    """The ratio in lowest terms: 1920, 1080 → 16, 9."""
    divisor = gcd(width, height)
    return width // divisor, height // divisor
