"""Words as they are compared: lower case, without accents, invisible characters and known look-alikes.

Knows nothing of what they are compared for.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["KATAKANA", "UNSPACED", "plain", "words"]

KATAKANA = r"\u30a1-\u30fa\u30fc-\u30fe\u31f0-\u31ff"
"""As ranges for a regular expression: its runs are words."""

UNSPACED = r"\u3005-\u3007\u3041-\u309f\u3400-\u9fff\U00020000-\U0003ffff"
"""Chinese and Hiragana, likewise: nothing tells where a word of theirs ends."""


def plain(text: str, marks: str = "") -> str:
    """The text in plain letters, runs of space as one; of accents only these ``marks`` stay."""
    taken_apart = unicodedata.normalize("NFKD", text)
    kept = (char for char in taken_apart if char in marks or unicodedata.category(char) not in ("Mn", "Cf"))
    return " ".join("".join(kept).casefold().split())


def words(text: str) -> list[str]:
    """Its words in plain letters, punctuation left out."""
    return re.findall(r"[^\W_]+", plain(text))
