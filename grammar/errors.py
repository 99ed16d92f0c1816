"""What is wrong with a prompt: where, which piece, and how to mend it.

    Exception
     └─ PromptError      one or more Problems of one prompt

Knows nothing of parsing: others find the problems, this module words them.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

INVALID_PARAMETER = "Invalid parameter"
INVALID_PROMPT = "Invalid prompt"
INVALID_LINK = "Invalid link"

_SHOWN_PROBLEMS = 10
_SHOWN_PIECE = 80
_CARET_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    `piece` is the offending text as typed (at most 80 characters of it); `start` and `end` are its offsets in
    the typed text, counted from 0, `end` exclusive. `message` is a sentence that contains the piece, `mend`
    another one that says what to write instead, or "".
    """

    title: str
    piece: str
    start: int
    end: int
    message: str
    mend: str = ""

    @property
    def column(self) -> int:
        """The place as people count: the first character of the prompt is column 1."""
        return self.start + 1

    def __str__(self) -> str:
        sentence = f"{self.message} (column {self.column})."
        return f"{sentence} {self.mend}" if self.mend else sentence


class PromptError(Exception):
    """The prompt cannot be run. `problems` holds everything that is wrong with it, in the order of the text."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(
            sorted(dict.fromkeys(problems), key=lambda p: (p.start, p.end))
        )
        super().__init__(self.problems)

    def __reduce__(self) -> tuple[type["PromptError"], tuple[tuple[Problem, ...]]]:
        return (PromptError, (self.problems,))

    @property
    def title(self) -> str:
        """`Invalid parameter`, `Invalid prompt` or `Invalid link`: that of the first problem."""
        return self.problems[0].title

    def __str__(self) -> str:
        lines = [str(problem) for problem in self.problems[:_SHOWN_PROBLEMS]]
        left_out = len(self.problems) - len(lines)
        if left_out:
            lines.append(f"… and {left_out} more.")
        return "\n".join(lines)


def problem(title: str, piece: str, start: int, message: str, mend: str = "") -> Problem:
    """A Problem about `piece`, which was typed at offset `start`; the message is followed by the piece."""
    shown = piece[:_SHOWN_PIECE]
    return Problem(title, shown, start, start + len(piece), f"{message}: `{shown}`", mend)


def caret(text: str, error: PromptError) -> str:
    """The typed lines that have a problem, each with `^` under the places, for a terminal."""
    out: list[str] = []
    offset = 0
    for line in text.splitlines(keepends=True) or [""]:
        end = offset + len(line)
        last = end >= len(text)
        spans = [
            (max(p.start, offset) - offset, min(p.end, end) - offset)
            for p in error.problems
            if (p.start < end and p.end > offset) or (last and p.start >= end) or (p.start == p.end == offset)
        ]
        if spans:
            out += _underline(line.rstrip("\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"), spans)
        offset = end
    return "\n".join(out)


def _underline(line: str, spans: list[tuple[int, int]]) -> list[str]:
    first = max(0, min(start for start, _ in spans) - _CARET_WIDTH // 2)
    first = first if len(line) > _CARET_WIDTH else 0
    shown = line[first : first + _CARET_WIDTH]
    lead = "…" if first else ""
    trail = "…" if first + _CARET_WIDTH < len(line) else ""
    marks = [False] * (len(shown) + 1)
    for start, end in spans:
        for at in range(max(start - first, 0), max(min(end - first, len(shown)), start - first + 1)):
            if at < len(marks):
                marks[at] = True
    drawn = "".join((" ", "^")[mark] * _width(char) for char, mark in zip(shown + " ", marks, strict=True))
    plain = "".join(char if char.isprintable() else " " for char in shown)
    return [f"{lead}{plain}{trail}", " " * len(lead) + drawn.rstrip()]


def _width(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Cf", "Mn", "Me"):
        return 0 if char.isprintable() else 1
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
