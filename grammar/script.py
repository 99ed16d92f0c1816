"""The text that is parsed, and where each of its characters was typed.

What is parsed is not always what was typed: custom options are written out, a suffix is appended, `{a, b}` is
expanded. Errors must point at what was typed, so each step keeps track. Knows nothing of parameters.
"""

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, replace

from grammar.errors import Problem, PromptError
from grammar.permutations import Slices, expand

_OPTION = re.compile(r"(?<![^\s,{}])(?:--+|[—–]+)([^\s,{}:]+)(?=[\s,{}]|$)")
_INVISIBLE = {ord(char): " " for char in "\u200b\u2060\ufeff"}


@dataclass(frozen=True, slots=True)
class _Run:
    """From `at` on, the text stands for what was typed from `start` on, one to one if `verbatim`."""

    at: int
    start: int
    end: int
    verbatim: bool = True


@dataclass(frozen=True, slots=True)
class Script:
    """A text to parse. `suffix_at`: the offset from which on it is the suffix, not the prompt."""

    text: str
    suffix_at: int
    runs: tuple[_Run, ...] = (_Run(0, 0, 0),)

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where that stretch of the text was typed."""
        begin = self._typed(start, False)
        return begin, self._typed(end - 1, True) if end > start else begin

    def _typed(self, at: int, closing: bool) -> int:
        run = self.runs[bisect_right(self.runs, at, key=lambda each: each.at) - 1]
        if run.verbatim:
            return run.start + at - run.at + closing
        return run.end if closing else run.start

    def expand(self, limit: int) -> "list[Script]":
        """The permutations of the text, see grammar.permutations; errors point at what was typed."""
        if "{" not in self.text and "}" not in self.text:
            return [self]
        try:
            return [self._permuted(slices) for slices in expand(self.text, limit)]
        except PromptError as error:
            raise PromptError(self._placed(problem) for problem in error.problems) from None

    def _placed(self, problem: Problem) -> Problem:
        start, end = self.place(problem.start, problem.end)
        return replace(problem, start=start, end=end)

    def _permuted(self, slices: Slices) -> "Script":
        runs: list[_Run] = []
        at, suffix_at = 0, None
        for piece in slices:
            if suffix_at is None and piece.stop > self.suffix_at:
                suffix_at = at + max(self.suffix_at - piece.start, 0)
            start, end = self.place(piece.start, piece.stop)
            verbatim = end - start == piece.stop - piece.start
            runs.append(_Run(at, start, end, verbatim))
            at += piece.stop - piece.start
        text = "".join(self.text[piece] for piece in slices)
        return Script(text, at if suffix_at is None else suffix_at, tuple(runs) or (_Run(0, 0, 0),))


def write_out(typed: str, options: Mapping[str, str], suffix: str) -> Script:
    """The prompt as typed, with custom options replaced by their text and the suffix behind it."""
    text, runs = _with_options(typed, options) if options else (typed, [_Run(0, 0, len(typed))])
    suffix_at = len(text) + 1
    if suffix.strip():
        runs.append(_Run(len(text), len(typed), len(typed), verbatim=False))
        text = f"{text} {suffix}"
    return Script(text if text.isascii() else text.translate(_INVISIBLE), suffix_at, tuple(runs))


def _with_options(typed: str, options: Mapping[str, str]) -> tuple[str, list[_Run]]:
    written, runs, at, done = [], [], 0, 0
    for match in _OPTION.finditer(typed):
        value = options.get(match[1].lower())
        if value is None:
            continue
        before = typed[done : match.start()]
        runs += [_Run(at, done, match.start()), _Run(at + len(before), match.start(), match.end(), False)]
        written += [before, value]
        at += len(before) + len(value)
        done = match.end()
    runs.append(_Run(at, done, len(typed)))
    return "".join([*written, typed[done:]]), runs
