"""Scene → words in English: the tables and the many orders. Knows nothing of pixels."""

from random import Random

from pocket.world.scenes import NATURAL, Scene, Thing

KIND_WORDS: dict[str, tuple[str, ...]] = {
    "circle": ("circle", "circle", "disc", "dot"),
    "square": ("square", "square", "box"),
    "triangle": ("triangle",),
    "star": ("star",),
    "heart": ("heart",),
    "diamond": ("diamond", "rhombus"),
    "moon": ("moon", "moon", "crescent", "crescent moon"),
    "sun": ("sun",),
    "cloud": ("cloud",),
    "tree": ("tree", "tree", "oak"),
    "flower": ("flower", "flower", "blossom", "daisy"),
    "mushroom": ("mushroom", "mushroom", "toadstool"),
    "apple": ("apple",),
    "house": ("house", "house", "home", "cottage", "hut"),
    "mountain": ("mountain", "mountain", "peak"),
    "boat": ("boat", "boat", "sailboat", "ship"),
    "car": ("car", "car", "automobile"),
    "balloon": ("balloon",),
    "umbrella": ("umbrella", "umbrella", "parasol"),
    "fish": ("fish",),
    "bird": ("bird",),
    "cat": ("cat", "cat", "kitten", "kitty"),
    "fox": ("fox",),
    "rabbit": ("rabbit", "rabbit", "bunny", "hare"),
    "butterfly": ("butterfly",),
    "cactus": ("cactus",),
    "rocket": ("rocket", "rocket", "spaceship"),
}
_PLURALS = {
    "fish": ("fish", "fishes"),
    "fox": ("foxes",),
    "box": ("boxes",),
    "butterfly": ("butterflies",),
    "bunny": ("bunnies",),
    "kitty": ("kitties",),
    "daisy": ("daisies",),
    "cactus": ("cactuses", "cacti"),
    "rhombus": ("rhombuses",),
}
COLOUR_WORDS: dict[str, tuple[str, ...]] = {
    "red": ("red", "red", "red", "crimson", "scarlet"),
    "orange": ("orange",),
    "yellow": ("yellow", "yellow", "golden"),
    "green": ("green", "green", "emerald"),
    "teal": ("teal", "turquoise", "cyan"),
    "blue": ("blue", "blue", "blue", "azure"),
    "purple": ("purple", "purple", "violet"),
    "pink": ("pink", "pink", "rose"),
    "brown": ("brown",),
    "black": ("black",),
    "white": ("white",),
    "grey": ("grey", "gray", "silver"),
}
_COUNTS = {2: ("two", "two", "2", "a pair of"), 3: ("three", "three", "3"), 4: ("four", "four", "4")}
_SIZES = {"small": ("small", "tiny", "little"), "big": ("big", "large", "huge", "giant")}
SETTING_WORDS: dict[str, tuple[str, ...]] = {
    "grass": (
        "on grass",
        "on the grass",
        "on grass",
        "in the grass",
        "in a meadow",
        "in the meadow",
        "on a green meadow",
        "on a lawn",
        "in a field",
    ),
    "snow": (
        "in the snow",
        "in the snow",
        "in snow",
        "on snow",
        "in winter",
        "on a snowy day",
        "in a snowy field",
    ),
    "night": (
        "at night",
        "at night",
        "by night",
        "in the night",
        "under the stars",
        "under a night sky",
        "at midnight",
    ),
    "sunset": ("at sunset", "at sunset", "at dusk", "in the evening", "at sundown", "in front of a sunset"),
    "underwater": (
        "under water",
        "underwater",
        "underwater",
        "under the sea",
        "in the deep sea",
        "beneath the waves",
    ),
    "desert": (
        "in the desert",
        "in the desert",
        "in a desert",
        "on sand",
        "in the sand",
        "on a dune",
        "among the dunes",
    ),
    "sea": ("on the sea", "on the water", "at sea", "on the ocean", "on the waves", "by the sea"),
    "sky": ("in the sky", "in the sky", "in a blue sky", "up in the sky", "in the air", "among the clouds"),
    "space": ("in space", "in space", "in outer space", "in the universe", "in the galaxy"),
    "forest": ("in the forest", "in a forest", "in the woods", "in the wood", "among the trees"),
}
_BACKDROPS = (
    "on a {} background",
    "on a {} background",
    "on {}",
    "against a {} background",
    "in front of a {} background",
    "on a plain {} background",
    "with a {} background",
    "{} background",
)
_ABOVE = ("above", "above", "over", "higher than", "on top of")
_BELOW = ("below", "under", "beneath", "underneath", "lower than")
_LEFT = ("to the left of", "left of", "on the left of", "at the left of")
_RIGHT = ("to the right of", "right of", "on the right of", "at the right of")
_BESIDE = ("next to", "beside", "and", "and", "with", "near")
_OPENINGS = (
    "a picture of",
    "picture of",
    "a drawing of",
    "an illustration of",
    "an image of",
    "a simple picture of",
    "a scene with",
    "there is",
)
_PRAISE = ("beautiful", "cute", "simple", "minimal", "nice", "pretty", "lovely")


STYLE_ADJECTIVES = {  # before the noun, behind the number
    "line art": ("line art", "outlined"),
    "watercolour": ("watercolour", "watercolor"),
    "pixel art": ("pixel art", "pixelated", "8-bit"),
    "pastel": ("pastel", "pastel"),
    "neon": ("neon", "neon", "glowing neon"),
    "paper": ("paper", "papercut"),
}
STYLE_FRAMES = {  # the plainest first; around the things, or around everything where there is a comma
    "flat": ("{}, flat", "{}, flat design", "flat design of {}", "{} in flat design", "flat design, {}"),
    "line art": (
        "{}, line art",
        "{}, line art",
        "{} as line art",
        "line art of {}",
        "line art, {}",
        "a line drawing of {}",
        "line drawing of {}",
        "{}, line drawing",
        "an outline drawing of {}",
    ),
    "watercolour": (
        "{}, watercolour",
        "{}, watercolor",
        "a watercolour of {}",
        "a watercolor of {}",
        "watercolor of {}",
        "a watercolour painting of {}",
        "{}, watercolor painting",
        "{} in watercolour",
        "{} in watercolor",
        "watercolor, {}",
    ),
    "pixel art": (
        "{}, pixel art",
        "{}, pixel art",
        "{} as pixel art",
        "{} in pixel art",
        "pixel art of {}",
        "pixel art, {}",
        "{}, 8-bit",
        "{}, 8-bit style",
        "{}, pixel art style",
    ),
    "pastel": (
        "{}, pastel colours",
        "{}, pastel",
        "{}, pastel colors",
        "{} in pastel colours",
        "{} in pastel colors",
        "{} in pastel",
        "{} in soft pastel tones",
        "a pastel drawing of {}",
        "pastel, {}",
    ),
    "neon": (
        "{}, neon",
        "{}, neon sign",
        "a neon sign of {}",
        "neon sign of {}",
        "{}, glowing neon",
        "{} in neon",
        "{} in neon lights",
        "glowing neon, {}",
        "{}, neon style",
    ),
    "paper": (
        "{}, paper cut-out",
        "{}, paper cutout",
        "{}, papercut",
        "a paper cut-out of {}",
        "paper cut-out of {}",
        "{} made of paper",
        "{} cut out of paper",
        "{} as a paper cut-out",
        "papercut, {}",
        "{}, paper craft",
    ),
}


def caption(scene: Scene, rng: Random) -> str:
    """One way to say what is in the scene; what is named is there, a style other than flat always."""
    return _said(scene, rng, bare=False)


def bare_caption(scene: Scene, rng: Random) -> str:
    """The same without opening and praise, and with every colour: what is told of a picture."""
    return _said(scene, rng, bare=True)


def plain_caption(scene: Scene, rng: Random) -> str:
    """The plainest wording, as a person would type it first; for tests and the judge."""
    parts = [_phrase(t, rng, plain=True) for t in scene.things]
    joint = {"above": "above", "left": "to the left of", "beside": "next to", None: ""}[scene.relation]
    text = " ".join(filter(None, [f" {joint} ".join(parts), _where(scene, rng, plain=True)]))
    return text if scene.style == "flat" else STYLE_FRAMES[scene.style][0].format(text)


def look_caption(scene: Scene, rng: Random) -> str:
    """The style and the surroundings alone, as a person says them of a picture that is already there."""
    frame = "" if scene.style == "flat" else rng.choice(STYLE_FRAMES[scene.style])
    style = frame.replace(" of {}", "").replace("{}", "").strip(" ,")
    return ", ".join(filter(None, [style, _where(scene, rng)]))


def place_caption(scene: Scene, rng: Random) -> str:
    """One way to say where the scene is and how it is painted, and not what is in it."""
    style = "" if scene.style == "flat" else rng.choice(STYLE_ADJECTIVES[scene.style])
    opening = f"{rng.choice(_OPENINGS)} " if rng.random() < 0.1 else ""
    parts = [part for part in (_where(scene, rng), style) if part]
    rng.shuffle(parts)
    return opening + ", ".join(parts)


def kind_caption(scene: Scene, rng: Random) -> str:
    """The same with the kind of its first thing, but not the colour."""
    noun = rng.choice(KIND_WORDS[scene.things[0].kind])
    article = "an" if noun[0] in "aeio8" or noun.startswith("umbrella") else "a"
    what = rng.choice((f"{article} {noun}", noun, f"the {noun}"))
    where = place_caption(scene, rng)
    return f"{what} {where}".strip() if rng.random() < 0.6 else ", ".join(filter(None, (what, where)))


def words() -> set[str]:
    """Every word that a caption can hold."""
    texts: list[str] = [
        *_ABOVE,
        *_BELOW,
        *_LEFT,
        *_RIGHT,
        *_BESIDE,
        *_OPENINGS,
        *_PRAISE,
        *_BACKDROPS,
        "a an one single the of scene picture",
    ]
    for table in (KIND_WORDS, COLOUR_WORDS, _COUNTS, _SIZES, SETTING_WORDS, STYLE_ADJECTIVES, STYLE_FRAMES):
        for options in table.values():
            texts += options
    for options in KIND_WORDS.values():
        for word in options:
            texts += plurals_of(word)
    return {w for text in texts for w in text.replace("{}", "").replace(",", " ").split()}


def names() -> set[str]:
    """Every word for a thing or a place: of several words the last one says which."""
    things = [option for options in KIND_WORDS.values() for option in options]
    plurals = [plural for thing in things for plural in plurals_of(thing)]
    places = [option for options in SETTING_WORDS.values() for option in options]
    return {text.split()[-1] for text in (*things, *plurals, *places)}


def _said(scene: Scene, rng: Random, bare: bool) -> str:
    frame, adjective = _style(scene, rng)
    what = _things(scene, rng, adjective, coloured=bare)
    where = _where(scene, rng)
    if frame and "," not in frame:
        what = frame.format(what)
    text = what
    if where:
        text = rng.choice(
            (f"{what} {where}", f"{what} {where}", f"{what} {where}", f"{what}, {where}", f"{where}, {what}")
        )
    if bare:
        return frame.format(text) if "," in frame else text
    if rng.random() < 0.12 and (not frame or frame.startswith("{")):
        text = f"{rng.choice(_OPENINGS)} {text}"
    if "," in frame:
        text = frame.format(text)
    if rng.random() < 0.05:
        text = f"{text}, {rng.choice(_PRAISE)}"
    return text


def _style(scene: Scene, rng: Random) -> tuple[str, str]:
    """A frame or an adjective that names the style; both empty for most flat scenes."""
    if scene.style == "flat":
        return (rng.choice(STYLE_FRAMES["flat"]), "") if rng.random() < 0.08 else ("", "")
    if len(scene.things) == 1 and rng.random() < 0.3:
        return "", rng.choice(STYLE_ADJECTIVES[scene.style])
    return rng.choice(STYLE_FRAMES[scene.style]), ""


def plurals_of(noun: str) -> tuple[str, ...]:
    """The plurals of a noun, the usual one first."""
    *before, last = noun.split()
    forms = _PLURALS.get(last, (last + "s",))
    return tuple(" ".join([*before, form]) for form in forms)


def _phrase(thing: Thing, rng: Random, plain: bool = False, style: str = "", coloured: bool = False) -> str:
    noun = thing.kind if plain else rng.choice(KIND_WORDS[thing.kind])
    if thing.count > 1:
        noun = plurals_of(noun)[0] if plain else rng.choice(plurals_of(noun))
    adjectives = []
    if thing.size in _SIZES and (plain or rng.random() < 0.9):
        adjectives.append(_SIZES[thing.size][0] if plain else rng.choice(_SIZES[thing.size]))
    if plain or coloured or thing.colour not in NATURAL[thing.kind] or rng.random() < 0.6:
        adjectives.append(thing.colour if plain else rng.choice(COLOUR_WORDS[thing.colour]))
    words = " ".join(filter(None, [style, *adjectives, noun]))
    if thing.count > 1:
        return f"{_COUNTS[thing.count][0] if plain else rng.choice(_COUNTS[thing.count])} {words}"
    article = "an" if words[0] in "aeio8" or words.startswith("umbrella") else "a"
    if plain:
        return f"{article} {words}"
    return rng.choices(
        (f"{article} {words}", words, f"one {words}", f"the {words}", f"a single {words}"), (10, 4, 1, 1, 0.5)
    )[0]


def _things(scene: Scene, rng: Random, style: str, coloured: bool) -> str:
    if len(scene.things) == 1:
        return _phrase(scene.things[0], rng, style=style, coloured=coloured)
    first, second = (_phrase(t, rng, coloured=coloured) for t in scene.things)
    if scene.relation == "beside":
        return f"{first} {rng.choice(_BESIDE)} {second}"
    forward, backward = (_ABOVE, _BELOW) if scene.relation == "above" else (_LEFT, _RIGHT)
    if rng.random() < 0.5:
        return f"{first} {rng.choice(forward)} {second}"
    return f"{second} {rng.choice(backward)} {first}"


def _where(scene: Scene, rng: Random, plain: bool = False) -> str:
    if scene.setting != "plain":
        words = SETTING_WORDS[scene.setting]
        return words[0] if plain else rng.choice(words)
    if scene.backdrop is None:
        return ""
    pattern = _BACKDROPS[0] if plain else rng.choice(_BACKDROPS)
    word = scene.backdrop if plain else rng.choice(COLOUR_WORDS[scene.backdrop])
    text = pattern.format(word)
    for vowel in "aeio":
        text = text.replace(f" a {vowel}", f" an {vowel}")
    return text
