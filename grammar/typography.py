"""Characters that people type, paste or cannot see, where the language has a plain one: what stands for what.

Knows characters and the names of parameters; nothing of what they mean.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import TypeAlias

Edit: TypeAlias = tuple[int, int, str]
"""From offset, to offset (exclusive), and the text that stands there instead."""

DASHES = "-‐‑‒–—―−﹘﹣－⸺⸻ーｰ─━ㅡ➖"
"""Everything that people type, or that phones and keyboards make of it, where two hyphens are meant."""

LONG_DASHES = "‒–—―−－⸺⸻─━"
"""Dashes of which one is enough: what phones make of two hyphens."""

COLONS = ":：∶﹕꞉︓"
COMMAS = ",，﹐､、"

NUMBER = r"[-+−–]?(?:\d{1,9}(?:\.\d{0,9})?|\.\d{1,9})"
"""A decimal number as people type it, with whatever dash their keyboard has, as a regular expression."""

WEIGHT = rf"{NUMBER}(?![A-Za-z0-9_]|\.\d|-[A-Za-z])"
"""A number right behind `::`, not the beginning of a word such as `3d`."""

UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
"""Scripts that put no space between words, as ranges for a regular expression."""

BLANKS = "\u180e\u200b\u2060\u2800\u3164\ufeff\uffa0"
"""Characters that show nothing and keep words apart, as a space does."""

MARKS = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff"
)
"""Characters that show nothing: directions, joiners, selectors. As ranges for a regular expression."""

DOUBLE_QUOTES = '"“”„‟«»＂〝〞〟'
SINGLE_QUOTES = "'‘’‚‛‹›＇"
BRACKETS = {
    "(": ")",
    "[": "]",
    "<": ">",
    "（": "）",
    "［": "］",
    "【": "】",
    "「": "」",
    "『": "』",
    "《": "》",
    "〈": "〉",
    "〔": "〕",
}
"""Opening to closing bracket; braces are not among them, they make permutations."""

_WIDE = {0xFF01 + at: 0x21 + at for at in range(94)} | {ord(colon): ord(":") for colon in COLONS}
_MARK = re.compile(f"[{MARKS}]")
_BEGINNING = re.compile(rf"\A[\s{MARKS}]++")
_END = re.compile(rf"(?<![\s{MARKS}])[\s{MARKS}]++\Z")
_DOUBLE_COLON = re.compile(f"(?:[{COLONS}]|∷){{2,}}+|∷")
_WIDE_NAME = re.compile(f"(?<=[{DASHES}])[Ａ-Ｚａ-ｚ]++")
_PARAMETER = re.compile(rf"(?<!\w)[{DASHES}][{DASHES}\s{MARKS}]*+([A-Za-zＡ-Ｚａ-ｚ]++)?")
_JOINERS = "\u200c\u200d\ufe0e\ufe0f"
_KEYCAP = "\u20e3"


NAME_END = r"(?![A-Za-z_\u00c0-\u024f]|-\w)"
"""Behind the name of a parameter: no letter that would make another word of it."""


def any_of(names: Iterable[str]) -> str:
    """The names as a regular expression, longer ones first; of none, one that never fits."""
    longest_first = sorted(names, key=lambda name: (-len(name), name))
    return "|".join(map(re.escape, longest_first)) or "(?!)"


def narrow(text: str) -> str:
    """The text with full-width letters, digits and signs, and all colons, as those of ASCII."""
    return text if text.isascii() else text.translate(_WIDE)


def trimmed(text: str) -> str:
    """The text without space and invisible marks at its edges."""
    return begun(ended(text))


def begun(text: str) -> str:
    """The text without space and invisible marks at its beginning."""
    return text.lstrip() if text.isascii() else _BEGINNING.sub("", text)


def ended(text: str) -> str:
    """The text without space and invisible marks at its end."""
    return text.rstrip() if text.isascii() else _END.sub("", text)


def plain(text: str, names: Iterable[str]) -> list[Edit]:
    """What to change so that the parser sees the colons of `::` and names of full-width letters."""
    if text.isascii():
        return []
    edits = [
        (run.start(), run.end(), narrow(run[0].replace("∷", "::")))
        for run in _DOUBLE_COLON.finditer(text)
        if not run[0].isascii()
    ]
    for match in _WIDE_NAME.finditer(text):
        name = narrow(match[0])
        if name.lower() in names:
            edits.append((match.start(), match.end(), name))
    return sorted(edits)


def unmarked(text: str, names: Iterable[str]) -> Iterable[Edit]:
    """What to change so that invisible marks are not in the way.

    A mark goes from beside dashes, names and values; inside words and inside an emoji it stays.
    """
    marks = [] if text.isascii() else list(_MARK.finditer(text))
    if not marks:
        return
    behind = _first_parameter(text, names)
    before, last = " ", -1
    for mark in marks:
        at = mark.start()
        if at and at - 1 != last:
            before = text[at - 1]
        last = at
        if before in DASHES:
            yield at, at + 1, ""
        elif mark[0] in BLANKS:
            yield at, at + 1, " "
        elif at > behind and not _belongs(before, text[at : at + 3], mark[0]):
            yield at, at + 1, ""


def _belongs(before: str, behind: str, mark: str) -> bool:
    """Whether the mark is a part of the character before it, or of a word in a script that joins."""
    if _KEYCAP in behind and before in "0123456789#*":
        return True
    joins = mark in _JOINERS or mark > "\U000e0000"
    return joins and not narrow(before).isascii() and unicodedata.category(before)[0] not in "PZ"


def _first_parameter(text: str, names: Iterable[str]) -> int:
    for match in _PARAMETER.finditer(text):
        if match[1] and narrow(match[1]).lower() in names:
            return match.start()
    return len(text)
