"""The text that is parsed, and where each of its characters was typed.

What is parsed is not always what was typed: custom options are written out, a suffix is appended, `{a, b}` is
expanded. Errors must point at what was typed, so each step keeps track. Knows nothing of parameters.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from grammar.errors import Problem, PromptError
from grammar.permutations import Slices, expand
from grammar.typography import Edit

_BRACE = re.compile("[{}｛｝]")
_OPTION = re.compile(r"(?<![^\s,{}])(?:--+|[—–]+)([^\s,{}:]+)(?=[\s,{}]|$)")


@dataclass(frozen=True, slots=True)
class _Run:
    """From `at` on, the text stands for what was typed from `start` on, one to one if `verbatim`."""

    at: int
    start: int
    end: int
    verbatim: bool = True


@dataclass(frozen=True, slots=True)
class Script:
    """A text to parse. `suffix_at`: the offset from which on it is the suffix, not the prompt. `notes`: what
    is to be told about how it was read."""

    text: str
    suffix_at: int
    runs: tuple[_Run, ...] = (_Run(0, 0, 0),)
    notes: tuple[str, ...] = ()

    @property
    def typed(self) -> int:
        """Where the prompt ends, without the suffix."""
        return min(self.suffix_at - 1, len(self.text))

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
        if not _BRACE.search(self.text):
            return [self]
        try:
            return [self._permuted(slices) for slices in expand(self.text, limit)]
        except PromptError as error:
            raise PromptError(self._placed(problem) for problem in error.problems) from None

    def _placed(self, problem: Problem) -> Problem:
        start, end = self.place(problem.start, problem.end)
        return replace(problem, start=start, end=end)

    def _permuted(self, slices: Slices) -> "Script":
        return self._made_of([(piece.start, piece.stop, None) for piece in slices])

    def edited(self, edits: Iterable[Edit], notes: Sequence[str] = ()) -> "Script":
        """The script with some stretches replaced, `edits` in the order of the text; it may be this one."""
        pieces: list[tuple[int, int, str | None]] = []
        done = 0
        for start, end, text in edits:
            pieces += [(done, start, None), (start, end, text)]
            done = end
        script = self._made_of([*pieces, (done, len(self.text), None)]) if pieces else self
        return replace(script, notes=(*script.notes, *notes)) if notes else script

    def _made_of(self, pieces: Iterable[tuple[int, int, str | None]]) -> "Script":
        """A script of stretches of this one, each as it is or with another text in its place."""
        runs: list[_Run] = []
        texts: list[str] = []
        at, suffix_at = 0, None
        for start, end, text in pieces:
            if suffix_at is None and end > self.suffix_at:
                suffix_at = at + max(self.suffix_at - start, 0)
            if text is None:
                text = self.text[start:end]
                runs += self._shifted(start, end, at)
            elif text:
                runs.append(_Run(at, *self.place(start, end), verbatim=False))
            texts.append(text)
            at += len(text)
        return Script(
            "".join(texts),
            at + 1 if suffix_at is None else suffix_at,
            tuple(runs) or (_Run(0, 0, 0),),
            self.notes,
        )

    def _shifted(self, start: int, end: int, at: int) -> "Iterator[_Run]":
        """The runs of a stretch of this text that begins at `at` in another one."""
        first = bisect_right(self.runs, start, key=lambda each: each.at) - 1
        for index in range(first, len(self.runs)):
            run = self.runs[index]
            if run.at >= end:
                break
            skipped = max(start - run.at, 0)
            typed = run.start + skipped if run.verbatim else run.start
            yield _Run(at + max(run.at - start, 0), typed, run.end, run.verbatim)


def write_out(typed: str, options: Mapping[str, str], suffix: str) -> Script:
    """The prompt as typed, with custom options replaced by their text and the suffix behind it."""
    text, runs = _with_options(typed, options) if options else (typed, [_Run(0, 0, len(typed))])
    suffix_at = len(text) + 1
    if suffix.strip():
        runs.append(_Run(len(text), len(typed), len(typed), verbatim=False))
        text = f"{text} {suffix}"
    return Script(text, suffix_at, tuple(runs))


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
