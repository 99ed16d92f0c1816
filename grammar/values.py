"""The kinds of value a parameter can take: how each is read, written, and described to a person.

Knows nothing of parameters, prompts or lark: one piece of text in, one value out, or `Unfit`.
"""

import re
from dataclasses import dataclass
from math import gcd
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

Value = Any
"""A value as a GenerationSpec holds it: bool, int, float, str, or a tuple of str, int or Part."""

Shape = Literal["flag", "value", "list", "things"]
"""How much text a kind takes: nothing, one word, several words, or everything up to the next parameter."""

_QUOTES = "\"'“”„‟‘’‚«»`"
_EDGES = _QUOTES + ",;()[]<>，、。；"
_NUMBER = re.compile(r"[-+−–]?(?:\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})")
_WHOLE = re.compile(r"[-+−–]?\d{1,15}(?:\.0{0,15})?")
_RATIO = re.compile(r"(\d{1,9})[:：](\d{1,9})")
_DECIMAL_RATIO = re.compile(r"(\d{0,9}(?:\.\d{0,6})?)[:：](\d{0,9}(?:\.\d{0,6})?)")
_OTHER_RATIO = re.compile(r"(\d{1,9})[xX×*/,;._-](\d{1,9})")
_VERSION = re.compile(r"\d{1,3}(?:\.\d{1,3})?")
_CODE = re.compile(r"\w[\w.-]{0,199}")
_WEIGHTED = re.compile(r"(.+?)::([-+]?(?:\d{1,9}(?:\.\d{0,9})?|\.\d{1,9}))?")
_LINK = re.compile(r"https?://", re.IGNORECASE)


class Unfit(ValueError):
    """The text is no such value. `reason` goes on from the parameter's name ("must be …"); `mend` or ""."""

    def __init__(self, reason: str, mend: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.mend = mend


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the prompt, or a reference, and how much it weighs (1 = said without a weight)."""

    text: str
    weight: float = 1.0


def number(text: str) -> float:
    """A decimal number, as people type it; ValueError when it is none."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return float(text.replace("−", "-").replace("–", "-"))


def shown(value: float) -> str:
    """The number without a superfluous `.0`: 2.0 → `2`, 0.25 → `0.25`."""
    return f"{value:.15g}" if abs(value) < 1e15 else str(int(value))


def plain(value: float) -> float | int:
    """The number as JSON shows it best: 2.0 → 2, 0.25 → 0.25."""
    return int(value) if value == int(value) else value


def bare(piece: str) -> str:
    """The piece without the quotes, commas and brackets that people leave around a value."""
    stripped = piece.strip(_EDGES)
    return stripped.rstrip(".:!?") if len(stripped) > 1 else stripped


def is_link(text: str) -> bool:
    """Whether this is meant as a web address."""
    return bool(_LINK.match(text))


def link(text: str) -> str:
    """The web address without the angle brackets that hide Discord's preview; Unfit when it names no host."""
    url = text.strip("<>,; \t\r\n")
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        host = ""
    if not is_link(url) or not any(char.isalnum() for char in host):
        raise Unfit("must be a link such as https://example.com/picture.png")
    return url


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What every kind has. `optional`: the parameter may also stand alone, which reads as `alone`."""

    shape: ClassVar[Shape] = "value"
    optional: bool = False
    alone: Value = True

    @property
    def allowed(self) -> str:
        """What a person may write, for help and docs: `0–1000`, `W:H`, …"""
        raise NotImplementedError

    def read(self, piece: str) -> Value:
        """The value that the typed piece says; Unfit when it says none."""
        raise NotImplementedError

    def write(self, value: Value) -> str:
        """The value as canonical prompt text ("" for a parameter that stands alone)."""
        return str(value)

    def to_json(self, value: Value) -> Any:
        """The value as JSON data."""
        return value

    def from_json(self, data: Any) -> Value:
        """Back from `to_json`."""
        return data


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag(Kind):
    """No value: said or not. `value` is what saying it means where that is more than True."""

    shape: ClassVar[Shape] = "flag"
    value: Value = True

    @property
    def allowed(self) -> str:
        return ""

    def read(self, piece: str) -> Value:
        raise Unfit("takes no value")

    def write(self, value: Value) -> str:
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch(Kind):
    """A flag that people also write with a 1 behind it."""

    optional: bool = True

    @property
    def allowed(self) -> str:
        return ""

    def read(self, piece: str) -> bool:
        if bare(piece).lower() not in ("1", "true"):
            raise Unfit("takes no value")
        return True

    def write(self, value: bool) -> str:
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole(Kind):
    """A whole number in a closed range."""

    low: int
    high: int

    @property
    def allowed(self) -> str:
        return f"{self.low}–{self.high}"

    def read(self, piece: str) -> int:
        text = bare(piece)
        must = f"must be between {self.low} and {self.high}"
        if not _WHOLE.fullmatch(text):
            raise Unfit(f"must be a whole number between {self.low} and {self.high}", _whole_mend(text, self))
        value = int(number(text))
        if not self.low <= value <= self.high:
            raise Unfit(must)
        return value


def _whole_mend(text: str, kind: Whole) -> str:
    try:
        nearest = round(number(text.replace(",", "")))
    except ValueError:
        return ""
    return f"Write `{nearest}`." if kind.low <= nearest <= kind.high else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decimal(Kind):
    """A number in a closed range; with `steps`, the closest of them is meant (the lower one when between two)."""

    low: float
    high: float
    steps: tuple[float, ...] = ()

    @property
    def allowed(self) -> str:
        return " ".join(map(shown, self.steps)) if self.steps else f"{shown(self.low)}–{shown(self.high)}"

    def read(self, piece: str) -> float:
        text = bare(piece)
        try:
            value = number(text)
        except ValueError:
            swapped = text.replace(",", ".", 1)
            mend = f"Write `{swapped}`." if _NUMBER.fullmatch(swapped) else ""
            what = "one of " if self.steps else "a number between "
            raise Unfit(f"must be {what}{self._choices()}", mend) from None
        if self.steps and value > 0:
            return min(self.steps, key=lambda step: (abs(step - value), step))
        if not self.low <= value <= self.high:
            raise Unfit(f"must be between {shown(self.low)} and {shown(self.high)}")
        return value + 0.0

    def _choices(self) -> str:
        return (
            ", ".join(map(shown, self.steps)) if self.steps else f"{shown(self.low)} and {shown(self.high)}"
        )

    def write(self, value: float) -> str:
        return shown(value)

    def to_json(self, value: float) -> float | int:
        return plain(value)

    def from_json(self, data: Any) -> float:
        return float(data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio(Kind):
    """Width to height in whole numbers, in lowest terms."""

    @property
    def allowed(self) -> str:
        return "W:H"

    def read(self, piece: str) -> tuple[int, int]:
        text = bare(piece)
        match = _RATIO.fullmatch(text)
        if not match:
            raise Unfit("must be two whole numbers such as 3:2", _ratio_mend(text))
        width, height = int(match[1]), int(match[2])
        if not width or not height:
            raise Unfit("must be two whole numbers of at least 1, such as 3:2")
        return lowest(width, height)

    def write(self, value: tuple[int, int]) -> str:
        return f"{value[0]}:{value[1]}"

    def to_json(self, value: tuple[int, int]) -> str:
        return self.write(value)

    def from_json(self, data: str) -> tuple[int, int]:
        return self.read(data)


def lowest(width: int, height: int) -> tuple[int, int]:
    """The ratio in lowest terms: 1920, 1080 → 16, 9."""
    divisor = gcd(width, height)
    return width // divisor, height // divisor


def _ratio_mend(text: str) -> str:
    if match := _DECIMAL_RATIO.fullmatch(text):
        try:
            width, height = round(float(match[1]) * 10**6), round(float(match[2]) * 10**6)
        except ValueError:
            return ""
        if width and height:
            return "Write `{}:{}`.".format(*lowest(width, height))
    elif match := _OTHER_RATIO.fullmatch(text):
        return f"Write `{match[1]}:{match[2]}`."
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version(Kind):
    """A version number, kept as typed (`6` and `6.0` are both said); unknown ones are the registry's business."""

    known: tuple[str, ...]

    @property
    def allowed(self) -> str:
        return " ".join(self.known)

    def read(self, piece: str) -> str:
        text = bare(piece)
        if not _VERSION.fullmatch(text):
            raise Unfit(f"must be a version number such as {', '.join(self.known)}", _version_mend(text))
        return ".".join(str(int(part)) for part in text.split("."))

    def write(self, value: str) -> str:
        return value

    def to_json(self, value: str) -> str | bool:
        return value if value else True

    def from_json(self, data: str | bool) -> str:
        return "" if data is True else str(data)


def _version_mend(text: str) -> str:
    candidate = text.lower().removeprefix("v").replace(",", ".")
    return f"Write `{candidate}`." if _VERSION.fullmatch(candidate) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word(Kind):
    """One of a few words, or, with `codes`, also any code of letters, digits, dashes (kept as typed)."""

    words: tuple[str, ...]
    codes: str = ""

    @property
    def allowed(self) -> str:
        return " ".join((*self.words, self.codes)).strip()

    def read(self, piece: str) -> str:
        text = bare(piece)
        if text.lower() in self.words:
            return text.lower()
        if not self.codes or not _CODE.fullmatch(text):
            raise Unfit(f"must be one of {', '.join((*self.words, self.codes)).strip(', ')}")
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Link(Kind):
    """One web address."""

    words: tuple[str, ...] = ()

    @property
    def allowed(self) -> str:
        return " ".join(("URL", *self.words))

    def read(self, piece: str) -> str:
        text = bare(piece) if not is_link(piece.lstrip("<")) else piece
        return text.lower() if text.lower() in self.words else link(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class References(Kind):
    """Several links, codes or words, each with a weight if wanted: `URL::2 123 random`. Doubled ones add up."""

    shape: ClassVar[Shape] = "list"
    links: bool = True
    words: tuple[str, ...] = ()
    codes: str = ""
    code: str = ""

    @property
    def allowed(self) -> str:
        return " ".join(filter(None, ("URL" if self.links else "", self.codes, *self.words)))

    def read(self, piece: str) -> tuple[Part, ...]:
        text = piece.strip("<> \t\r\n") if is_link(piece.lstrip("<")) else bare(piece)
        weight = 1.0
        if (match := _WEIGHTED.fullmatch(text.rstrip(",;"))) and not text.endswith("]"):
            text, weight = match[1], float(match[2] or 1)
        if is_link(text) and self.links:
            return (Part(link(text), weight),)
        if text.lower() in self.words:
            return (Part(text.lower(), weight),)
        if self.code and re.fullmatch(self.code, text):
            return (Part(text, weight),)
        what = ["a link" if self.links else "", self.codes, *(f"`{word}`" for word in self.words)]
        raise Unfit(f"must be {' or '.join(filter(None, what))}")

    def write(self, value: tuple[Part, ...]) -> str:
        return " ".join(self.to_json(value)) if value else ""

    def to_json(self, value: tuple[Part, ...]) -> Any:
        if not value:
            return True
        return [part.text if part.weight == 1 else f"{part.text}::{shown(part.weight)}" for part in value]

    def from_json(self, data: Any) -> tuple[Part, ...]:
        return () if data is True else tuple(part for item in data for part in self.read(item))


@dataclass(frozen=True, slots=True, kw_only=True)
class Things(Kind):
    """A list of things in plain words, separated by commas. Doubled ones add up."""

    shape: ClassVar[Shape] = "things"

    @property
    def allowed(self) -> str:
        return "a, b"

    def read(self, piece: str) -> tuple[str, ...]:
        things = (" ".join(thing.split()) for thing in re.split("[,，、]", piece))
        return tuple(thing for thing in things if thing)

    def write(self, value: tuple[str, ...]) -> str:
        return ", ".join(value)

    def to_json(self, value: tuple[str, ...]) -> list[str]:
        return list(value)

    def from_json(self, data: Any) -> tuple[str, ...]:
        return tuple(data)
