"""The world: what a scene can hold, and random scenes. Knows nothing of pixels or words."""

from dataclasses import dataclass
from random import Random

from pocket.world.shapes import DRAWINGS

KINDS = tuple(DRAWINGS)
COLOURS = {
    "red": (224, 52, 50),
    "orange": (246, 136, 30),
    "yellow": (250, 208, 46),
    "green": (44, 152, 70),
    "teal": (22, 172, 170),
    "blue": (44, 100, 214),
    "purple": (128, 66, 190),
    "pink": (244, 124, 176),
    "brown": (134, 84, 48),
    "black": (36, 34, 42),
    "white": (253, 253, 253),
    "grey": (112, 116, 124),
}
SETTINGS = (
    "plain",
    "grass",
    "snow",
    "night",
    "sunset",
    "underwater",
    "desert",
    "sea",
    "sky",
    "space",
    "forest",
)
STYLES = ("flat", "line art", "watercolour", "pixel art", "pastel", "neon", "paper")
SIZES = ("small", "medium", "big")
RELATIONS = ("above", "left", "beside")  # of the first thing to the second; either side is "beside"
SIZES_OF_PICTURES = {  # width × height in pixels; about the same area, multiples of 16
    "1:1": (256, 256),
    "3:2": (320, 208),
    "2:3": (208, 320),
    "4:3": (288, 224),
    "3:4": (224, 288),
    "16:9": (336, 192),
    "9:16": (192, 336),
}

NATURAL = {  # the colours a thing has when none is said
    "circle": ("red", "blue"),
    "square": ("blue", "red"),
    "triangle": ("green", "orange"),
    "star": ("yellow",),
    "heart": ("red", "pink"),
    "diamond": ("teal", "blue"),
    "moon": ("yellow",),
    "sun": ("yellow", "orange"),
    "cloud": ("white",),
    "tree": ("green",),
    "flower": ("pink", "red"),
    "mushroom": ("red", "brown"),
    "apple": ("red", "green"),
    "house": ("red", "brown"),
    "mountain": ("grey", "brown"),
    "boat": ("red", "blue"),
    "car": ("red", "blue"),
    "balloon": ("red", "yellow", "blue"),
    "umbrella": ("purple", "red"),
    "fish": ("orange", "blue"),
    "bird": ("blue",),
    "cat": ("grey", "orange", "black"),
    "fox": ("orange",),
    "rabbit": ("brown", "grey"),
    "butterfly": ("purple", "orange"),
    "cactus": ("green",),
    "rocket": ("red", "white"),
}


@dataclass(frozen=True, slots=True)
class Thing:
    """One or more equal things of a kind and a colour."""

    kind: str
    colour: str
    count: int = 1
    size: str = "medium"


@dataclass(frozen=True, slots=True)
class Scene:
    """What is in the picture: one thing or two in a relation, somewhere, in a style.

    `backdrop` is the colour of a plain setting; None leaves it open.
    """

    things: tuple[Thing, ...]
    setting: str = "plain"
    backdrop: str | None = None
    relation: str | None = None
    style: str = "flat"


def held_out(kind: str, colour: str) -> bool:
    """Pairs (about one in nineteen) that training never shows, to measure unseen combinations."""
    return (7 * KINDS.index(kind) + 5 * list(COLOURS).index(colour)) % 19 == 18


_UNSEEN = {("black", "space"), ("white", "sky"), ("white", "sea"), ("blue", "underwater")}


def visible(colour: str, setting: str, backdrop: str | None, style: str = "flat") -> bool:
    """Whether a thing of this colour stands out there."""
    return (
        colour != backdrop
        and (colour, setting) not in _UNSEEN
        and (colour, style) not in {("white", "line art"), ("black", "neon")}
    )


def random_scene(rng: Random, train: bool = True) -> Scene:
    """A scene of the training mix: half one thing, a fifth counts, the rest relations; seven in ten flat."""
    share = rng.random()
    style = "flat" if rng.random() < 0.7 else rng.choice(STYLES[1:])
    setting = "plain" if rng.random() < 0.45 else rng.choice(SETTINGS[1:])
    backdrop = rng.choice(list(COLOURS)) if setting == "plain" and rng.random() < 0.75 else None
    where = (setting, backdrop, style)
    first = _random_thing(rng, *where, train)
    if share < 0.5:
        size = rng.choices(SIZES, (1, 5, 1))[0]
        return Scene((Thing(first.kind, first.colour, 1, size),), setting, backdrop, style=style)
    if share < 0.7:
        group = Thing(first.kind, first.colour, rng.choice((2, 3, 4)))
        return Scene((group,), setting, backdrop, style=style)
    second = _random_thing(rng, *where, train)
    while second.kind == first.kind:
        second = _random_thing(rng, *where, train)
    return Scene((first, second), setting, backdrop, rng.choices(RELATIONS, (3, 3, 2))[0], style)


def _random_thing(rng: Random, setting: str, backdrop: str | None, style: str, train: bool) -> Thing:
    while True:
        kind = rng.choice(KINDS)
        colour = rng.choice(NATURAL[kind]) if rng.random() < 0.15 else rng.choice(list(COLOURS))
        if visible(colour, setting, backdrop, style) and not (train and held_out(kind, colour)):
            return Thing(kind, colour)
