"""Words as they are compared: lower case, without accents, invisible characters and known look-alikes.

Knows nothing of what they are compared for.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["plain", "words"]


def plain(text: str, marks: str = "") -> str:
    """The text in plain letters, runs of space as one; of accents only these ``marks`` stay."""
    taken_apart = unicodedata.normalize("NFKD", text)
    kept = (char for char in taken_apart if char in marks or unicodedata.category(char) not in ("Mn", "Cf"))
    return " ".join("".join(kept).casefold().split())


def words(text: str) -> list[str]:
    """Its words in plain letters, punctuation left out."""
    return re.findall(r"[^\W_]+", plain(text))
