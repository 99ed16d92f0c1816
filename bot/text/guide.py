"""What answers a question about Easel: passages, found by the words of the question and ranked by SQLite.

Each of a question's words counts, and so do the words that the passages have for it (``bigger``: upscale). A
passage weighs by how rare its words are among all of them. Knows neither commands nor parameters.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["Guide", "Passage"]

BEST = 3  # passages that an answer has at most
WEIGHTS = (3.0, 1.0)  # of a word in the title, and in the text
NEAR = 0.3  # a passage is left out that is worth less than this share of the best one
NAMED = 1000.0  # what it is worth that a question spells a parameter or command: more than any words

FILLING = (
    "a about again all am an and any are as at be been but by can could do does doing for from get gets "
    "give go got had has have how i i'd i'm in into is it its just let like make makes me mean means my "
    "need of on one only or please possible say see set should so some tell than that the their them "
    "there they thing things this to too try up us use used using want was way we what when where which "
    "who whose why will with work works would you your"
)
"""Words that any question may have."""

COMMON = "picture pictures image images photo photos prompt prompts midjourney easel"
"""Words that nearly every passage has; they count where a question has no others."""

MEANT = {
    "abort": "cancel",
    "alike": "different chaos",
    "animate": "video film",
    "animation": "video film",
    "anime": "niji",
    "anybody": "everybody yourself",
    "big": "large twice upscale",
    "bigger": "larger twice upscale",
    "button": "grid single",
    "change": "settings",
    "choose": "settings",
    "combine": "blend",
    "copy": "seed same",
    "crop": "aspect",
    "difference": "chaos",
    "different": "chaos",
    "discard": "delete",
    "download": "export dm",
    "earlier": "history",
    "emphasis": "weight",
    "emphasize": "weight",
    "enlarge": "upscale twice",
    "erase": "delete",
    "exclude": "appear",
    "faster": "fast turbo draft quick",
    "favourite": "favorite",
    "favourites": "favorite",
    "file": "png jpeg",
    "files": "png jpeg given",
    "find": "history search",
    "format": "aspect",
    "gallery": "history",
    "hide": "stealth yourself",
    "higher": "upscale larger",
    "horizontal": "landscape aspect",
    "important": "weight matter",
    "inpaint": "region",
    "inpainting": "region",
    "input": "image prompts",
    "landscape": "aspect",
    "leave": "appear no",
    "lora": "loras",
    "merge": "blend",
    "mix": "blend",
    "mixing": "blend",
    "movie": "video film",
    "multiple": "permutations repeat",
    "negative": "appear no",
    "nobody": "stealth yourself",
    "odd": "weird",
    "old": "history",
    "outpaint": "zoom surroundings",
    "outpainting": "zoom surroundings",
    "part": "region",
    "pattern": "tile seam repeats",
    "portrait": "aspect",
    "previous": "history",
    "private": "stealth yourself",
    "privately": "stealth yourself",
    "quick": "draft fast",
    "quicker": "draft fast turbo",
    "ratio": "aspect width",
    "reference": "sref references",
    "remove": "appear delete",
    "reproduce": "seed same",
    "resolution": "upscale twice larger",
    "retry": "same seed",
    "save": "favorite export dm",
    "seamless": "seam tile",
    "secret": "stealth yourself",
    "several": "permutations repeat",
    "shape": "aspect width",
    "size": "aspect twice",
    "slow": "fast draft",
    "strange": "weird unusual odd",
    "stop": "cancel stops",
    "switch": "settings",
    "tall": "high aspect portrait",
    "taller": "high aspect portrait",
    "tiling": "tile seam",
    "u": "u1",
    "upload": "given png jpeg",
    "v": "v1",
    "vertical": "portrait aspect",
    "wallpaper": "wide aspect tile",
    "wide": "width aspect",
    "wider": "wide width aspect",
    "without": "appear no",
}
"""Words of questions, and words that passages have for them."""


@dataclass(frozen=True, slots=True)
class Passage:
    """What one thing is called and what there is to say about it, in Discord's markdown.

    ``names`` are how it is spelled in a prompt or typed as a command: `--ar`, `/blend`. ``worth`` (0–1) is
    less where hardly anybody asks for it.
    """

    title: str
    text: str
    names: tuple[str, ...] = ()
    worth: float = 1.0


class Guide:
    """Passages that can be asked."""

    def __init__(self, passages: Iterable[Passage]) -> None:
        self._passages = tuple(passages)
        self._index = sqlite3.connect(":memory:")
        self._index.execute(
            "CREATE VIRTUAL TABLE passages USING fts5(title, text, tokenize='porter unicode61')"
        )
        self._index.executemany(
            "INSERT INTO passages (rowid, title, text) VALUES (?, ?, ?)",
            [(n, passage.title, passage.text) for n, passage in enumerate(self._passages)],
        )

    def best(self, question: str) -> list[Passage]:
        """The passages that answer it best, at most three; those that it spells go first."""
        worth = self._worth(question)
        for name in re.findall(r"(?<!\S)[-–—/]+\w+", question.lower()):
            for n, passage in enumerate(self._passages):
                if _plain(name) in map(_plain, passage.names):
                    worth[n] = worth.get(n, 0.0) + NAMED
        ranked = sorted(worth, key=lambda n: -worth[n])[:BEST]
        return [self._passages[n] for n in ranked if worth[n] >= NEAR * worth[ranked[0]]]

    def _worth(self, question: str) -> dict[int, float]:
        """What each passage that has a word of it is worth, by its number."""
        words = _asked(question)
        if not words:
            return {}
        found = self._index.execute(
            "SELECT rowid, -bm25(passages, ?, ?) FROM passages WHERE passages MATCH ?",
            (*WEIGHTS, " OR ".join(f'"{word}"' for word in words)),
        )
        return {n: score * self._passages[n].worth for n, score in found}


def _asked(question: str) -> Sequence[str]:
    """The words of a question that say something, and what is meant by them, each once."""
    plain = re.sub(r"['’]s\b", "", question.lower())
    words = [word for word in re.findall(r"\w+(?:['’]\w+)?", plain) if word not in FILLING.split()]
    telling = [word for word in words if word not in COMMON.split()] or words
    return list(dict.fromkeys(each for word in telling for each in (word, *MEANT.get(word, "").split())))


def _plain(name: str) -> str:
    return name.lstrip("-–—/").lower() if name[0] != "/" else name.lower()
