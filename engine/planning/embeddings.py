"""Which embeddings (textual inversions) there are, and which of them the words of a prompt name.

An embedding is a word that was learnt: a few rows that stand in its place where an encoder looks words up.
Its name in a prompt is that of its file, alone or in angle brackets. Knows nothing of encoders, and no torch.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.planning.loras import Named

__all__ = ["EmbeddingEntry", "embeddings_in", "embeddings_of", "key_of", "pattern_of"]

_ALIKE = {"lcm": "sd"}
"""Families that read texts as another one does → that one."""


@dataclass(frozen=True, slots=True)
class EmbeddingEntry:
    """One embedding of the list. `source` is its file.

    `family` is that of the models that it was made for, `texts` how wide the texts are that those read, where
    models of the family differ (0: any). `word` is what the file itself calls it, besides its name.
    """

    name: str
    title: str
    family: str
    source: str
    word: str = ""
    texts: int = 0
    licence: str = ""
    revision: str | None = None
    folder: Path | None = None

    def repositories(self) -> tuple[tuple[str, str | None], ...]:
        """Those of the hub that it is fetched from: none, it is a file of this machine."""
        return ()

    def path(self) -> Path | None:
        """Its file on this machine, None where it is not."""
        return self.folder if self.folder is not None and self.folder.is_file() else None

    def fits(self, entry: Named) -> bool:
        """Whether it was made for this model."""
        if self.family != _ALIKE.get(entry.family, entry.family):
            return False
        return not self.texts or entry.texts_width() in (0, self.texts)


def embeddings_of(
    texts: Sequence[str], entry: Named, known: Iterable[EmbeddingEntry]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of those that the texts name and the model reads, and what to tell of the others."""
    names, notes = [], []
    for each in embeddings_in(texts, known):
        if each.fits(entry):
            names.append(each.name)
        else:
            made_for = f"models of the family {each.family}"
            made_for += f" that read texts {each.texts} wide" if each.family == entry.family else ""
            notes.append(
                f"The embedding {each.name} was made for {made_for}, not for {entry.name}:"
                " read as plain words."
            )
    return tuple(sorted(names)), tuple(notes)


def embeddings_in(texts: Sequence[str], known: Iterable[EmbeddingEntry]) -> list[EmbeddingEntry]:
    """Those whose names stand in one of the texts."""
    return [each for each in known if any(pattern_of(each.name, each.word).search(text) for text in texts)]


def pattern_of(name: str, word: str = "") -> re.Pattern[str]:
    """How an embedding is named in a text: as a word of its own, or in angle brackets."""
    said = [rf"<{re.escape(name)}>", *([re.escape(word)] if word else [])]
    return re.compile(rf"{'|'.join(said)}|(?<![\w<-]){re.escape(name)}(?![\w>-])", re.IGNORECASE)


def key_of(name: str) -> str:
    """What an embedding is called among what lies beside a model, where LoRAs have their bare names."""
    return f"<{name}>"
