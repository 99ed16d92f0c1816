"""Which words may not stand in a prompt: the operator's list, as whole words, however they are written.

Knows nothing of who wrote the prompt or what becomes of it.
"""

from __future__ import annotations

import re

from bot.text.words import plain

__all__ = ["BannedWords"]


class BannedWords:
    """A list of words and phrases. ``listed`` separates them by commas."""

    def __init__(self, listed: str) -> None:
        words = filter(None, (plain(word) for word in listed.split(",")))
        pattern = "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in words)
        self._found = re.compile(rf"(?<!\w)(?:{pattern})(?!\w)") if pattern else None

    def first_in(self, text: str) -> str | None:
        """The first banned word of a text, in plain letters; None when there is none."""
        match = self._found.search(plain(text)) if self._found else None
        return match[0] if match else None
