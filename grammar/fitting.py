"""Where a value that fits a parameter ends in a text, and whether it tells that a parameter is meant.

Knows the kinds of value and where parameters begin; nothing of what is done about it.
"""

import re

from grammar.links import link_in
from grammar.parameters import Parameter
from grammar.ratios import RATIO
from grammar.typography import COLONS
from grammar.values import UnfitError, bare

_RATIO = re.compile(rf"\d{{1,9}}\s*[{COLONS}]\s*\d{{1,9}}(?!\w)")
_BETWEEN = re.compile(r"[\s,]+")
_INK = re.compile(r"\s*\S")
_GAP = re.compile(rf"[\s=,{COLONS}]*")


class Fitting:
    """The values behind the names of one table."""

    def __init__(self, start: str, word: str) -> None:
        """As regular expressions: where a parameter begins, and a word of a value."""
        self._word = re.compile(rf"(?!{start}){word}")

    @staticmethod
    def begin(text: str, at: int, end: int) -> int:
        """Where a value would begin behind a name that ends there."""
        gap = _GAP.match(text, at, end)
        return gap.end() if gap else at

    def value(self, row: Parameter, text: str, at: int, end: int) -> tuple[int, bool] | None:
        """Where a value that fits ends, and whether it tells that a parameter is meant; None: none fits."""
        if row.kind.shape == "flag":
            return at, False
        if row.kind is RATIO:
            ratio = _RATIO.match(text, at, end)
            return (ratio.end(), True) if ratio else None
        if row.kind.shape == "things":
            return (end, False) if _INK.match(text, at, end) else None
        until, tells = at, False
        while word := self._word.match(text, until, end):
            if not self._fits(row, word[0]):
                break
            tells = tells or self._tells(row, word[0])
            until = word.end()
            if row.kind.shape != "list" or not (space := _BETWEEN.match(text, until, end)):
                break
            if not self._word.match(text, space.end(), end):
                break
            until = space.end()
        if until == at:
            return (at, False) if row.kind.alone is not None else None
        return until, tells

    @staticmethod
    def _fits(row: Parameter, word: str) -> bool:
        for kind in filter(None, (row.kind, row.old)):
            try:
                kind.read(word)
            except UnfitError:
                continue
            return True
        return False

    @staticmethod
    def _tells(row: Parameter, word: str) -> bool:
        text = bare(word)
        return (
            row.kind.numeric or text.lower() in row.kind.known or text.isdigit() or link_in(word) is not None
        )
