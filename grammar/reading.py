"""What lark made of one text → its GenerationSpec, and everything that is wrong with it.

Knows the table of parameters and the tokens of prompt.lark; nothing of permutations or settings.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from functools import cached_property
from itertools import chain
from typing import Any

from grammar.dialects import OTHER_NAMES, unweighted, without_loras
from grammar.errors import INVALID_LINK, INVALID_PARAMETER, INVALID_PROMPT, Problem, cut, problem
from grammar.link_weights import image_weight, weight_behind, weightless
from grammar.links import link_in
from grammar.loras import misplaced, problems_of
from grammar.parameters import Parameter
from grammar.parts import weigh
from grammar.ratios import RATIO, lowest
from grammar.script import Script
from grammar.spec import FIELDS, GenerationSpec
from grammar.typography import COLONS, COMMAS, DASHES, trimmed
from grammar.values import SPACE, Kind, Part, UnfitError, Value, link, shown

_BEHIND_VALUE = SPACE + COMMAS
_NAME = re.compile(rf"[{DASHES}]*(\w+(?:-\w+)*)")
_PUNCTUATION = frozenset(",.;:!?…|/\\()[]<>\"'“”„‘’«»`*" + DASHES + "，。、；：！？（）")
_OLD_VERSIONS = ("1", "2", "3")
_SPACED_RATIO = re.compile(rf"[\d.]{{1,9}}[xX×*/÷比{COLONS}][\d.]{{1,9}}[{COMMAS}]?")
_SINGLE_SIDE = 256  # pixels: the side that stood against a lone one in 2022
_SUGGESTIONS = 10  # misspelt names that are looked up in one prompt, to bound its time
_NAMED = 6  # words quoted in one sentence, as examples of the rest
_TINY = 1e-9  # weights' sum that counts as nothing: rounding must not turn 0 into something


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
        self._heads: dict[str, str] = {}
        self._notes: list[str] = []
        self._weights: list[float | None] = []

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
        if any(weight is not None for weight in self._weights):
            self._said["iw"], note = image_weight(self._weights)
            self._notes += [note] if note else []
        for tokens in self._parameters:
            self._parameter(tokens)
        if self._suffix:
            self._join_suffix()
        self._size()
        for row, token in self._needing:
            if not self._said.get(row.needs):
                message = f"Cannot use `--{row.name}` without a `--{row.needs}`"
                self._wrong(INVALID_PARAMETER, token.start_pos, token, message)
        text = self._script.text[words[0].start_pos : words[-1].end_pos] if words else ""
        text = trimmed(" ".join(text.split()))
        parts = self._parts(words, text)
        if not parts:
            self._check_images(images)
        return self._made(text, parts, tuple(images))

    def _made(self, text: str, parts: tuple[Part, ...], images: tuple[str, ...]) -> GenerationSpec:
        said = self._said
        notes = (*self._script.notes, *dict.fromkeys(self._notes))
        if said.keys() <= FIELDS:
            return GenerationSpec(text, parts, images, notes=notes, **said)
        fields = {name: value for name, value in said.items() if name in FIELDS}
        other = sorted((name, value) for name, value in said.items() if name not in FIELDS)
        return GenerationSpec(text, parts, images, other=tuple(other), notes=notes, **fields)

    # Pictures and words.

    def _image(self, token: Any, images: list[str]) -> None:
        url, behind = link_in(token) or ("", "")
        self._weights.append(weight_behind(behind))
        try:
            images.append(link(url))
        except UnfitError:
            self._wrong(INVALID_LINK, token.start_pos, token, "This link is not complete")

    def _parts(self, words: list[Any], text: str) -> tuple[Part, ...]:
        for token in words:
            for found in problems_of(token, token.start_pos):
                self._add(found)
        if len(words) <= 1 and (not words or words[0].type == "WORDS"):
            read = without_loras(text)
            return (Part(read),) if read else ()
        parts, lightest = weigh(words)
        total = sum(part.weight for part in parts)
        if parts and total <= _TINY:
            message = f"The weights of the parts must sum up to more than 0, not {shown(total)}"
            self._wrong(INVALID_PROMPT, lightest.start_pos, lightest, message)
        return parts

    def _check_images(self, images: list[str]) -> None:
        typed = self._script.text.strip()
        if len(images) == 1:
            message, mend = "One image alone is not enough", "Add words or a second image."
            self._wrong(INVALID_PROMPT, 0, typed, message, mend)
        elif not images:
            message = f"Empty prompt, there are no words in it: `{cut(typed)}`" if typed else "Empty prompt"
            mend = "Say what to draw, before any parameters."
            self._add(Problem(INVALID_PROMPT, cut(typed), 0, len(typed), message, mend))

    # Parameters.

    def _parameter(self, tokens: list[Any]) -> None:
        head, rest = tokens[0], tokens[1:]
        if head.type == "UNKNOWN":
            self._unrecognized(tokens)
            return
        row = self._rows[_name(head)]
        if row.short == "w" and self._says_a_height and _name(head) == "w":
            row = self._rows.get("width", row)
        if rest and rest[-1].type == "STRAY" and not self._joins(row.kind, rest):
            self._stray(rest.pop())
        if not rest and row.kind.alone is not None:
            self._say(row, head, row.kind.alone)
        elif not rest:
            message = f"`--{row.name}` needs a value, {row.kind.allowed}"
            self._wrong(INVALID_PARAMETER, head.start_pos, head, message)
        else:
            self._values(row, head, rest)

    def _values(self, row: Parameter, head: Any, rest: list[Any]) -> None:
        start = head.start_pos
        values: list[Value] = []
        for token in rest:
            piece = token.rstrip(_BEHIND_VALUE)
            if row.kind.shape == "things":
                for found in misplaced(token, token.start_pos):
                    self._add(found)
                piece, notes = unweighted(piece)
                self._notes += notes
            try:
                values.append(self._read(row, piece))
                self._notes += weightless(row.name, piece, values[-1])
            except UnfitError as unfit:
                title = INVALID_LINK if link_in(piece) else INVALID_PARAMETER
                typed = self._script.text[start : token.end_pos].rstrip(_BEHIND_VALUE)
                self._wrong(title, start, typed, f"`--{row.name}` {unfit.reason}", unfit.mend)
            start = token.end_pos
        if values:
            self._say(row, head, tuple(chain.from_iterable(values)) if row.kind.adds_up else values[-1])

    def _read(self, row: Parameter, piece: str) -> Value:
        try:
            return row.kind.read(piece)
        except UnfitError:
            if row.old and self._names_an_old_model:
                return row.old.read(piece)
            raise

    def _say(self, row: Parameter, head: Any, value: Value) -> None:
        typed = head.start_pos < self._script.suffix_at
        said = self._said if typed else self._suffix
        name = row.target if row.target in FIELDS else row.short
        if typed and not row.kind.adds_up and name in said and said[name] != value:
            self._notes.append(_overwritten(self._heads.get(name, ""), _name(head)))
        if typed:
            self._heads[name] = _name(head)
        said[name] = said.get(name, ()) + value if isinstance(value, tuple) and row.kind.adds_up else value
        if row.kind.most and len(said[name]) > row.kind.most:
            message = f"`--{row.name}` takes {row.kind.allowed}, not {len(said[name])}"
            self._wrong(INVALID_PARAMETER, head.start_pos, head, message)
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

    @cached_property
    def _says_a_height(self) -> bool:
        """`--w` was the width when `--h` was still the height, and is `--weird` today."""
        return any(_name(tokens[0]) in ("h", "height") for tokens in self._parameters)

    @cached_property
    def _names_an_old_model(self) -> bool:
        rows = [(self._rows.get(_name(tokens[0])), tokens) for tokens in self._parameters]
        models = [(row, tokens) for row, tokens in rows if row and row.group == "model"]
        typed = [(row, tokens) for row, tokens in models if tokens[0].start_pos < self._script.suffix_at]
        version = ""
        for row, tokens in typed or models:
            if row.target == "version":
                version = str(row.kind.alone or "".join(tokens[1:2]))
            elif row.legacy:
                return True
        return version[:1] in _OLD_VERSIONS and not version[1:2].isdigit()

    def _joins(self, kind: Kind, rest: list[Any]) -> bool:
        """`16 : 9` is a ratio, too, and `16 x 9` is meant as one."""
        together = "".join("".join(rest).split())
        if kind is not RATIO or not _SPACED_RATIO.fullmatch(together):
            return False
        end = rest[-1].end_pos
        rest[:] = [rest[0].update(value=together)]
        rest[0].end_pos = end
        return True

    # What is wrong.

    def _unrecognized(self, tokens: list[Any]) -> None:
        typed = "".join(tokens).rstrip(_BEHIND_VALUE)
        mend = (
            _did_you_mean(tokens[0], self._rows, len(self.problems))
            if _name(tokens[0])
            else "Leave the dashes out."
        )
        self._unknown(tokens[0].start_pos, typed, mend)

    def _stray(self, token: Any) -> None:
        words = token.split()
        named = [word for word in words if not _PUNCTUATION.issuperset(word)]
        if not named:
            return
        start = token.index(named[0])
        typed = token[start : token.rindex(named[-1]) + len(named[-1])]
        mend = "Words go before the parameters."
        if named[0][0] in DASHES:
            mend = _did_you_mean(named[0], self._rows, len(self.problems)) or mend
        elif named[0] is not words[0] and named[0].lower() in self._rows:
            mend = f"Write `--{named[0].lower()}` without a space."
        self._unknown(token.start_pos + start, typed, mend)

    def _unknown(self, start: int, typed: str, mend: str) -> None:
        words = typed.split()
        pieces = "`, `".join(map(cut, words[:_NAMED]))
        more = f" and {len(words) - _NAMED} words more" if len(words) > _NAMED else ""
        message = f"Unrecognized parameter(s): `{pieces}`{more}"
        self._add(Problem(INVALID_PARAMETER, cut(typed), start, start + len(typed), message, mend))

    def _wrong(self, title: str, start: int, piece: str, message: str, mend: str = "") -> None:
        self._add(problem(title, piece.rstrip(_BEHIND_VALUE), start, message, mend))

    def _add(self, found: Problem) -> None:
        begin, end = self._script.place(found.start, found.end)
        self.problems.append(replace(found, start=begin, end=end))


def _name(head: str) -> str:
    """The name in `--Name`, or "" when there is none, as in `---`."""
    match = _NAME.match(head)
    return match[1].lower() if match else ""


def _overwritten(first: str, second: str) -> str:
    """The sentence on a value that was said before another one for the same; "" first: behind a link."""
    if first == second:
        return f"`--{first}` is said more than once: the last one counts."
    before = f"`--{first}`" if first else "The weight behind a link"
    return f"{before} gives way to `--{second}`, which is said behind it."


def _shape(width: int | None, height: int | None) -> tuple[int, int]:
    """The aspect ratio of a size of 2022; a lone side stood against 256, and at most 1:4 came of it."""
    if width and height:
        return lowest(width, height)
    wide, high = width or _SINGLE_SIDE, height or _SINGLE_SIDE
    return lowest(min(wide, 4 * high), min(high, 4 * wide))


def _did_you_mean(typed: str, rows: Mapping[str, Parameter], told: int) -> str:
    """What to write instead of an unknown name, where that is plain; `told`: the problems told already."""
    name = typed.strip(DASHES + _BEHIND_VALUE).lower()
    stem = re.split(r"[\W\d_]", name, maxsplit=1)[0]
    rest = name[len(stem) :].strip(DASHES + "_=:")
    if told >= _SUGGESTIONS or not stem:
        return ""
    stem = OTHER_NAMES.get(stem, stem)
    if stem in rows:
        return f"Write `--{stem} {rest}`." if rest else f"Write `--{stem}`."
    alike = [each for each in rows if len(each) > 1 and (each[0] == stem[0] or each[1] == stem[1:2])]
    close = get_close_matches(stem[:20], alike, n=1, cutoff=0.65)
    return f"Did you mean `--{close[0]}`?" if close else ""
