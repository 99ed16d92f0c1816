"""Dashes with spaces between or behind them: `- -ar 9 :16` is `--ar 9:16`, `a cat -- a dog` are words.

Knows the table of parameters and characters; nothing of how prompts are parsed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from grammar.errors import cut
from grammar.fitting import Fitting
from grammar.parameters import Parameter
from grammar.ratios import RATIO
from grammar.typography import DASHES, LONG_DASHES, NAME_END, NUMBER, UNSPACED, Edit, any_of
from grammar.wrapping import front

_SPACED = re.compile(rf"[{DASHES}]\s+[{DASHES}\w]")
_SHOWN = 3  # pieces quoted in one note, as examples of the rest
_BEHIND = re.compile(r"[\s,.;!\"'“”„’»)\]，。；）」]*")


@dataclass(frozen=True, slots=True)
class _Candidate:
    """Dashes before a known name: where they begin, where the name begins, where its value ends.

    `sure`: nobody writes this as words.
    """

    start: int
    name: int
    end: int
    sure: bool


class Spacing:
    """The rules for the names of one table."""

    def __init__(self, rows: Mapping[str, Parameter], start: str, known: str, word: str) -> None:
        """As regular expressions: where a parameter begins, its dashes and name, and a word of a value."""
        self._rows = rows
        self._start = re.compile(start)
        self._behind_weight = re.compile(rf"::{NUMBER}{known}")
        self._fitting = Fitting(start, word)
        dashes = rf"([{DASHES}]++(?:\s++[{DASHES}]++)*+)\s*+"
        self._spaced = re.compile(rf"{dashes}(?:(?ai:({any_of(rows)})){NAME_END})?")
        self._before = re.compile(rf"[^\W{UNSPACED}]")

    def mended(self, text: str, end: int) -> tuple[list[Edit], list[str]]:
        """What to take out so that the parser sees the parameter, and a sentence where that is not sure.

        Sure is what has a value that fits and nothing but parameters behind it.
        """
        if not _SPACED.search(text, 0, end):
            return [], []
        goes_on = {end}
        candidates = self._candidates(text, end)
        for candidate in reversed(candidates):
            behind = _BEHIND.match(text, candidate.end, end)
            at = behind.end() if behind else candidate.end
            if at in goes_on or candidate.end in goes_on or self._start.match(text, at, end):
                goes_on.add(candidate.start)
        found = (self._start.search(text, 0, end), self._behind_weight.search(text, 0, end))
        parameters = min((match.end() for match in found if match), default=end)
        edits: list[Edit] = []
        words: list[_Candidate] = []
        for candidate in candidates:
            if candidate.start in goes_on and (candidate.sure or candidate.start >= parameters):
                parameters = min(parameters, candidate.end)
                edits.append((candidate.start, candidate.name, "--"))
            elif candidate.start in goes_on or candidate.sure:
                words.append(candidate)
        return edits, [_note(text, words)] if words else []

    def _candidates(self, text: str, end: int) -> "list[_Candidate]":
        found = []
        ahead = -1
        apart_from_words = {0, front(text, end), *(name.end() for name in self._start.finditer(text, 0, end))}
        for match in self._spaced.finditer(text, 0, end):
            name = match[2]
            if not name or not any(map(str.isspace, text[match.start() : match.start(2)])):
                continue
            if match.start() not in apart_from_words and self._before.match(text[match.start() - 1]):
                continue
            row = self._rows[name.lower()]
            nearest = match[1].split()[-1]
            if match.end(1) == match.start(2) and (len(nearest) > 1 or nearest in LONG_DASHES):
                continue
            apart = nearest != match[1]
            double = apart or len(nearest) > 1
            value_at = self._fitting.begin(text, match.end(), end)
            if row.kind.shape == "things" and ahead < value_at:
                start = self._start.search(text, value_at, end)
                ahead = start.start() if start else end
            value = self._fitting.value(row, text, value_at, ahead if row.kind.shape == "things" else end)
            if value is None:
                continue
            until, tells = value
            if until == value_at:
                until = match.end()
            if not tells and not double:
                continue
            sure = apart or (tells and (double or row.kind is RATIO))
            found.append(_Candidate(match.start(), match.start(2), until, sure))
        return found


def _note(text: str, words: list[_Candidate]) -> str:
    typed = ", ".join(f"`{cut(text[each.start : each.end])}`" for each in words[:_SHOWN])
    meant = ", ".join(f"`--{cut(text[each.name : each.end])}`" for each in words[:_SHOWN])
    return f"Read as words: {typed}; a parameter is written without a space behind its dashes: {meant}."
