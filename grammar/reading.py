"""What lark made of one text → its GenerationSpec, and everything that is wrong with it.

Knows the table of parameters and the tokens of prompt.lark; nothing of permutations or settings.
"""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from grammar.errors import INVALID_LINK, INVALID_PARAMETER, INVALID_PROMPT, Problem
from grammar.parameters import Parameter
from grammar.script import Script
from grammar.spec import FIELDS, GenerationSpec
from grammar.values import Flag, Kind, Part, Ratio, Unfit, Value, link, lowest, number, shown

DASHES = "-‐‑‒–—―−﹘﹣－⸺⸻ー"
"""Everything that people type, or that phones make of it, where two hyphens are meant."""

_AROUND_NAME = DASHES + ",=: \t\r\n\f\v"
_BEHIND_VALUE = ", \t\r\n\f\v"
_PUNCTUATION = frozenset(",.;:!?…|/\\()[]<>\"'“”„‘’«»`*" + DASHES + "，。、；：！？（）")
_NUMBER = r"[-+−–]?(?:\d{1,9}(?:\.\d{0,9})?|\.\d{1,9})"
_SPACED_WEIGHT = re.compile(rf"\s+({_NUMBER})(?=[\s,]|$)")
_ONLY_WEIGHT = re.compile(rf"\s+{_NUMBER}[\s,.]*")
_REST_OF_WEIGHT = re.compile(r"\s+(\d{1,9})(?=[\s,]|$)")
_LINK_WEIGHT = re.compile(rf"::({_NUMBER})?$")
_OLD_VERSIONS = ("1", "2", "3")
_SINGLE_SIDE = 256
_SUGGESTIONS = 10


class Reading:
    """One text being read. `problems` is filled on the way."""

    def __init__(self, rows: Mapping[str, Parameter], script: Script) -> None:
        self.problems: list[Problem] = []
        self._rows = rows
        self._script = script
        self._said: dict[str, Value] = {}
        self._suffix: dict[str, Value] = {}
        self._needing: list[tuple[Parameter, Any]] = []
        self._parameters: list[list[Any]] = []

    def spec(self, children: list[Any]) -> GenerationSpec:
        """The spec; not to be used when there are `problems`."""
        images: list[str] = []
        words: list[Any] = []
        for child in children:
            if type(child) is list:
                self._parameters.append(child)
            elif child.type == "LINK":
                self._image(child, images)
            else:
                words.append(child)
        for tokens in self._parameters:
            self._parameter(tokens)
        if self._suffix:
            self._join_suffix()
        self._size()
        for row, token in self._needing:
            if not self._said.get(row.needs):
                message = f"Cannot use `--{row.name}` without a `--{row.needs}`"
                self._wrong(INVALID_PARAMETER, token, f"{message}: ")
        text = " ".join(self._script.text[words[0].start_pos : words[-1].end_pos].split()) if words else ""
        parts = self._parts(words, text)
        if not parts:
            self._check_images(images)
        return self._made(text, parts, tuple(images))

    def _made(self, text: str, parts: tuple[Part, ...], images: tuple[str, ...]) -> GenerationSpec:
        said = self._said
        if said.keys() <= FIELDS:
            return GenerationSpec(text, parts, images, **said)
        fields = {name: value for name, value in said.items() if name in FIELDS}
        other = sorted((name, value) for name, value in said.items() if name not in FIELDS)
        return GenerationSpec(text, parts, images, other=tuple(other), **fields)

    # Pictures and words.

    def _image(self, token: Any, images: list[str]) -> None:
        url = token.strip(_BEHIND_VALUE)
        if weight := _LINK_WEIGHT.search(url):
            url = url[: weight.start()]
            if weight[1] and 0 <= number(weight[1]) <= 3:
                self._said["iw"] = number(weight[1])
        try:
            images.append(link(url))
        except Unfit as unfit:
            self._wrong(INVALID_LINK, token, f"A link {unfit.reason}: ")

    def _parts(self, words: list[Any], text: str) -> tuple[Part, ...]:
        if len(words) <= 1:
            return (Part(text),) if text and words[0].type == "WORDS" else ()
        spaced = words[-2] == "::" and bool(_ONLY_WEIGHT.fullmatch(words[-1]))
        parts: list[Part] = []
        waiting = ""
        for at, token in enumerate(words):
            if token.type == "WORDS":
                waiting = waiting or token
                continue
            behind = words[at + 1] if at + 1 < len(words) and words[at + 1].type == "WORDS" else ""
            weight, rest = _weight(token, behind, spaced)
            parts.append(Part(" ".join(waiting.split()), weight))
            waiting = rest
        parts.append(Part(" ".join(waiting.split())))
        parts = [part for part in parts if part.text.strip(" ,.;:，。、")]
        total = sum(part.weight for part in parts)
        if parts and total <= 1e-9:
            breaks = [token for token in words if token.type == "BREAK"]
            message = f"The weights of the parts must sum up to more than 0, not {shown(total)}: "
            self._wrong(INVALID_PROMPT, min(breaks, key=lambda token: _weight(token, "", False)[0]), message)
        return tuple(parts)

    def _check_images(self, images: list[str]) -> None:
        typed = self._script.text.strip()
        if len(images) == 1:
            message = "One image alone is not enough for a prompt: "
            self._problem(INVALID_PROMPT, 0, typed, message, "Add words or a second image.")
        elif not images:
            message = "Empty prompt" if not typed else "Empty prompt, there are no words in it: "
            self._problem(INVALID_PROMPT, 0, typed, message, "Say what to draw, before any parameters.")

    # Parameters.

    def _parameter(self, tokens: list[Any]) -> None:
        head, rest = tokens[0], tokens[1:]
        if head.type == "UNKNOWN":
            self._unrecognized(tokens)
            return
        row = self._rows[head.strip(_AROUND_NAME).lower()]
        if row.target == "weird" and self._means_width(head):
            row = self._rows["width"]
        if rest and rest[-1].type == "STRAY" and not self._joins(row.kind, rest):
            self._stray(rest.pop())
        if head.type == "FLAG":
            self._say(row, head, row.kind.value if isinstance(row.kind, Flag) else True)
        elif not rest and row.kind.optional:
            self._say(row, head, row.kind.alone)
        elif not rest:
            message = f"`--{row.name}` needs a value, {row.kind.allowed}: "
            self._wrong(INVALID_PARAMETER, head, message)
        else:
            self._values(row, head, rest)

    def _values(self, row: Parameter, head: Any, rest: list[Any]) -> None:
        start = head.start_pos
        for token in rest:
            piece = token.rstrip(_BEHIND_VALUE)
            try:
                value = self._read(row, piece)
            except Unfit as unfit:
                title = INVALID_LINK if piece.lstrip("<")[:4].lower() == "http" else INVALID_PARAMETER
                typed = self._script.text[start : token.start_pos + len(piece)]
                self._problem(title, start, typed, f"`--{row.name}` {unfit.reason}: ", unfit.mend)
            else:
                self._say(row, head, value)
            start = token.end_pos

    def _read(self, row: Parameter, piece: str) -> Value:
        try:
            return row.kind.read(piece)
        except Unfit:
            if row.old and self._names_an_old_model():
                return row.old.read(piece)
            raise

    def _say(self, row: Parameter, head: Any, value: Value) -> None:
        said = self._said if head.start_pos < self._script.suffix_at else self._suffix
        name = row.target if row.target in FIELDS else row.short
        said[name] = said.get(name, ()) + value if isinstance(value, tuple) and _adds_up(row.kind) else value
        if row.needs:
            self._needing.append((row, head))

    def _join_suffix(self) -> None:
        groups = {row.target: row.group for row in self._rows.values() if row.group}
        said = {groups.get(name, name) for name in self._said}
        for name, value in self._suffix.items():
            if name == "no":
                self._said[name] = self._said.get(name, ()) + value
            elif groups.get(name, name) not in said:
                self._said[name] = value

    def _size(self) -> None:
        width, height = self._said.pop("width", None), self._said.pop("h", None)
        if (width or height) and "aspect" not in self._said:
            self._said["aspect"] = _shape(width, height)

    def _means_width(self, head: Any) -> bool:
        """`--w` was the width when `--h` was still the height, and is `--weird` today."""
        names = (tokens[0].strip(_AROUND_NAME).lower() for tokens in self._parameters)
        return head.strip(_AROUND_NAME).lower() == "w" and not {"h", "height"}.isdisjoint(names)

    def _names_an_old_model(self) -> bool:
        for head, *rest in self._parameters:
            row = self._rows.get(head.strip(_AROUND_NAME).lower())
            if row and row.group == "model" and (row.legacy or (rest and rest[0][:1] in _OLD_VERSIONS)):
                return True
        return False

    def _joins(self, kind: Kind, rest: list[Any]) -> bool:
        """`16 : 9` is a ratio, too."""
        together = "".join("".join(rest).split())
        if not isinstance(kind, Ratio) or not re.fullmatch(r"\d{1,9}[:：]\d{1,9},?", together):
            return False
        rest[:] = [rest[0].update(value=together)]
        return True

    # What is wrong.

    def _unrecognized(self, tokens: list[Any]) -> None:
        head = tokens[0].rstrip(_BEHIND_VALUE)
        typed = "".join(tokens).rstrip(_BEHIND_VALUE)
        pieces = "`, `".join(typed[:200].split())
        message = f"Unrecognized parameter(s): `{pieces}`"
        self._problem(INVALID_PARAMETER, tokens[0].start_pos, typed, message, self._did_you_mean(head))

    def _stray(self, token: Any) -> None:
        words = [word for word in token.split() if not _PUNCTUATION.issuperset(word)]
        if words:
            start = token.index(words[0])
            typed = token[start : token.rindex(words[-1]) + len(words[-1])]
            pieces = "`, `".join(words)[:200]
            mend = self._did_you_mean(words[0]) if words[0][0] in DASHES else ""
            message = f"Unrecognized parameter(s): `{pieces}`"
            mend = mend or "Words go before the parameters."
            self._problem(INVALID_PARAMETER, token.start_pos + start, typed, message, mend)

    def _did_you_mean(self, typed: str) -> str:
        name = typed.strip(DASHES).lower()
        word = re.match(r"[^\W\d_]*", name)
        stem = word[0] if word else ""
        if len(self.problems) >= _SUGGESTIONS or not stem:
            return ""
        if stem in self._rows:
            return f"Write `--{stem} {name[len(stem) :].strip(DASHES + '_=:')}`.".replace(" `", "`")
        close = get_close_matches(stem[:30], [each for each in self._rows if len(each) > 1], n=1)
        return f"Did you mean `--{close[0]}`?" if close else ""

    def _wrong(self, title: str, token: Any, message: str) -> None:
        self._problem(title, token.start_pos, token.rstrip(_BEHIND_VALUE), message)

    def _problem(self, title: str, start: int, piece: str, message: str, mend: str = "") -> None:
        """`message` ends in ": " where the piece is still to be named."""
        if message.endswith(": "):
            message = f"{message}`{piece[:80]}`"
        begin, end = self._script.place(start, start + len(piece))
        self.problems.append(Problem(title, piece[:80], begin, end, message, mend))


def _adds_up(kind: Kind) -> bool:
    return kind.shape in ("list", "things")


def _weight(token: str, behind: str, spaced: bool) -> tuple[float, str]:
    """The weight that a `::` gives the part before it, and the words behind it that are left."""
    typed = token[2:]
    if spaced and not typed and (match := _SPACED_WEIGHT.match(behind)):
        return number(match[1]), behind[match.end() :]
    if typed.endswith(".") and not float(number(typed)) and (match := _REST_OF_WEIGHT.match(behind)):
        return number(typed + match[1]), behind[match.end() :]
    return (number(typed) if typed else 1.0), behind


def _shape(width: int | None, height: int | None) -> tuple[int, int]:
    """The aspect ratio of a size of 2022; a lone side stood against 256, and at most 1:4 came of it."""
    if width and height:
        return lowest(width, height)
    wide, high = width or _SINGLE_SIDE, height or _SINGLE_SIDE
    return lowest(min(wide, 4 * high), min(high, 4 * wide))
