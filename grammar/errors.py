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

_SHOWN_PROBLEMS = 10  # problems of one prompt; more than these nobody mends at once
_SHOWN_PIECE = 80  # characters of a piece that a sentence quotes, about a line
_EXCERPT = 100  # characters of the line above a caret, a terminal's width


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
        place = f" (column {self.column})" if self.piece else ""
        sentence = f"{self.message}{place}."
        return f"{sentence} {self.mend}" if self.mend else sentence


class PromptError(Exception):
    """The prompt cannot be run. `problems`: everything that is wrong with it, in the order of the text."""

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
    return Problem(title, cut(piece), start, start + len(piece), f"{message}: `{cut(piece)}`", mend)


def cut(piece: str) -> str:
    """As much of a piece as is shown."""
    return piece[:_SHOWN_PIECE]


def caret(text: str, error: PromptError) -> str:
    """The typed text with `^` under the places of the problems, for a terminal; of long lines an excerpt."""
    out: list[str] = []
    at = 0
    for line in text.split("\n"):
        end = at + len(line)
        spans = [
            (max(each.start, at) - at, min(each.end, end) - at)
            for each in error.problems[:_SHOWN_PROBLEMS]
            if at <= each.start <= end or each.start < at < each.end
        ]
        while spans:
            first = max(0, spans[0][0] - _EXCERPT // 3) if len(line) > _EXCERPT else 0
            inside = [span for span in spans if span[0] <= first + _EXCERPT]
            out += _excerpt(line, first, inside)
            spans = spans[len(inside) :]
        at = end + 1
    return "\n".join(out)


def _excerpt(line: str, first: int, spans: list[tuple[int, int]]) -> list[str]:
    shown = line[first : first + _EXCERPT]
    widths = [*map(_width, shown), 1]
    marks = [" "] * len(widths)
    for start, end in spans:
        for at in range(start - first, max(min(end - first, len(shown)), start - first + 1)):
            marks[at] = "^"
            widths[start - first] = max(widths[start - first], 1)
    lead, trail = "…" * bool(first), "…" * (first + _EXCERPT < len(line))
    drawn = "".join(mark * width for mark, width in zip(marks, widths, strict=True))
    plain = "".join(char if char.isprintable() else " " for char in shown)
    return [f"{lead}{plain}{trail}", " " * len(lead) + drawn.rstrip()]


def _width(char: str) -> int:
    """Columns that a terminal gives this character."""
    if not char.isprintable():
        return 1
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
