"""Names of the past: what each meant, and what became of it."""

from grammar.parameters.parameter import Parameter
from grammar.ratios import RATIO, lowest
from grammar.values import flag, whole

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


PAST: tuple[Parameter, ...] = (
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
