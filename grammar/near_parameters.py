"""What looks like a parameter and is read as words: `a cat--ar 16:9`, `-tile`, `—stylise 250`.

It stays words, since it may be meant so; a sentence says how the parameter is written. Knows the table of
parameters and characters; nothing of how prompts are parsed.
"""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from grammar.errors import cut
from grammar.fitting import Fitting
from grammar.parameters import Parameter
from grammar.typography import DASHES, LONG_DASHES, NAME_END, NUMBER, any_of

_SHOWN = 3  # pieces quoted in one note, as examples of the rest
_LOOKED_AT = 40  # places that are looked at in one prompt, to bound its time
_NUMBER = re.compile(r"\s*\d[\d.]*")
_WORD_BEFORE = re.compile(r"\S*\Z")
_WEIGHT_BEFORE = re.compile(rf"::{NUMBER}\Z")
_LONGEST_WEIGHT = 20  # characters of a weight with its colons; longer ones are no weights of anybody's
_LONGEST_BEFORE = 60  # characters of the word before that are quoted
_ALIKE = 0.7  # likeness (0–1) of a name that is no parameter's to one that it is taken for
_SHORT = "".join(dash for dash in DASHES if dash not in LONG_DASHES)


class NearParameters:
    """The rules for the names of one table."""

    def __init__(self, rows: Mapping[str, Parameter], start: str, word: str) -> None:
        """As regular expressions: where a parameter begins, and a word of a value."""
        self._rows = rows
        self._long = [name for name in rows if len(name) > 3]
        self._start = re.compile(start)
        self._fitting = Fitting(start, word)
        glued = rf"(?<=\w)(?:[{DASHES}]{{2,}}+|[{LONG_DASHES}])"
        single = rf"(?<![^\s,])(?<![{DASHES}]\s)[{_SHORT}](?![{DASHES}])"
        self._known = re.compile(rf"(?P<dash>{glued}|{single})(?P<name>(?ai:{any_of(rows)})){NAME_END}")
        self._unknown = re.compile(rf"(?<![^\s>])[{LONG_DASHES}](?P<name>[A-Za-z]{{4,20}})(?=\s*\d)")

    def remarks(self, text: str, end: int) -> tuple[str, ...]:
        """A sentence where something in the text up to `end` looks like a parameter and is none."""
        if not any(dash in text for dash in DASHES):
            return ()
        found = [*self._named(text, end), *self._misspelt(text, end)][:_SHOWN]
        if not found:
            return ()
        typed = ", ".join(f"`{cut(piece)}`" for piece, _ in found)
        meant = ", ".join(f"`{cut(parameter)}`" for _, parameter in found)
        return (f"Read as words: {typed}; a parameter has a space and two dashes before it: {meant}.",)

    def _named(self, text: str, end: int) -> Iterator[tuple[str, str]]:
        """What was typed with a name of the table, and how that parameter is written."""
        starts = self._start.finditer(text, 0, end)
        start, shape = next(starts, None), ""  # the next parameter, and the shape of the last one's value
        for number, match in enumerate(self._known.finditer(text, 0, end)):
            if number == _LOOKED_AT:
                return
            while start and start.start() <= match.start():
                last = self._rows.get(start[0].lstrip(DASHES).lower())
                start, shape = next(starts, None), last.kind.shape if last else "flag"
            if self._start.match(text, match.start()):
                continue
            row, dash = self._rows[match["name"].lower()], match["dash"]
            if (len(dash) > 1 or dash in LONG_DASHES) and self._ended(text, match.start(), shape):
                shape = row.kind.shape
                continue
            value_at = self._fitting.begin(text, match.end(), end)
            things = row.kind.shape == "things"
            fit = self._fitting.value(row, text, value_at, min(end, value_at + 80) if things else end)
            if fit is None:
                continue
            until, tells = fit
            until = match.end() if until <= value_at or things else until
            before = _WORD_BEFORE.search(text, max(0, match.start() - _LONGEST_BEFORE), match.start())
            word = before[0] if before else ""
            if "://" in word or not (tells or self._meant(text, dash, match["name"], until, end, things)):
                continue
            yield word + text[match.start() : until], f"--{text[match.start('name') : until]}"

    @staticmethod
    def _ended(text: str, at: int, shape: str) -> bool:
        """Whether a value, a flag or a weight ends there, right behind which a parameter needs no space."""
        if shape:
            return shape != "things"
        return _WEIGHT_BEFORE.search(text, max(0, at - _LONGEST_WEIGHT), at) is not None

    def _meant(self, text: str, dash: str, name: str, until: int, end: int, things: bool) -> bool:
        """Whether a name whose value tells nothing is more likely a parameter than words."""
        if len(dash) > 1:
            return True
        if dash in LONG_DASHES or len(name) == 1:
            return False
        return things or not text[until:end].strip(" ,.") or bool(self._start.match(text, until + 1, end))

    def _misspelt(self, text: str, end: int) -> Iterator[tuple[str, str]]:
        """What was typed behind a long dash with a number, and the parameter with almost that name."""
        for number, match in enumerate(self._unknown.finditer(text, 0, end)):
            if number == _LOOKED_AT:
                return
            name, value = match["name"].lower(), _NUMBER.match(text, match.end(), end)
            close = get_close_matches(name, self._long, n=1, cutoff=_ALIKE)
            if value and name not in self._rows and close and self._rows[close[0]].kind.numeric:
                yield text[match.start() : value.end()], f"--{close[0]} {value[0].strip()}"
