"""Which words of a prompt a small model knows. Models without a `words.txt` know them all.

A model with a closed vocabulary must not be disturbed by words that mean nothing to it, and its user should
hear which they were; stop words (`engine/planning/stopwords.py`) are left out without a remark. Where there
is a `nouns.txt` as well, it lists those of the words that are for a thing or a place.
Chinese and Japanese stand without spaces: their runs are read word by word, the longest known one first, as
the model's tokenizer reads them. Knows nothing of tokens or embeddings.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from pathlib import Path

from engine.planning.registry import ModelEntry
from engine.planning.stopwords import PLACING, STOP_WORDS

__all__ = ["known_text", "names_nothing"]

_EAST = "\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"  # 々, kana, ideographs, Hangul
_MARKS = "\u0300-\u036f\u0900-\u0903\u093a-\u094f\u0962\u0963"  # accents and vowel signs, parts of words
_LETTERS = rf"(?:[^\W_{_EAST}]|[{_MARKS}])+"
_WORD = re.compile(rf"[{_EAST}]+|{_LETTERS}(?:['’-]{_LETTERS})*")
_RUN = re.compile(rf"[{_EAST}]+")
_HANGUL = re.compile(r"[\uac00-\ud7af]")
_PICTOGRAM = re.compile(
    "(?:[\u2190-\u2bff\U0001f000-\U0001faff][\ufe0f\u20e3\U0001f3fb-\U0001f3ff]*\u200d?)+"
)
"""Arrows, signs and emoji with what belongs to them: selectors, skin tones, joiners."""

_OF = frozenset({"of", "de", "do", "da", "dos", "das", "del"})
"""Words behind which stands what something is of, wherever that is placed: "in pastel of a fox"."""

_HIRAGANA = re.compile(r"[\u3040-\u309f]")


def known_text(text: str, entry: ModelEntry) -> tuple[str, tuple[str, ...]]:
    """``text`` without the words that ``entry`` does not know, and those words as typed."""
    words = _listed(entry.folder, "words.txt")
    if words is None:
        return text, ()
    text = unicodedata.normalize("NFC", text)
    unknown: list[str] = []

    def kept(found: re.Match[str]) -> str:
        said = []
        for part, known in _parts(found[0], words):
            said.append(part if known else " ")
            if not known and part.casefold() not in STOP_WORDS:
                unknown.append(part)
        return "".join(said)

    def dropped(found: re.Match[str]) -> str:
        unknown.append(found[0])
        return " "

    left = _PICTOGRAM.sub(dropped, _WORD.sub(kept, text))
    return " ".join(left.split()), tuple(dict.fromkeys(unknown))


def names_nothing(text: str, entry: ModelEntry) -> bool:
    """Whether ``text`` asks for what ``entry`` cannot draw, and for nothing else.

    Then not all of its words are known, and none that is for a thing or a place: of the surroundings alone,
    as in "a city at night", a model that does not know the city makes something else.
    """
    words = _listed(entry.folder, "words.txt")
    if words is None or not text.strip():
        return False
    nouns = _listed(entry.folder, "nouns.txt") or words
    text = unicodedata.normalize("NFC", text)
    placed, counted, end = False, list[bool](), 0
    for found in _WORD.finditer(text):
        placed = placed and text[end : found.start()].isspace()
        end = found.end()
        for typed, known in _parts(found[0], words):
            part = typed.casefold()
            if part in PLACING or part in _OF:
                placed = part in PLACING
            elif part in STOP_WORDS:
                continue
            elif known and part in nouns:
                if not placed:
                    return False
                placed = False
            counted.append(known or part in PLACING or part in _OF)
    return not counted or not all(counted)


def _parts(word: str, words: frozenset[str]) -> list[tuple[str, bool]]:
    """The word, or the words of a run without spaces, each with whether it is known."""
    if word.casefold() in words:
        return [(word, True)]
    if not _RUN.fullmatch(word):
        return [(word, False)]
    parts = list(_segments(word, words))
    if _HANGUL.search(word):  # spaces part its words, so one that is known only in part is another word
        known = all(part in words or part in STOP_WORDS for part in parts)
        return [(part, part in words) for part in parts] if known else [(word, False)]
    marked = [(part, part in words, part in STOP_WORDS) for part in parts]
    return list(_joined(_swallowed(marked)))


def _segments(run: str, words: frozenset[str]) -> Iterator[str]:
    """The run as known words, the longest first, and single characters in between."""
    longest, start = _longest(words), 0
    while start < len(run):
        lengths = range(min(longest, len(run) - start), 1, -1)
        length = next((n for n in lengths if _means(run[start : start + n], words)), 1)
        yield run[start : start + length]
        start += length


def _means(text: str, words: frozenset[str]) -> bool:
    return text in words or text in STOP_WORDS


def _swallowed(parts: list[tuple[str, bool, bool]]) -> list[tuple[str, bool, bool]]:
    """A lone hiragana beside unknown hiragana belongs to that word and is no particle."""
    found = list(parts)
    for order in (range(1, len(found)), range(len(found) - 2, -1, -1)):
        for i in order:
            beside = found[i - 1 if order.step > 0 else i + 1]
            strange = not beside[1] and not beside[2] and _HIRAGANA.match(beside[0])
            if strange and len(found[i][0]) == 1 and _HIRAGANA.match(found[i][0]):
                found[i] = (found[i][0], False, False)
    return found


def _joined(parts: list[tuple[str, bool, bool]]) -> Iterator[tuple[str, bool]]:
    """Neighbouring strange characters as one word."""
    for (known, stops), group in groupby(parts, key=lambda part: part[1:]):
        texts = [text for text, *_ in group]
        if known or stops:
            yield from ((text, known) for text in texts)
        else:
            yield "".join(texts), False


@lru_cache(maxsize=8)
def _longest(words: frozenset[str]) -> int:
    return max((len(word) for word in words), default=1)


@lru_cache(maxsize=16)
def _listed(folder: Path | None, name: str) -> frozenset[str] | None:
    """The words of a file in a model's folder, one a line; None where there is none."""
    if folder is None:
        return None
    try:
        listed = (folder / name).read_text(encoding="utf-8")
    except OSError:
        return None
    lines = unicodedata.normalize("NFC", listed).splitlines()
    return frozenset(line.strip().casefold() for line in lines if line.strip())
