"""Which words of a prompt a small model knows. Models without a `words.txt` know them all.

A model with a closed vocabulary must not be disturbed by words that mean nothing to it, and its user should
hear which they were. Knows nothing of tokens or embeddings.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from engine.registry import ModelEntry

__all__ = ["known_text"]

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


def known_text(text: str, entry: ModelEntry) -> tuple[str, tuple[str, ...]]:
    """``text`` without the words that ``entry`` does not know, and those words as typed."""
    words = _words(entry.folder) if entry.folder is not None else None
    if words is None:
        return text, ()
    unknown = [word for word in _WORD.findall(text) if not _knows(words, word)]
    kept = _WORD.sub(lambda found: found[0] if _knows(words, found[0]) else " ", text)
    return " ".join(kept.split()), tuple(dict.fromkeys(unknown))


def _knows(words: frozenset[str], word: str) -> bool:
    return word.casefold() in words


@lru_cache(maxsize=8)
def _words(folder: Path) -> frozenset[str] | None:
    try:
        listed = (folder / "words.txt").read_text(encoding="utf-8")
    except OSError:
        return None
    return frozenset(line.strip().casefold() for line in listed.splitlines() if line.strip())
