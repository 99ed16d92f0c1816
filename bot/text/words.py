"""Words as they are compared: lower case, without accents, invisible characters and known look-alikes.

Knows nothing of what they are compared for.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["JOINED", "KATAKANA", "MARKED", "UNSPACED", "VOWELS_BEFORE", "plain", "words"]

KATAKANA = r"\u30a1-\u30fa\u30fc-\u30fe\u31f0-\u31ff"
"""As ranges for a regular expression: its runs are words."""

UNSPACED = r"\u3005-\u3007\u3041-\u309f\u3400-\u9fff\U00020000-\U0003ffff"
"""Chinese and Hiragana, likewise: nothing tells where a word of theirs ends."""

MARKED = r"\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff\ua9e0-\ua9fe\uaa60-\uaa7f"
"""Thai, Lao, Burmese and Khmer, likewise: no spaces between words either, and vowels as marks that count."""

VOWELS_BEFORE = "\u0e40-\u0e44\u0ec0-\u0ec4"
"""Vowels of these that are written before the letter they belong to, likewise."""

JOINED = (
    r"\u0e30-\u0e3a\u0e45\u0e47-\u0e4e\u0eb0-\u0ebc\u0ec8-\u0ece\u102b-\u103e\u1056-\u1060\u1062-\u106d"
    r"\u1071-\u1074\u1082-\u108f\u109a-\u109d\u17b6-\u17d3\u17dd\ua9e5\uaa7b-\uaa7d"
)
"""What of these is written behind or on the letter it belongs to, likewise: no word begins with it."""


def plain(text: str, marks: str = "") -> str:
    """The text in plain letters, runs of space as one; of accents only these ``marks`` stay."""
    taken_apart = unicodedata.normalize("NFKD", text)
    kept = (char for char in taken_apart if char in marks or unicodedata.category(char) not in ("Mn", "Cf"))
    return " ".join("".join(kept).casefold().split())


def words(text: str) -> list[str]:
    """Its words in plain letters, punctuation left out."""
    return re.findall(r"[^\W_]+", plain(text))
