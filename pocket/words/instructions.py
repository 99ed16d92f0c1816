"""Edit → words: one of the many ways to ask for it, in English. Knows nothing of pixels."""

import re
from random import Random

from pocket.words.english import COLOUR_WORDS, KIND_WORDS, SETTING_WORDS, plurals_of
from pocket.world.edits import Edit, View

_SAID = {  # the plainest first; {it} the thing meant, {a} a new one, {c} a colour, {p} a place
    "recolour": (
        "make {it} {c}",
        "make {it} {c}",
        "turn {it} {c}",
        "paint {it} {c}",
        "colour {it} {c}",
        "color {it} {c}",
        "change the colour of {it} to {c}",
        "change the color of {it} to {c}",
        "change {it} to {c}",
        "{it} should be {c}",
        "{it} in {c}",
    ),
    "add": (
        "add {a}{p}",
        "add {a}{p}",
        "put {a}{p}",
        "draw {a}{p}",
        "place {a}{p}",
        "insert {a}{p}",
        "i want {a}{p}",
        "there should be {a}{p}",
        "with {a}{p}",
        "and {a}{p}",
    ),
    "remove": (
        "remove {it}",
        "remove {it}",
        "delete {it}",
        "erase {it}",
        "take {it} away",
        "take away {it}",
        "get rid of {it}",
        "without {it}",
        "no {it}",
        "make {it} disappear",
    ),
    "replace": (
        "replace {it} with {a}",
        "replace {it} by {a}",
        "turn {it} into {a}",
        "make {it} {a}",
        "change {it} to {a}",
        "change {it} into {a}",
        "swap {it} for {a}",
        "{a} instead of {it}",
    ),
    "grow": (
        "make {it} larger",
        "make {it} bigger",
        "{it} bigger",
        "enlarge {it}",
        "a larger {one}",
        "a bigger {one}",
        "make {it} big",
        "make {it} grow",
    ),
    "shrink": (
        "make {it} smaller",
        "make {it} small",
        "{it} smaller",
        "shrink {it}",
        "a smaller {one}",
        "make {it} tiny",
        "make {it} little",
    ),
    "setting": (
        "{s}",
        "{s}",
        "{s}",
        "make it {s}",
        "put it {s}",
        "place it {s}",
        "show it {s}",
        "move it {s}",
        "now {s}",
        "change the background to {n}",
        "make the background {n}",
        "{n} in the background",
    ),
    "backdrop": (
        "make the background {c}",
        "make the background {c}",
        "on a {c} background",
        "{c} background",
        "change the background to {c}",
        "turn the background {c}",
        "paint the background {c}",
        "on {c}",
        "a {c} background",
        "with a {c} background",
    ),
    "style": (
        "{y}",
        "{y}",
        "make it {y}",
        "turn it into {y}",
        "change the style to {y}",
        "draw it {y}",
        "in the style of {y}",
        "redraw it {y}",
    ),
}
_PLACES = {
    "above": ("above {it}", "over {it}", "on top of {it}", "higher than {it}"),
    "below": ("below {it}", "under {it}", "beneath {it}", "underneath {it}"),
    "left": ("to the left of {it}", "left of {it}", "on the left of {it}"),
    "right": ("to the right of {it}", "right of {it}", "on the right of {it}"),
    "beside": ("next to {it}", "beside {it}", "near {it}", "by {it}"),
    "anywhere": ("", "", "", "to the picture"),
}
_STYLES = {
    "flat": ("flat", "in a flat style", "as a flat drawing", "as flat design"),
    "line art": ("as line art", "as a line drawing", "line art", "as an outline drawing"),
    "watercolour": (
        "as a watercolour",
        "as a watercolor",
        "in watercolour",
        "in watercolor",
        "a watercolour painting",
        "a watercolor painting",
        "watercolour",
    ),
    "pixel art": ("as pixel art", "in pixel art", "pixel art", "pixelated", "as 8-bit"),
    "pastel": (
        "in pastel colours",
        "in pastel colors",
        "as a pastel drawing",
        "pastel",
        "in soft pastel tones",
    ),
    "neon": ("in neon", "as a neon sign", "neon", "in neon lights", "as glowing neon"),
    "paper": ("as a paper cut-out", "as a papercut", "papercut", "made of paper", "cut out of paper"),
}
_SETTING_NOUNS = {
    "grass": ("a meadow", "grass", "a lawn", "a field"),
    "snow": ("snow", "a snowy field"),
    "night": ("night", "a night sky", "the night"),
    "sunset": ("a sunset", "sunset"),
    "underwater": ("the deep sea", "underwater"),
    "desert": ("a desert", "the desert", "sand", "dunes"),
    "sea": ("the sea", "the ocean", "water", "waves"),
    "sky": ("the sky", "a blue sky"),
    "space": ("space", "outer space", "the universe", "the galaxy"),
    "forest": ("a forest", "the forest", "the woods"),
}
_SHORT_SETTINGS = {
    "night": ("make it night", "night", "turn day into night"),
    "snow": ("let it snow", "make it winter", "winter"),
    "sunset": ("make it evening", "sunset", "make it a sunset"),
}


def instruction(edit: Edit, view: View, rng: Random, plain: bool = False) -> str:
    """One way to ask for the edit of this picture; `plain` is one of the plainest.

    The only thing of a picture is "it" now and then.
    """

    def one_of(options: tuple[str, ...]) -> str:
        return options[0] if plain else rng.choice(options)

    if edit.setting in _SHORT_SETTINGS and not plain and rng.random() < 0.25:
        return one_of(_SHORT_SETTINGS[edit.setting])
    many = sum(s.kind == edit.of for s in view.stands) > 1
    noun = one_of(KIND_WORDS[edit.of]) if edit.of else ""
    noun = one_of(plurals_of(noun)) if many else noun
    called = rng.random() < (0.6 if edit.act == "add" else 0.25) and view.kinds == (edit.of,)
    it = ("them" if many else "it") if called else f"the {noun}"
    pattern = one_of(_SAID[edit.act])
    if called and "{one}" in pattern:
        pattern = _SAID[edit.act][0]
    named = edit.colour or edit.backdrop
    colour = one_of(COLOUR_WORDS[named]) if named else ""
    return pattern.format(
        it=it,
        one=noun,
        a=_new(edit, one_of(KIND_WORDS[edit.kind]), colour, many) if edit.kind else "",
        c=colour,
        p=f" {one_of(_PLACES[edit.place]).format(it=it)}".rstrip() if edit.place else "",
        s=one_of(SETTING_WORDS[edit.setting]) if edit.setting else "",
        n=one_of(_SETTING_NOUNS[edit.setting]) if edit.setting else "",
        y=one_of(_STYLES[edit.style]) if edit.style else "",
    )


def _new(edit: Edit, noun: str, colour: str, many: bool) -> str:
    """What is new, with its article."""
    said = f"{colour} {plurals_of(noun)[0] if many else noun}".strip()
    if many:
        return said
    return f"{'an' if said[0] in 'aeio' or said.startswith('umbrella') else 'a'} {said}"


def instruction_words() -> set[str]:
    """Every word of the wordings."""
    texts = [
        text
        for table in (_SAID, _PLACES, _STYLES, _SETTING_NOUNS, _SHORT_SETTINGS)
        for options in table.values()
        for text in options
    ]
    said = re.sub(r"\{\w\}|\{one\}|\{it\}", " ", " ".join(texts))
    return set(said.split()) | {"a", "an", "it", "the", "them"}
