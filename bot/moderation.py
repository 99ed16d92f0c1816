"""Which words may not stand in a prompt: the operator's list, as whole words, however they are written.

Knows nothing of who wrote the prompt or what becomes of it.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["BannedWords"]


class BannedWords:
    """A list of words and phrases. ``listed`` separates them by commas."""

    def __init__(self, listed: str) -> None:
        words = filter(None, (_plain(word) for word in listed.split(",")))
        pattern = "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in words)
        self._found = re.compile(rf"(?<!\w)(?:{pattern})(?!\w)") if pattern else None

    def first_in(self, text: str) -> str | None:
        """The first banned word of a text, in plain letters; None when there is none."""
        match = self._found.search(_plain(text)) if self._found else None
        return match[0] if match else None


def _plain(text: str) -> str:
    """Lower case, without accents, invisible characters and look-alikes that Unicode knows of."""
    taken_apart = unicodedata.normalize("NFKD", text)
    kept = (char for char in taken_apart if unicodedata.category(char) not in ("Mn", "Cf"))
    return " ".join("".join(kept).casefold().split())
