"""Phrases in Portuguese and Spanish: articles, gender, plural, adjectives mostly behind. Holds no tables."""

from collections.abc import Mapping
from dataclasses import dataclass

from pocket.words.language import Choice, Language, Table, Texts
from pocket.world.scenes import Thing


@dataclass(frozen=True, slots=True)
class Noun:
    """A noun, its plural and whether it is feminine."""

    one: str
    many: str
    feminine: bool = False

    def texts(self) -> Texts:
        """Its forms."""
        return self.one, self.many


def masculine(one: str, many: str = "") -> Noun:
    """A masculine noun; the plural is with -s if not given."""
    return Noun(one, many or one + "s")


def feminine(one: str, many: str = "") -> Noun:
    """A feminine noun; the plural is with -s if not given."""
    return Noun(one, many or one + "s", True)


def agreeing(forms: str, noun: Noun, many: bool) -> str:
    """Of "rojo/roja/rojos/rojas", "verde/verdes" or "rosa" the form that goes with the noun."""
    parts = forms.split("/")
    if len(parts) == 4:
        return parts[2 * many + noun.feminine]
    return parts[many % len(parts)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Romance(Language):
    """Tables of a Romance language: adjectives and articles list their forms (`agreeing`)."""

    nouns: Mapping[str, tuple[Noun, ...]]
    before: Table  # sizes that go before the noun, by size
    behind: Table  # sizes that go behind noun and colour
    counts: Mapping[int, Texts]
    indefinite: str
    definite: str
    single: str
    contractions: Mapping[str, str]

    def phrase(self, thing: Thing, choice: Choice, *, alone: bool, object_: bool = False) -> str:
        """Article or number, noun, adjectives."""
        noun, many = self._noun(thing, choice), thing.count > 1
        words = [noun.many if many else noun.one]
        if choice.says_colour(thing):
            words.append(agreeing(choice.of(self.colours[thing.colour]), noun, many))
        if thing.size in self.before and not choice.likely(0.1):
            if choice.likely(0.5):
                words.append(agreeing(choice.of(self.behind[thing.size]), noun, many))
            else:
                words.insert(0, agreeing(choice.of(self.before[thing.size]), noun, many))
        return " ".join([*self._number(thing, noun, choice), *words])

    def backdrop(self, pattern: str, colour: str) -> str:
        """*fondo* and *fundo* are masculine."""
        return pattern.replace("{c}", colour.split("/")[0])

    def joined(self, text: str) -> str:
        """Prepositions and articles run together as they must."""
        padded = f" {text} "
        for apart, together in self.contractions.items():
            padded = padded.replace(f" {apart} ", f" {together} ")
        return padded.strip()

    def words(self) -> set[str]:
        """Those of the tables and the contractions."""
        return Language.words(self) | set(self.contractions.values())

    def _noun(self, thing: Thing, choice: Choice) -> Noun:
        nouns = self.nouns[thing.kind]
        return {n.one: n for n in nouns}[choice.of([n.one for n in nouns])]

    def _number(self, thing: Thing, noun: Noun, choice: Choice) -> list[str]:
        if thing.count > 1:
            return [agreeing_number(choice.of(self.counts[thing.count]), noun)]
        if choice.likely(0.24):
            return []
        if choice.likely(0.08):
            return [agreeing(self.definite, noun, False)]
        if choice.likely(0.04):
            return [agreeing(self.single, noun, False)]
        return [agreeing(self.indefinite, noun, False)]


def agreeing_number(forms: str, noun: Noun) -> str:
    """Of "dois/duas" or "tres" the form that goes with the noun."""
    parts = forms.split("/")
    return parts[noun.feminine % len(parts)]
