"""The parameters of the language: one row each, and nothing but data.

The parser, the errors, `/help`, the autocompletion and docs/parameters.md are all made from these rows. A new
parameter is one more row; see docs/language.md. Knows nothing of how prompts are parsed.
"""

from dataclasses import dataclass

from grammar.values import (
    RATIO,
    Kind,
    address,
    addresses,
    decimal,
    flag,
    lowest,
    references,
    switch,
    things,
    version,
    whole,
    word,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One row.

    `names`: the long name first, the short one that canonical text uses last. `default`: what not saying it
    means, in words. `models`: the Midjourney models that took it. `field`: the attribute of GenerationSpec
    it sets, where that is not called like the long name. `old`: what v1–v3 and the test models took, where
    that differs. `needs`: the long name of the parameter without which this one means nothing. `group`: a
    setting gives way to every parameter of its group that the prompt says. `idle`: nothing does yet what it
    says, and whoever says it is told. `offers`: values that completion offers, each with what it means.
    `topic`, `brief`: under which heading the overview has it, and in how few words.
    `legacy`: for a name of the past, a sentence on what became of it.
    """

    names: tuple[str, ...]
    kind: Kind
    help: str
    default: str = ""
    models: str = "all"
    field: str = ""
    old: Kind | None = None
    needs: str = ""
    group: str = ""
    idle: bool = False
    offers: tuple[tuple[str, str], ...] = ()
    legacy: str = ""
    topic: str = ""
    brief: str = ""

    @property
    def name(self) -> str:
        """The long name, which errors and help use."""
        return self.names[0]

    @property
    def short(self) -> str:
        """The short name, which canonical text and JSON use."""
        return self.names[-1]

    @property
    def target(self) -> str:
        """The attribute of GenerationSpec (or the key in its `other`) that this parameter sets."""
        return self.field or self.name


SHAPE, LOOK, WORDS, MODEL = "Shape", "Look", "Words", "Model"
WORK, SPEED, FILMS = "Work", "Speed and who sees it", "Films"

UPSCALER = "Chose an upscaler of 2022; here the U buttons upscale, so it changes nothing."
OLD_MODEL = "Chose a model of 2022; it renders with the default model."
NO_MEANING = "Has had no meaning since 2022 and changes nothing."


def size(name: str, width: int, height: int) -> Parameter:
    """A size shortcut of 2022, which now means its aspect ratio."""
    ratio = lowest(width, height)
    return Parameter(
        names=(name,),
        kind=flag(ratio),
        help=f"the shape of {width}×{height}",
        models="v1–v3",
        field="aspect",
        legacy=f"Means `--ar {RATIO.write(ratio)}`.",
    )


def model(name: str, words: str) -> Parameter:
    """A model switch of 2022."""
    return Parameter(names=(name,), kind=flag(), help=words, models="v1–v3", group="model", legacy=OLD_MODEL)


PARAMETERS: tuple[Parameter, ...] = (
    # What every prompt may say.
    Parameter(
        names=("aspect", "ar"),
        topic=SHAPE,
        brief="proportion",
        kind=RATIO,
        help="width to height of the picture, in whole numbers",
        default="1:1",
        offers=(
            ("1:1", "square"),
            ("3:2", "landscape, as photographs are"),
            ("2:3", "portrait, as photographs are"),
            ("16:9", "as wide as a screen"),
            ("9:16", "as high as a phone"),
            ("4:3", "landscape, a little wider than high"),
            ("3:4", "portrait, a little higher than wide"),
            ("5:4", "landscape, nearly square"),
            ("4:5", "portrait, nearly square"),
            ("2:1", "twice as wide as high"),
            ("21:9", "as wide as a cinema"),
        ),
    ),
    Parameter(
        names=("chaos", "c"),
        topic=LOOK,
        brief="how different the four are",
        kind=whole(0, 100),
        help="how different the four pictures are from each other",
        default="0",
        offers=(
            ("10", "a little variety"),
            ("25", "some variety"),
            ("50", "much variety"),
            ("100", "four worlds"),
        ),
    ),
    Parameter(
        names=("stylize", "s"),
        topic=LOOK,
        brief="how much house style",
        kind=whole(0, 1000),
        help="how much the house style may take over",
        default="100",
        models="v3 and later, not niji 4",
        old=whole(0, 60000),
        offers=(
            ("0", "the words alone"),
            ("50", "low"),
            ("100", "medium, as when it is not said"),
            ("250", "high"),
            ("750", "very high"),
            ("1000", "as much as there is"),
        ),
    ),
    Parameter(
        names=("weird", "w"),
        topic=LOOK,
        brief="how odd",
        kind=whole(0, 3000),
        help="how unusual all four pictures are",
        default="0",
        models="v5 and later, niji 5 and later",
        offers=(("250", "a little odd"), ("1000", "odd"), ("3000", "as odd as can be")),
    ),
    Parameter(
        names=("quality", "q"),
        topic=WORK,
        brief="how much work",
        kind=decimal(0.25, 4, steps=(0.25, 0.5, 1, 2, 4)),
        help="how much work goes into a picture; other values mean the closest of these",
        default="1",
        models="v1–v7",
        offers=(
            (".25", "a quarter of the work"),
            (".5", "half the work"),
            ("1", "as when it is not said"),
            ("2", "twice the work"),
            ("4", "four times the work"),
        ),
    ),
    Parameter(
        names=("seed",),
        topic=WORK,
        brief="the same picture again",
        kind=whole(0, 4294967295, any_value="Leave `--seed` out for a random one."),
        help="the number that the noise starts from: same prompt and seed, same pictures",
        default="random",
    ),
    Parameter(
        names=("sameseed",),
        topic=WORK,
        brief="one seed for all four",
        kind=whole(0, 4294967295, any_value="Leave `--sameseed` out for a random one."),
        help="a seed that all four pictures share",
        models="v1–v3",
    ),
    Parameter(
        names=("stop",),
        topic=WORK,
        brief="softer",
        kind=whole(10, 100),
        help="stop at this percentage of the work, for a softer picture",
        default="100",
        models="v1–v6.1",
        offers=(("60", "very soft"), ("80", "soft"), ("90", "a little soft")),
    ),
    Parameter(
        names=("no",),
        topic=WORDS,
        brief="leaves out",
        kind=things(),
        help="what must not appear, separated by commas; each weighs -0.5",
    ),
    Parameter(
        names=("tile",),
        topic=SHAPE,
        brief="repeats without a seam",
        kind=flag(),
        help="one tile that repeats without a seam",
        models="v1–v3, test, v5 and later",
    ),
    Parameter(
        names=("repeat", "r"),
        topic=WORK,
        brief="several times",
        kind=whole(1, 40),
        help="run the prompt this many times",
        default="1",
        offers=(("2", "twice"), ("4", "four times"), ("10", "ten times")),
    ),
    Parameter(
        names=("iw",),
        topic=WORDS,
        brief="how much image prompts weigh",
        kind=decimal(0, 3),
        help="how much the image prompts weigh against the words",
        default="1",
        models="v3, v5 and later, niji 5 and later",
        old=decimal(-10000, 10000),
        offers=(
            ("0.5", "the words weigh more"),
            ("1", "as when it is not said"),
            ("2", "the pictures weigh more"),
            ("3", "the pictures weigh most"),
        ),
    ),
    Parameter(
        names=("version", "v"),
        topic=MODEL,
        brief="by its version",
        kind=version("1", "2", "3", "4", "5", "5.0", "5.1", "5.2", "6", "6.0", "6.1", "7", "8.1", "8.2"),
        help="the model; a number that no model claims renders with the default model",
        default="the model of your settings",
        group="model",
        offers=tuple(
            (number, f"Midjourney {number}, or the model here that stands for it")
            for number in ("8.2", "8.1", "7", "6.1", "6", "5.2", "5.1", "5", "4", "3", "2", "1")
        ),
    ),
    Parameter(
        names=("niji",),
        topic=MODEL,
        brief="for anime",
        kind=version("4", "5", "6", "7", alone=""),
        help="the model for anime, with its version if wanted; goes before `--v`",
        default="off",
        group="model",
        offers=tuple(
            (number, f"Niji {number}, or the model here that stands for it")
            for number in ("7", "6", "5", "4")
        ),
    ),
    Parameter(
        names=("style",),
        topic=MODEL,
        brief="a variant",
        kind=word(
            "raw", "4a", "4b", "4c", "cute", "expressive", "original", "scenic", "random", code="a style code"
        ),
        help="a variant of the model: `raw` leaves the house style out",
        models="v4, v5.1 and later, niji 5 and later",
        group="style",
        offers=(
            ("raw", "without the house style"),
            *((name, "a style of Niji 5") for name in ("cute", "expressive", "original", "scenic")),
            *((name, "a style of version 4") for name in ("4a", "4b", "4c")),
            ("random", "a style by chance"),
        ),
    ),
    Parameter(
        names=("raw",),
        topic=MODEL,
        brief="no house style",
        kind=flag(),
        help="the same as `--style raw`",
        models="v7 and later",
        group="style",
    ),
    Parameter(
        names=("fast",),
        topic=SPEED,
        brief="now",
        kind=flag("fast"),
        field="speed",
        help="run this job in fast mode",
        default="the mode of your settings",
    ),
    Parameter(
        names=("relax",),
        topic=SPEED,
        brief="when nobody waits",
        kind=flag("relax"),
        field="speed",
        help="run this job when nobody in fast mode waits",
    ),
    Parameter(
        names=("turbo",),
        topic=SPEED,
        brief="before others",
        kind=flag("turbo"),
        field="speed",
        help="run this job in turbo mode, which falls back to fast",
        models="v5–v7",
    ),
    Parameter(
        names=("stealth",),
        topic=SPEED,
        brief="you alone see it",
        kind=flag("stealth"),
        field="visibility",
        help="keep this job to yourself",
    ),
    Parameter(
        names=("public",),
        topic=SPEED,
        brief="everybody sees it",
        kind=flag("public"),
        field="visibility",
        help="show this job to everybody",
    ),
    # References and personalisation.
    Parameter(
        names=("sref",),
        topic=LOOK,
        brief="style of a picture",
        kind=references("random", code=r"\d{1,19}", name="a number"),
        help="pictures or style numbers to take the style from",
        models="v6 and later, niji 6 and later",
        offers=(("random", "a style by chance"),),
    ),
    Parameter(
        names=("sw",),
        topic=LOOK,
        brief="weight of `--sref`",
        kind=whole(0, 1000),
        help="how much the style references weigh",
        default="100",
        models="v6 and later, niji 6 and later",
        needs="sref",
        offers=(("50", "little"), ("100", "as when it is not said"), ("500", "much")),
    ),
    Parameter(
        names=("sv",),
        topic=LOOK,
        brief="version of `--sref`",
        kind=whole(1, 9),
        help="version of the style reference method",
        models="v6: 1–4, v7: 1–6, v8: 7",
    ),
    Parameter(
        names=("cref",),
        topic=WORDS,
        brief="a character",
        kind=references(),
        help="pictures to take a character from",
        models="v6, niji 6",
    ),
    Parameter(
        names=("cw",),
        topic=WORDS,
        brief="weight of `--cref`",
        kind=whole(0, 100),
        help="how much of the character is kept; 0 is the face alone",
        default="100",
        models="v6, niji 6",
        needs="cref",
        offers=(("0", "the face alone"), ("100", "face, hair and clothes")),
    ),
    Parameter(
        names=("oref",),
        topic=WORDS,
        brief="a person or thing",
        kind=address(),
        help="a picture of the person or thing that must appear",
        models="v7",
    ),
    Parameter(
        names=("ow",),
        topic=WORDS,
        brief="weight of `--oref`",
        kind=whole(1, 1000),
        help="how much that person or thing weighs",
        default="100",
        models="v7",
        needs="oref",
    ),
    Parameter(
        names=("profile", "personalize", "p"),
        topic=LOOK,
        brief="your taste",
        kind=references(links=False, code=r"\w[\w-]{0,63}", name="a code", alone=()),
        help="your taste, or that of the codes given",
        models="v6 and later",
        idle=True,
    ),
    Parameter(
        names=("exp",),
        topic=LOOK,
        brief="how experimental",
        kind=whole(0, 100),
        help="how experimental the pictures are",
        default="0",
        models="v7 and later",
        idle=True,
    ),
    Parameter(
        names=("expand",),
        topic=LOOK,
        brief="more words first",
        kind=flag(),
        help="have a language model make a short prompt detailed first",
    ),
    Parameter(
        names=("draft",),
        topic=WORK,
        brief="a quick sketch",
        kind=flag(),
        help="a quick sketch at half the cost",
        models="v7",
    ),
    Parameter(
        names=("hd",),
        topic=SHAPE,
        brief="twice the size",
        kind=flag(),
        help="pictures of twice the size",
        models="v8; v1 meant a model of its own by it",
        idle=True,
    ),
    Parameter(
        names=("sd",),
        topic=SHAPE,
        brief="the usual size",
        kind=flag(),
        help="pictures of the usual size",
        models="v8",
    ),
    Parameter(
        names=("edit",),
        topic=WORDS,
        brief="changes pictures",
        kind=addresses(4, alone=()),
        help="change the pictures given instead of drawing new ones",
        models="v8",
    ),
    # Moving pictures and dialogs.
    Parameter(
        names=("video",),
        topic=FILMS,
        brief="a film",
        kind=switch(),
        help="a film of the picture, or of the grid as it forms",
        models="v3, v5.2, v6, niji 5, niji 6, video",
        idle=True,
    ),
    Parameter(
        names=("motion",),
        topic=FILMS,
        brief="how much moves",
        kind=word("low", "high"),
        help="how much moves in a film",
        default="low",
        models="video",
        idle=True,
        offers=(("low", "little moves"), ("high", "much moves")),
    ),
    Parameter(
        names=("loop",),
        topic=FILMS,
        brief="ends as it began",
        kind=flag(),
        help="a film that ends where it began",
        models="video",
        idle=True,
    ),
    Parameter(
        names=("end",),
        topic=FILMS,
        brief="last picture",
        kind=address("loop"),
        help="the picture a film ends with",
        models="video",
        idle=True,
        offers=(("loop", "with the picture that it began with"),),
    ),
    Parameter(
        names=("bs",),
        topic=FILMS,
        brief="how many",
        kind=whole(1, 4),
        help="how many films at once",
        default="4",
        models="video",
        idle=True,
    ),
    Parameter(
        names=("zoom",),
        topic=SHAPE,
        brief="in the Custom Zoom dialog",
        kind=decimal(1, 2),
        help="how far to zoom out; acts in the Custom Zoom dialog only",
        default="2",
        offers=(("1.5", "half as far again"), ("2", "twice as far")),
    ),
    # Names of the past.
    Parameter(
        names=("width",),
        kind=whole(1, 100000),
        help="width in pixels; `--w` means it where `--h` is said too",
        models="v1–v3",
        legacy="Means its share of `--ar`; said without a height, against a height of 256.",
    ),
    Parameter(
        names=("height", "h"),
        kind=whole(1, 100000),
        help="height in pixels",
        models="v1–v3",
        legacy="Means its share of `--ar`; said without a width, against a width of 256.",
    ),
    size("wallpaper", 1920, 1024),
    size("sl", 320, 256),
    size("ml", 448, 320),
    size("ll", 768, 512),
    size("sp", 256, 320),
    size("mp", 320, 448),
    size("lp", 512, 768),
    Parameter(
        names=("vibe",),
        kind=flag("1"),
        field="version",
        help="the first model",
        models="v1",
        group="model",
        legacy="Means `--v 1`.",
    ),
    model("test", "the test model of 2022"),
    model("testp", "the test model for photographs"),
    model("creative", "the freer variant of the test models"),
    model("beta", "the beta model of 2022"),
    Parameter(names=("uplight",), kind=flag(), help="the light upscaler", models="v1–v4", legacy=UPSCALER),
    Parameter(names=("upbeta",), kind=flag(), help="the beta upscaler", models="v1–v4", legacy=UPSCALER),
    Parameter(names=("upanime",), kind=flag(), help="the anime upscaler", models="niji 4", legacy=UPSCALER),
    Parameter(names=("hq",), kind=flag(), help="higher quality", models="v1–v2", legacy=NO_MEANING),
    Parameter(
        names=("newclip",), kind=flag(), help="another text encoder", models="v1–v2", legacy=NO_MEANING
    ),
    Parameter(
        names=("nostretch",), kind=flag(), help="another way to size", models="v1–v2", legacy=NO_MEANING
    ),
    Parameter(names=("old",), kind=flag(), help="an older algorithm", models="v1–v2", legacy=NO_MEANING),
)
