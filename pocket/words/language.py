"""What every language but English shares: how tables become captions. Knows the words of none.

Texts in tables are written word by word: a space parts words, `_` parts words that are written together,
and a language without spaces (`spaced` False) drops both. `/` parts the forms of one word.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from random import Random

from pocket.world.scenes import NATURAL, Scene, Thing

Texts = tuple[str, ...]
Table = Mapping[str, Texts]


class Choice:
    """Chooses among wordings: by chance, or always the first (the plainest) where there is no `rng`."""

    def __init__(self, rng: Random | None) -> None:
        self._rng = rng

    @property
    def plain(self) -> bool:
        """Whether it is always the first."""
        return self._rng is None

    def of(self, options: Sequence[str]) -> str:
        """One of them."""
        return options[0] if self._rng is None else self._rng.choice(options)

    def likely(self, share: float) -> bool:
        """True in a `share` of cases; of the plainest wording never."""
        return self._rng is not None and self._rng.random() < share

    def says_colour(self, thing: Thing) -> bool:
        """A thing's natural colour need not be said."""
        return not (thing.colour in NATURAL[thing.kind] and self.likely(0.4))


@dataclass(frozen=True, slots=True, kw_only=True)
class Language(ABC):
    """The tables of a language.

    In `relations` (by relation) `{a}` is the first thing, the upper or left one, and `{b}` the second;
    `{A}` and `{B}` are the same as objects of a postposition; `{and_}` is the word that joins `{a}` to what
    follows. A place is a word group that `orders` (of one phrase) and `pair_orders` (of a clause) join to
    `{what}`, or it says itself where `{what}` goes. In `backdrops` `{c}` is the colour, agreeing with the
    word for background (`{o}` as an object). `styles` and `openings` hold `{what}`, or `{WHAT}` as an
    object; those with a comma go around everything, the others around the things if `close`; if not, those
    that begin with `{what}` go around everything that has no comma, the others around a lone phrase.
    """

    colours: Table
    settings: Table
    backdrops: Texts
    relations: Table
    styles: Table
    openings: Texts
    praise: Texts
    orders: Texts
    pair_orders: Texts
    comma: str = ","
    spaced: bool = True
    close: bool = True

    @abstractmethod
    def phrase(self, thing: Thing, choice: Choice, *, alone: bool, object_: bool = False) -> str:
        """What a thing is called; `alone` where it is not in a relation, `object_` before a postposition."""

    @abstractmethod
    def backdrop(self, pattern: str, colour: str) -> str:
        """The pattern with the colour word in the form it needs."""

    def joined(self, text: str) -> str:
        """The finished text, contractions made."""
        return text

    def join_word(self, before: str) -> str:
        """The `{and_}` after this text."""
        return ""

    def caption(self, scene: Scene, choice: Choice, *, bare: bool = False) -> str:
        """The scene in words; `bare` without opening and praise."""
        style = self._style(scene, choice)
        opening = "" if bare or not choice.likely(0.12) else choice.of(self.openings)
        alone = len(scene.things) == 1
        frame = style or opening
        what = self._what(scene, choice)
        near = self.comma not in frame and (self.close or (alone and not frame.startswith("{what}")))
        if near:
            what = self._framed(scene, choice, what, frame)
        text = self._placed(scene, choice, what, alone)
        if not near and self.comma not in frame:
            if frame.startswith("{what}") and self.comma not in text:
                text = frame.format(what=text)
            elif style:
                style = choice.of([s for s in self.styles[scene.style] if self.comma in s])
        if self.comma in style:
            text = style.format(what=text)
        elif self.comma in opening:
            text = opening.format(what=text)
        if not bare and choice.likely(0.05):
            text = f"{text}{self.comma} {choice.of(self.praise)}"
        text = text.replace(f" {self.comma}", self.comma)
        return self.joined(text.replace("_", "") if self.spaced else re.sub("[ _]", "", text))

    def words(self) -> set[str]:
        """Every word of the tables, the comma included where it is a letter-like mark of its own."""
        texts = [text for field in fields(self) for text in _texts(getattr(self, field.name))]
        return _words(texts) | ({self.comma} - {","})

    def names(self) -> set[str]:
        """Every word for a thing or a place; what has another use in the tables is none."""
        said = [text.split("/")[0] for name in ("nouns", "settings") for text in _texts(getattr(self, name))]
        others = [
            text
            for field in fields(self)
            if field.name not in ("nouns", "settings")
            for text in _texts(getattr(self, field.name))
        ]
        return _words(said) - _words(others)

    def _style(self, scene: Scene, choice: Choice) -> str:
        if scene.style == "flat" and not choice.likely(0.08):
            return ""
        able = [s for s in self.styles[scene.style] if len(scene.things) == 1 or "{WHAT}" not in s]
        return choice.of(able)

    def _framed(self, scene: Scene, choice: Choice, what: str, frame: str) -> str:
        if "{WHAT}" in frame and len(scene.things) == 1:
            return frame.format(WHAT=self.phrase(scene.things[0], choice, alone=False, object_=True))
        return frame.format(what=what) if "{what}" in frame else what

    def _what(self, scene: Scene, choice: Choice) -> str:
        if scene.relation is None or len(scene.things) == 1:
            return self.phrase(scene.things[0], choice, alone=True)
        pattern = choice.of(self.relations[scene.relation])
        names = {}
        for name, thing in zip("ab", scene.things, strict=True):
            object_ = name.upper() in re.findall(r"\{(\w)\}", pattern)
            phrase = self.phrase(thing, choice, alone=False, object_=object_)
            names[name.upper() if object_ else name] = phrase
        return pattern.format(**names, and_=self.join_word(names.get("a", "")))

    def _placed(self, scene: Scene, choice: Choice, what: str, alone: bool) -> str:
        if scene.setting != "plain":
            place = choice.of(self.settings[scene.setting])
        elif scene.backdrop is not None:
            pattern = choice.of(self.backdrops)
            place = self.backdrop(pattern, choice.of(self.colours[scene.backdrop]))
        else:
            return what
        if "{what}" not in place:
            place = choice.of(self.orders if alone else self.pair_orders).replace("{where}", place)
        return place.replace("{what}", what)


def _words(texts: Iterable[str]) -> set[str]:
    return set(re.sub(r"\{\w*\}|,", " ", " ".join(texts)).replace("_", " ").replace("/", " ").split())


def _texts(table: object) -> Iterator[str]:
    if isinstance(table, str):
        yield table
    elif isinstance(table, Mapping):
        yield from _texts(tuple(table.values()))
    elif isinstance(table, tuple):
        for part in table:
            yield from _texts(part)
    elif hasattr(table, "texts"):
        yield from table.texts()
