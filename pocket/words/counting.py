"""Phrases in Chinese, Japanese and Korean: nothing agrees, all that is counted has a counter. No tables."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pocket.words.language import Choice, Language, Table, Texts
from pocket.world.scenes import Thing


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting(Language):
    """Tables of a language with counters.

    `nouns` are "word/counter". `numbers` (1 to 4) are what stands before a counter. `counted` are the
    orders of `{n}` (number), `{m}` (counter) and `{what}`, `counted_alone` more of them that stand only
    outside relations. `looks` are the orders of `{size}`, `{colour}` and `{noun}`; words of colour and size
    are as they stand before a noun. Chinese `short_colours` stand right before a noun. Korean's `ands` are
    the word for and behind a consonant and behind a vowel.
    """

    nouns: Table
    sizes: Table
    numbers: Mapping[int, Texts]
    counted: Texts
    counted_alone: Texts
    looks: Texts = ("{size} {colour} {noun}",)
    single: float = 0.5  # share of single things that are counted as well
    plain_single: bool = False
    short_colours: Mapping[str, str] = field(default_factory=dict)
    ands: Texts = ()

    def phrase(self, thing: Thing, choice: Choice, *, alone: bool, object_: bool = False) -> str:
        """Number and counter, size, colour, noun."""
        noun, counter = choice.of(self.nouns[thing.kind]).split("/")
        size = colour = ""
        if thing.size in self.sizes and not choice.likely(0.1):
            size = choice.of(self.sizes[thing.size])
        if choice.says_colour(thing):
            colour = choice.of(self.colours[thing.colour])
        look = choice.of(self.looks) if colour else "{size} {noun}"
        if colour and not size and thing.colour in self.short_colours and choice.likely(0.25):
            look, colour = "{colour} {noun}", self.short_colours[thing.colour]
        what = " ".join(look.format(size=size, colour=colour, noun=noun).split())
        told = self.plain_single if choice.plain else choice.likely(self.single)
        if thing.count == 1 and not told:
            return what
        orders = self.counted + (self.counted_alone if alone else ())
        return choice.of(orders).format(n=choice.of(self.numbers[thing.count]), m=counter, what=what)

    def backdrop(self, pattern: str, colour: str) -> str:
        """Nothing to agree with."""
        return pattern.replace("{c}", colour)

    def join_word(self, before: str) -> str:
        """Korean's and goes by whether the last syllable ends in a consonant."""
        return self.ands[(ord(before[-1]) - 0xAC00) % 28 == 0] if self.ands and before else ""
