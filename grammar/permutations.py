"""`{a, b}` in a prompt: one text for each combination, before anything else is read.

Knows braces, commas and backslashes; nothing of words, parameters or lark.
"""

import re
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeAlias

from grammar.errors import INVALID_PROMPT, Problem, PromptError, problem

Slices: TypeAlias = tuple[slice, ...]
"""A text as pieces of the one it was made from, left to right."""

_Rope: TypeAlias = "slice | tuple[_Rope, _Rope] | None"
"""Pieces being put together; a tree, so that appending costs the same at any length."""

_MARK = re.compile(r"\\[{},]|[{},]")
_WIDE = str.maketrans("｛｝，", "{},")
_OTHER_MARK = re.compile(r"\\[{},|、]|[{},|、]")
_COUNTED = 1_000_000  # jobs; above it the exact number is of no interest
_ESCAPE = "Write `\\{` and `\\}` for braces that are only text."
_SHOWN = 20  # problems kept while reading; a prompt with more is not a list of choices


def expand(text: str, limit: int) -> list[Slices]:
    """The combinations of `text`, the left group slowest: `{a, b} {c, d}` → a c, a d, b c, b d.

    Groups nest, options may be empty, `\\,` `\\{` `\\}` stand for the character itself. PromptError when a
    brace has no partner or the combinations are more than `limit`. Full-width braces and commas count as
    well, and `|` or `、` in a group without commas.
    """
    frames = [_Frame(-1, limit)]
    problems: list[Problem] = []
    literal = 0
    for mark in _MARK.finditer(_plain(text)):
        frame, sign, at = frames[-1], mark[0], mark.start()
        if sign[-1] == "," and len(frames) == 1:
            continue
        trimmed = len(frames) > 1 and sign in (",", "}", "\\,")
        frame.literal(text, literal, at, trimmed)
        literal = mark.end()
        if sign[0] == "\\":
            frame.append([slice(at + 1, at + 2)], 1)
        elif sign == "{":
            frames.append(_Frame(at, limit))
        elif sign == ",":
            frame.next_option()
        elif len(frames) > 1:
            frame.next_option()
            group = frames.pop()
            frames[-1].append(group.options, group.options_count)
        elif len(problems) < _SHOWN:
            problems.append(problem(INVALID_PROMPT, text[at], at, "This brace was never opened", _ESCAPE))
    for frame in frames[1 : _SHOWN + 1]:
        problems.append(
            problem(INVALID_PROMPT, text[frame.at], frame.at, "This brace is never closed", _ESCAPE)
        )
    if problems:
        raise PromptError(problems)
    root = frames[0]
    root.literal(text, literal, len(text), False)
    if root.count > limit:
        raise PromptError([too_many(text, root.count, limit)])
    return [_flat(rope) for rope in root.current]


def escaped(text: str) -> str:
    """The text of another program, to which braces are only characters: here they make no group then."""
    return re.sub(r"(?<!\\)([{}｛｝])", r"\\\1", text)


def _plain(text: str) -> str:
    """The text with `{`, `}` and `,` for each character that counts as one of them, place by place."""
    text = text.translate(_WIDE)
    if "|" not in text and "、" not in text:
        return text
    signs = list(text)
    groups: list[dict[str, list[int]]] = []
    for mark in _OTHER_MARK.finditer(text):
        sign, at = mark[0], mark.start()
        if sign == "{":
            groups.append({",": [], "|": [], "、": []})
        elif not groups:
            continue
        elif sign == "}":
            group = groups.pop()
            for place in group[","] or group["|"] or group["、"]:
                signs[place] = ","
        elif sign in groups[-1]:
            groups[-1][sign].append(at)
        elif sign[1] in "|、":
            signs[at + 1] = ","
    return "".join(signs)


def too_many(text: str, count: int, limit: int) -> Problem:
    """The problem of a prompt that asks for `count` jobs."""
    asked = f"{count:,}" if count < _COUNTED else f"more than {_COUNTED:,}"
    message = f"This prompt asks for {asked} jobs; at most {limit} are allowed"
    start = max(text.find("{"), 0)
    piece = text[start : text.rfind("}") + 1] or text
    return problem(INVALID_PROMPT, piece, start, message, "Leave some options out.")


@dataclass(slots=True)
class _Frame:
    """A group that is being read (or the whole text, at = -1): finished options, and the current one."""

    at: int
    limit: int
    options: list[_Rope] = field(default_factory=list)
    options_count: int = 0
    current: list[_Rope] = field(default_factory=lambda: [None])
    count: int = 1

    def literal(self, text: str, start: int, end: int, trimmed: bool) -> None:
        """Append text[start:end], without the space at the edges of an option."""
        if self.at >= 0 and self.current == [None]:
            start = end - len(text[start:end].lstrip())
        if trimmed:
            end = start + len(text[start:end].rstrip())
        if start < end:
            self.append([slice(start, end)], 1)

    def append(self, pieces: list[_Rope], count: int) -> None:
        """Put each piece behind each of the current texts; more than `limit` are counted, not kept."""
        combined = ((rope, piece) for rope in self.current for piece in pieces)
        self.current = list(islice(combined, self.limit))
        self.count = min(self.count * count, _COUNTED)

    def next_option(self) -> None:
        """Finish the current option."""
        self.options = [*self.options, *self.current][: self.limit]
        self.options_count = min(self.options_count + self.count, _COUNTED)
        self.current, self.count = [None], 1


def _flat(rope: _Rope) -> Slices:
    pieces: list[slice] = []
    waiting: list[_Rope] = [rope]
    while waiting:
        node = waiting.pop()
        if isinstance(node, tuple):
            waiting += node
        elif node is not None:
            pieces.append(node)
    return tuple(reversed(pieces))
