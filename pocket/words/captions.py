"""Scene → words: one of the many ways to say it, in any of seven languages. Knows nothing of pixels.

What the things are called stands in `pocket/words/`.
"""

from collections.abc import Iterator
from random import Random

from pocket.words import english
from pocket.words.chinese import CHINESE
from pocket.words.english import COLOUR_WORDS
from pocket.words.hindi import HINDI
from pocket.words.japanese import JAPANESE
from pocket.words.korean import KOREAN
from pocket.words.language import Choice, Language
from pocket.words.portuguese import PORTUGUESE
from pocket.words.spanish import SPANISH
from pocket.world.scenes import Scene

__all__ = [
    "COLOUR_WORDS",
    "LANGUAGES",
    "bare_caption",
    "caption",
    "kind_caption",
    "names",
    "noise_words",
    "place_caption",
    "plain_caption",
    "vocabulary",
]

LANGUAGES = ("en", "zh", "hi", "ja", "ko", "pt", "es")
_OTHERS: dict[str, Language] = {
    "zh": CHINESE,
    "hi": HINDI,
    "ja": JAPANESE,
    "ko": KOREAN,
    "pt": PORTUGUESE,
    "es": SPANISH,
}


def caption(scene: Scene, rng: Random, language: str = "en") -> str:
    """One way to say what is in the scene; what is named is there, what is there need not be named.

    A style other than flat is always named. `language` is one of `LANGUAGES`; else KeyError.
    """
    if language == "en":
        return english.caption(scene, rng)
    return _OTHERS[language].caption(scene, Choice(rng))


def bare_caption(scene: Scene, rng: Random, language: str = "en") -> str:
    """The same without opening and praise; in English with every colour, as a describer should tell it."""
    if language == "en":
        return english.bare_caption(scene, rng)
    return _OTHERS[language].caption(scene, Choice(rng), bare=True)


def plain_caption(scene: Scene, rng: Random, language: str = "en") -> str:
    """The plainest wording, as a person would type it first; for tests and the judge."""
    if language == "en":
        return english.plain_caption(scene, rng)
    return _OTHERS[language].caption(scene, Choice(None), bare=True)


def place_caption(scene: Scene, rng: Random) -> str:
    """Where the scene is and how it is painted, not what is in it; in English."""
    return english.place_caption(scene, rng)


def kind_caption(scene: Scene, rng: Random) -> str:
    """The same with the kind of its first thing, but not the colour."""
    return english.kind_caption(scene, rng)


def vocabulary(languages: tuple[str, ...] = LANGUAGES) -> set[str]:
    """Every word that a caption can hold; of Chinese, Japanese, Korean the parts of a run without spaces."""
    found = english.words() if "en" in languages else set()
    return found.union(*(_OTHERS[language].words() for language in languages if language != "en"))


def names(languages: tuple[str, ...] = LANGUAGES) -> set[str]:
    """The words of the vocabulary that are for a thing or a place."""
    found = english.names() if "en" in languages else set()
    return found.union(*(_OTHERS[language].names() for language in languages if language != "en"))


def noise_words(rng: Random) -> Iterator[str]:
    """Endless made-up words, for a reader that learns to pass over what it does not know."""
    while True:
        yield "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randint(2, 7)))
