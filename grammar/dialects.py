"""Prompts written for other programs: what of them is certain is taken, on the rest there is a sentence.

    a fox Negative prompt: blurry Steps: 20, Seed: 123, Size: 512x768
    →  a fox --no blurry --seed 123 --ar 512:768

Knows how those programs write, and the names of Easel's parameters; nothing of how prompts are parsed.
"""

import re

from grammar.errors import cut
from grammar.typography import COLONS, NUMBER, Edit

_COLON = rf"\s*[{COLONS}]\s*"
_WORDS = ("negative", "steps", "seed", "sampler", "cfg")
_NEGATIVE = re.compile(rf"negative[\s_]+prompt{_COLON}", re.IGNORECASE)
_KEYS = (
    r"(?:Steps|Sampler|Schedule\s+type|CFG\s+scale|Guidance\s+scale|Seed|Size|Model\s+hash|Model"
    r"|Clip\s+skip|Version|Denoising\s+strength|VAE)"
)
_NEXT = r"\s*[,;|\n]\s*"
_SETTINGS = re.compile(rf"(?<![\w-]){_KEYS}{_COLON}(?=\S)", re.IGNORECASE)
_NUMBERED = rf"(?:Steps|Seed|CFG\s+scale){_COLON}-?\d[\d.]*"
_SURE_SETTINGS = re.compile(
    rf"(?<![\w-])(?:{_NUMBERED}|Sampler{_COLON}[^,:;|]{{1,40}}){_NEXT}{_KEYS}{_COLON}", re.IGNORECASE
)
_SETTING = re.compile(
    rf"([A-Za-z][\w ./+-]{{0,40}}?){_COLON}"
    r'("(?:[^"\\]|\\.)*+"|\{[^{}]*+\}|\[[^\[\]]*+\]|[^,;|\n]*+)[\s,;|]*+|[^,;|\n]++[,;|\s]*'
)
_SIZE = re.compile(r"(\d{1,5})\s*[x×X]\s*(\d{1,5})")
_SHOWN = 12  # idle settings named in one note, so that it stays a few lines
_NAMED = 3  # pieces quoted in one note, as examples of the rest
_EMPHASIS = re.compile(
    rf"(?<!\()\(++([^()\[\],{COLONS}]+)(?:[{COLONS}]\s*\d*\.?\d+\s*)?\)+|(?<!\[)\[++([^()\[\],{COLONS}|]+)\]+"
)

_SAYS_WEIGHT = re.compile(rf"\A(?:\(\(|\[\[|<|::)|[{COLONS}]\s*\d*\.?\d+\s*\)+\Z")
_PART_WEIGHT = re.compile(rf"::(?:{NUMBER})?(?=\s*(?:,|$))")
_HYPERNET = re.compile(r"<hypernet\s*:[^<>]*>", re.IGNORECASE)
_BRACED = re.compile(r"(?<![\\{])(?:\{\{+[^{}|,\\]+\}\}+|\{[^{}|,\\:]+:\s*\d*\.?\d+\s*\})(?!\})")

MOST_SEED = 4294967295
"""The largest seed that a prompt may name: 2**32 - 1."""

SMALL_MODEL = re.compile(r"<(?:lora|lyco|hypernet)\s*:[^<>]*>", re.IGNORECASE)
"""A small model beside the large one, as Stable Diffusion's programs write it: no words."""

_CHOICES = re.compile(r"(?<!\\)\{([^{}\\]*\|[^{}\\]*)\}")
_CHANCE = re.compile(r"(?:\A|(?<=\|))\s*(\d*\.?\d+::)(?=[^|])")

_NO_HYPERNET = "{}: no effect, there are no hypernetworks here."
_ONE_WEIGHT = "{}: of a LoRA's weights the first counts, for all of it."
_WEIGHT = "Read as words: {}; here a weight stands behind a part of the prompt, `red fox::1.3`."
_CHOICE = "Read as words: {}; here `{{red, green}}` makes a job of each."
_BREAK = "Read as words: {}; here `::` parts the words of a prompt."
_POINT = "Read as a weight with words behind it: {}; a weight is a number with a point, `::1.5`."
_REMARKS = (
    (_HYPERNET, _NO_HYPERNET),
    (re.compile(r"<(?:lora|lyco)\s*:[^<>:]*:[^<>:]*:[^<>]*>", re.IGNORECASE), _ONE_WEIGHT),
    (re.compile(rf"\([^()]*[^()\d\s]\s*[{COLONS}]\s*\d*\.?\d+\s*\)"), _WEIGHT),
    (re.compile(r"\(\([^()]+\)\)|\[\[[^\[\]]+\]\]"), _WEIGHT),
    (re.compile(rf"(?:\A|(?<=,)|(?<=:))\s*+({NUMBER}::(?![\s\d.-])[^:]+::)(?!{NUMBER})"), _WEIGHT),
    (re.compile(rf"::{NUMBER}(?:,\d+(?!\d)|\s?[%/]\s?\d*)"), _POINT),
    (re.compile(r"(?:\([^()]+\)|(?<!\w)[^\W\d_]\w*)(?:\+{2,}(?!\w)|(?<=\))\d*\.\d+)"), _WEIGHT),
    (re.compile(r"\[[^\[\]|:]*+(?:\|[^\[\]]*+|:[^\[\]]*+(?<=\d))\]"), _CHOICE),
    (re.compile(r"(?<!\w)__[\w/*-]+?__(?!\w)|\d+(?:-\d+)?\$\$"), _CHOICE),
    (re.compile(r"\)\.(?:blend|swap|and)\([^()]*\)"), _BREAK),
    (re.compile(r"(?<!\w)(?:BREAK|AND)(?!\w)(?=.*[a-z])"), _BREAK),
)
_TELLTALE = re.compile(r"[<(\[_$+]|::|BREAK|AND")

OTHER_NAMES = {
    "neg": "no",
    "negative": "no",
    "negprompt": "no",
    "ratio": "ar",
    "size": "ar",
    "cfg": "s",
    "count": "r",
    "num": "r",
    "n": "r",
    "model": "v",
}
"""Names that other programs have for a parameter, and its name here."""


def may_have_block(text: str) -> bool:
    """Whether it is worth looking for one; a quick question, since hardly any prompt has one."""
    lowered = text.lower()
    return any(word in lowered for word in _WORDS)


def block(text: str, start: int, end: int) -> tuple[list[Edit], list[str]]:
    """What makes a prompt of the text that Stable Diffusion's programs keep with a picture; [] for others.

    Its words stay, the negative prompt becomes `--no`, seed and size what they are here. A sentence tells
    which settings do nothing.
    """
    negative = _NEGATIVE.search(text, start, end)
    settings = (_SETTINGS if negative else _SURE_SETTINGS).search(
        text, negative.end() if negative else start, end
    )
    edits: list[Edit] = []
    notes: list[str] = []
    if negative:
        behind = settings.start() if settings else end
        if text[negative.end() : behind].strip(" ,."):
            weights = _unweighted(text, negative.end(), behind)
            edits += [(negative.start(), negative.end(), " --no "), *weights]
        else:
            weights = []
            edits.append((negative.start(), behind, ""))
        notes += _weighs_the_same(text, weights)
    if settings:
        said, idle = _settings(text[settings.start() : end])
        edits.append((settings.start(), end, f" {said} "))
        if idle:
            notes.append(f"Of the settings that were pasted, these have no effect here: {idle}.")
    return edits, notes


def unweighted(text: str) -> tuple[str, list[str]]:
    """What is not wanted without the numbers for its weight, and a sentence where there are any.

    Brackets without a number stay, they may be a part of the thing: `cats (big)`. Where a hypernet is named,
    that has its own sentence.
    """
    weights = [
        edit for edit in _unweighted(text, 0, len(text)) if _SAYS_WEIGHT.search(text[slice(*edit[:2])])
    ]
    if not weights:
        return text, []
    done, plain = 0, ""
    for start, end, inside in weights:
        plain, done = plain + text[done:start] + inside, end
    weighed = [edit for edit in weights if not text[edit[0] :].lower().startswith("<hypernet")]
    hypernets = remarks_on(" ".join(_HYPERNET.findall(text)))
    return plain + text[done:], [*_weighs_the_same(text, weighed), *hypernets]


def _weighs_the_same(text: str, weights: list[Edit]) -> list[str]:
    typed = _named([text[at:until] for at, until, _ in weights])
    return [f"{typed}: no effect, everything behind `--no` weighs the same here."] if weights else []


def _unweighted(text: str, start: int, end: int) -> list[Edit]:
    """What is not wanted has no weight of its own here: the brackets for it go."""
    edits = [
        (match.start(), match.end(), (match[1] or match[2]).strip())
        for match in _EMPHASIS.finditer(text, start, end)
    ]
    for nothing in (SMALL_MODEL, _PART_WEIGHT):
        edits += [(match.start(), match.end(), "") for match in nothing.finditer(text, start, end)]
    apart: list[Edit] = []
    for edit in sorted(edits):
        if not apart or apart[-1][1] <= edit[0]:
            apart.append(edit)
    return apart


def _settings(text: str) -> tuple[str, str]:
    """The settings as parameters, and those that are none."""
    said: dict[str, str] = {}
    idle: list[str] = []
    for match in _SETTING.finditer(text):
        key, value = (match[1] or "").strip().lower(), (match[2] or "").strip(' "')
        if key == "seed" and "seed" not in said and value.lstrip("-").isdigit():
            if value == "-1":
                continue
            if value.isdecimal() and int(value) <= MOST_SEED:
                said["seed"] = f"--seed {value}"
                continue
        size = _SIZE.fullmatch(value)
        if key == "size" and "ar" not in said and size and int(size[1]) and int(size[2]):
            said["ar"] = f"--ar {size[1]}:{size[2]}"
        elif typed := match[0].strip(" ,\n\t"):
            idle.append(f"`{cut(typed)}`")
    more = f" and {len(idle) - _SHOWN} more" if len(idle) > _SHOWN else ""
    return " ".join(said.values()), ", ".join(idle[:_SHOWN]) + more


def remarks_on(text: str) -> tuple[str, ...]:
    """A sentence on each way of writing in the words that means nothing here."""
    if not _TELLTALE.search(text):
        return ()
    found: dict[str, list[str]] = {}
    for pattern, sentence in _REMARKS:
        for match in pattern.finditer(text):
            found.setdefault(sentence, []).append(match[match.re.groups])
    return tuple(sentence.format(_named(pieces)) for sentence, pieces in found.items())


def _named(pieces: list[str]) -> str:
    unique = list(dict.fromkeys(pieces))
    more = f" and {len(unique) - _NAMED} more" if len(unique) > _NAMED else ""
    return ", ".join(f"`{cut(piece)}`" for piece in unique[:_NAMED]) + more


def without_loras(text: str) -> str:
    """The words that a model reads of the text."""
    if "<" not in text or not SMALL_MODEL.search(text):
        return text
    return " ".join(re.sub(r",(?:\s*,)+", ",", SMALL_MODEL.sub(" ", text)).split()).lstrip(", ")


def chances(text: str) -> tuple[list[Edit], list[str]]:
    """What to take out of `{0.5::red|0.3::blue}`: each choice makes a job, however likely it was."""
    if "|" not in text or "::" not in text:
        return [], []
    edits = [
        (group.start(1) + chance.start(1), group.start(1) + chance.end(1), "")
        for group in _CHOICES.finditer(text)
        for chance in _CHANCE.finditer(group[1])
    ]
    if not edits:
        return [], []
    typed = text[slice(*edits[0][:2])]
    return edits, [f"`{cut(typed)}` has no effect: each of the choices makes a job."]


def braced(text: str) -> list[str]:
    """A sentence on `{{red hair}}` and `{smile:1.2}`, which weigh words elsewhere and are one choice here."""
    pieces = [match[0] for match in _BRACED.finditer(text)] if "{" in text else []
    return [_WEIGHT.format(_named(pieces))] if pieces else []
