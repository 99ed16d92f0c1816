"""Which words may not stand in a prompt: the operator's list, as whole words, however they are disguised.

Found are letters of other scripts that look the same, digits and signs put for letters, stretched words, and
letters with something between them. Ordinary words stay: a letter is only ever taken for itself, and digits
alone are no word. Where a script sets no spaces, a word may stand among its letters. Knows nothing of who
wrote the prompt or what becomes of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import groupby

from bot.text.lookalikes import DIGITS, LETTERS, MASK, SIGNS, VOWELS, seen
from bot.text.words import JOINED, KATAKANA, MARKED, UNSPACED, VOWELS_BEFORE

__all__ = ["BannedWords"]

_BETWEEN = r"[\s._·•\-~^|/\\*]{1,3}"  # what stands between letters that stand alone
_INSIDE = r"[._·•~^]{0,2}"  # what may stand inside a word; a hyphen or an apostrophe joins ordinary words
_LEAST_SPACED, _LEAST_PARTED = 3, 4  # letters of a word that is looked for letter by letter, or in pieces
_SPACE = r"[\s_-]{1,3}"  # what stands between the words of a phrase
_ALONE_BEFORE = re.compile(rf"(?<![^\W_])[^\W_ai]{_BETWEEN}\Z")  # "a" and "I" are words
_ALONE_BEHIND = re.compile(rf"{_BETWEEN}[^\W_](?![^\W_])")
_HANGUL = r"\u1100-\u11ff\uac00-\ud7ff"
_LETTER = (
    rf"[^\W\d_{UNSPACED}{MARKED}{KATAKANA}{_HANGUL}]"  # of a script whose words have spaces between them
)
_STACKED = r"\u1039\u17d2"  # set the next letter under the one before
_MOST_STRETCHED = 24  # letters of one run that are looked at from each place, so that time stays bounded
_LONG_RUN = re.compile(rf"(\S)\1{{{_MOST_STRETCHED},}}")
_ANY_LETTER = frozenset("".join(LETTERS.values()))
_NOTHING_ODD = re.compile(r"[a-z\s,;:'\"()?&-]*")


class BannedWords:
    """A list of words and phrases. ``listed`` separates them by commas."""

    def __init__(self, listed: str) -> None:
        self._words = list(dict.fromkeys(filter(None, (seen(word) for word in listed.split(",")))))
        self._written = _any_of(self._words, lambda word: re.escape(word).replace(r"\ ", _SPACE))
        self._disguised = _any_of(self._words, _disguised)
        self._spaced = _any_of(self._words, _spaced)

    def first_in(self, text: str) -> str | None:
        """The first banned word of a text, in plain letters; None when there is none."""
        if not self._words:
            return None
        text = seen(text)
        if (match := self._written.search(text)) is not None:
            return self._word(match)
        return self._in_disguise(text) or self._letter_by_letter(text)

    def _in_disguise(self, text: str) -> str | None:
        if _NOTHING_ODD.fullmatch(text) and not re.search(r"(\w)\1\1", text):
            return None
        text = _LONG_RUN.sub(lambda run: run[0][:_MOST_STRETCHED], text)
        for match in self._disguised.finditer(text):
            digits = sum(char.isdigit() for char in match[0])
            if not _ANY_LETTER.isdisjoint(match[0]) and 2 * digits <= len(match[0]):
                return self._word(match)
        return None

    def _letter_by_letter(self, text: str) -> str | None:
        for match in self._spaced.finditer(text):
            # Letters that go on to either side spell another word.
            before = text[max(0, match.start() - 8) : match.start()]
            if _ALONE_BEHIND.match(text, match.end()) or _ALONE_BEFORE.search(before):
                continue
            return self._word(match)
        return None

    def _word(self, match: re.Match[str]) -> str:
        return self._words[int(str(match.lastgroup).removeprefix("word"))]


def _any_of(words: Sequence[str], pattern: Callable[[str], str]) -> re.Pattern[str]:
    """One pattern of many, each word told by an empty group, between its own bounds; "" is none."""
    bounded: dict[tuple[str, str], list[str]] = {}
    for number, word in enumerate(words):
        if looked_for := pattern(word):
            named = f"{looked_for}(?P<word{number}>)"
            bounded.setdefault((_bound_before(word[0]), _bound_behind(word[-1])), []).append(named)
    parts = (f"{before}(?:{'|'.join(named)}){behind}" for (before, behind), named in bounded.items())
    return re.compile("|".join(parts) or r"(?!)")


def _bound_before(first: str) -> str:
    """What must not stand before a word: letters that make another word of it, and digits before a digit."""
    if re.match(f"[{UNSPACED}]", first):
        return ""
    if re.match(f"[{MARKED}]", first):
        return f"(?<![{VOWELS_BEFORE}{_STACKED}])"
    if same := next((script for script in (KATAKANA, _HANGUL) if re.match(f"[{script}]", first)), None):
        return f"(?<![{same}])"
    return rf"(?<!{_LETTER})(?:(?<!\d)|(?!\d))"


def _bound_behind(last: str) -> str:
    """What must not stand behind a word; a Korean one takes its endings without a space."""
    if re.match(f"[{UNSPACED}{_HANGUL}]", last):
        return ""
    if re.match(f"[{MARKED}]", last):
        return f"(?![{JOINED}])"
    if re.match(f"[{KATAKANA}]", last):
        return f"(?![{KATAKANA}])"
    return rf"(?:(?!\d)|(?<!\d))(?!{_LETTER})"


def _disguised(word: str) -> str:
    """A word in letters that look like its own, stretched, masked, or in pieces."""
    letters = sum(map(str.isalpha, word))
    inside = _INSIDE if letters >= _LEAST_PARTED else ""
    runs = [(char, len(list(run))) for char, run in groupby(word)]
    return inside.join(
        _SPACE if char == " " else _run(_like(char, digits=letters > 2), count) for char, count in runs
    )


def _spaced(word: str) -> str:
    """A word whose letters stand alone, one by one."""
    if len(word) < _LEAST_SPACED or not word.isalpha():
        return ""
    return _BETWEEN.join(_letters(char) for char in word)


def _run(like: str, count: int) -> str:
    """A letter so many times, or stretched: thrice at least, since twice may be another word (god, good)."""
    least = max(3, count + 1)
    return f"(?:{like}{{{count}}}|{like}{{{least},{max(least, _MOST_STRETCHED)}}})"


def _letters(char: str) -> str:
    return f"[{re.escape(LETTERS.get(char, char))}]"


def _like(char: str, *, digits: bool) -> str:
    """What may stand for a letter; signs of punctuation only between letters."""
    signs = SIGNS.get(char, "")
    free = LETTERS.get(char, char) + "".join(sign for sign in signs if sign in "@$")
    free += DIGITS.get(char, "") if digits else ""
    bound = "".join(sign for sign in signs if sign not in "@$") + (MASK if char in VOWELS else "")
    between = rf"|(?<=\w)[{re.escape(bound)}](?=\w)" if bound else ""
    return f"(?:[{re.escape(free)}]{between})"
