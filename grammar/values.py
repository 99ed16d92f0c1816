"""The kinds of value a parameter can take: how each is read, written, and described to a person.

Knows nothing of parameters, prompts or lark: one piece of text in, one value out, or `UnfitError`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from grammar.links import host_of, link_in, pieces
from grammar.typography import COLONS, COMMAS, DASHES, NUMBER, begun, narrow
from grammar.wrapping import unlisted

Value: TypeAlias = Any
"""What a GenerationSpec holds for a parameter: bool, int, float, str, or a tuple of str, int or Part."""

SPACE = " \t\n\v\f\r\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + (
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
)
"""Everything that separates words."""

_EDGES = "\"'“”„‟‘’‚‛«»‹›`*,;()[]<>，、。；（）［］【】「」『』《》〈〉＂＇"
_TAIL = _EDGES + ".:!?"
_IS = (*"=＝", *COLONS)
_NUMBER = re.compile(NUMBER)
_WHOLE = re.compile(r"[-+−–]?\d{1,15}(?:\.0{0,9})?")
_VERSION = re.compile(r"\d{1,3}(?:\.\d{1,3})?")
_FULL_STOP = re.compile(r"(?<=\w)(?:[。；;]+|(?<!\.\w)\.)\Z")
_CODE = re.compile(r"\w[\w.-]{0,199}")
_WEIGHTED = re.compile(rf"(.+?)::({NUMBER})?")
_LINK_WEIGHT = re.compile(rf"::({NUMBER})?")
_ANY = ("random", "rand", "any", "auto", "none", "new", "")


class UnfitError(ValueError):
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of value.

    `shape`: how much text it takes: nothing, one word, several words, or everything up to the next parameter.
    `allowed`: what a person may write, for help and errors. `read`: a typed piece → the value, or UnfitError.
    `write`: the value → canonical prompt text. `to_json` and `from_json`: the value as JSON data and back.
    `alone`: the value when the name stands alone; None when it must not. `numeric`: starts with a digit.
    `most`: how many values a list may have, 0: any number. `known`: its words, where it has some.
    """

    shape: Literal["flag", "value", "list", "things"]
    allowed: str
    read: Callable[[str], Value]
    write: Callable[[Value], str] = str
    to_json: Callable[[Value], Any] = lambda value: value
    from_json: Callable[[Any], Value] = lambda data: data
    alone: Value = None
    numeric: bool = False
    most: int = 0
    known: tuple[str, ...] = ()

    @property
    def adds_up(self) -> bool:
        """Whether a parameter said twice means both values, not the last."""
        return self.shape in ("list", "things")


def flag(value: Value = True) -> Kind:
    """No value: said or not. `value` is what saying it means, where that is more than True."""

    def read(piece: str) -> Value:
        raise UnfitError("takes no value")

    return Kind(shape="flag", allowed="", read=read, write=lambda _: "", to_json=bool, alone=value)


def switch() -> Kind:
    """A flag that people also write with a 1 behind it."""

    def read(piece: str) -> bool:
        if bare(piece).lower() not in ("1", "true"):
            raise UnfitError("takes no value")
        return True

    return Kind(shape="value", allowed="", read=read, write=lambda _: "", alone=True)


def whole(low: int, high: int, *, any_value: str = "") -> Kind:
    """A whole number in a closed range. `any_value`: the mend where -1 or a word asks for any of them."""

    def read(piece: str) -> int:
        text = bare(piece)
        if not _WHOLE.fullmatch(text):
            raise UnfitError(f"must be a whole number between {low} and {high}", mend(text))
        value = int(number(text))
        if not low <= value <= high:
            raise UnfitError(f"must be between {low} and {high}", any_value if value < low else "")
        return value

    def mend(text: str) -> str:
        if any_value and text.lower() in _ANY:
            return any_value
        text = text.replace(",", "")
        nearest = round(number(text)) if _NUMBER.fullmatch(text) else low - 1
        return f"Write `{nearest}`." if low <= nearest <= high else ""

    return Kind(shape="value", allowed=f"{low}–{high}", read=read, numeric=True)


def decimal(low: float, high: float, steps: tuple[float, ...] = ()) -> Kind:
    """A number in a closed range; with `steps`, the closest of them is meant, of two the lower one."""
    words = ", ".join(map(shown, steps)) if steps else f"between {shown(low)} and {shown(high)}"

    def read(piece: str) -> float:
        text = bare(piece)
        if not _NUMBER.fullmatch(text):
            swapped = text.replace(",", ".", 1)
            mend = f"Write `{swapped}`." if _NUMBER.fullmatch(swapped) else ""
            raise UnfitError(f"must be a number, {words}", mend)
        value = number(text)
        if steps and value > 0:
            return min(steps, key=lambda step: (abs(step - value), step))
        if not low <= value <= high:
            raise UnfitError(f"must be {words}")
        return value

    return Kind(
        shape="value",
        allowed=words.replace("between ", "").replace(" and ", "–"),
        read=read,
        write=shown,
        to_json=plain,
        from_json=float,
        numeric=True,
    )


def version(*known: str, alone: str | None = None) -> Kind:
    """A version number, kept as typed (`6` or `6.0`). Which ones exist is the registry's business."""

    def read(piece: str) -> str:
        text = bare(piece)
        if not _VERSION.fullmatch(text):
            candidate = text.lower().removeprefix("v").replace(",", ".")
            mend = f"Write `{candidate}`." if _VERSION.fullmatch(candidate) else ""
            raise UnfitError(f"must be a version number such as {', '.join(known)}", mend)
        return ".".join(str(int(part)) for part in text.split("."))

    return Kind(
        shape="value",
        allowed=" ".join(known),
        read=read,
        to_json=lambda value: value or True,
        from_json=lambda data: "" if data is True else str(data),
        alone=alone,
        numeric=True,
    )


def word(*words: str, code: str = "") -> Kind:
    """One of a few words; with a name for it, also any code of letters, digits and dashes, kept as typed."""
    allowed = (*words, *([code] if code else ()))

    def read(piece: str) -> str:
        text = bare(piece)
        if text.lower() in words:
            return text.lower()
        if not code or not _CODE.fullmatch(text):
            raise UnfitError(f"must be one of {', '.join(allowed)}")
        return text

    return Kind(shape="value", allowed=" ".join(allowed), read=read, known=words)


def address(*words: str) -> Kind:
    """One web address, or one of a few words."""

    def read(piece: str) -> str:
        text = bare(piece).lower()
        return text if text in words else link(piece)

    return Kind(shape="value", allowed=" ".join(("URL", *words)), read=read, known=words)


def addresses(most: int, *, alone: Value = None) -> Kind:
    """Several web addresses, at most `most`."""

    def read(piece: str) -> tuple[str, ...]:
        return tuple(link(each) for each in pieces(piece))

    return Kind(
        shape="list",
        allowed=f"up to {most} links",
        read=read,
        write=" ".join,
        to_json=lambda value: list(value) or True,
        from_json=lambda data: () if data is True else tuple(data),
        alone=alone,
        most=most,
    )


def references(*words: str, links: bool = True, code: str = "", name: str = "", alone: Value = None) -> Kind:
    """Several links, words or codes, each with a weight if wanted: `URL::2 123 random`.

    `code` is the regular expression of a code, `name` what a person calls it.
    """
    allowed = (*(["a link"] if links else ()), *([name] if name else ()), *words)

    def read(piece: str) -> tuple[Part, ...]:
        return tuple(read_one(each) for each in pieces(piece))

    def read_one(piece: str) -> Part:
        if links and is_link(piece):
            weighted = _LINK_WEIGHT.match((link_in(piece) or ("", ""))[1])
            return Part(link(piece), number(weighted[1]) if weighted and weighted[1] else 1.0)
        text = bare(piece)
        weight = 1.0
        if match := _WEIGHTED.fullmatch(text):
            text, weight = match[1], number(match[2]) if match[2] else 1.0
        if text.lower() in words:
            return Part(text.lower(), weight)
        if not code or not re.fullmatch(code, text):
            raise UnfitError(f"must be {' or '.join(allowed)}")
        return Part(text, weight)

    def to_json(value: tuple[Part, ...]) -> Any:
        weighted = (part.text if part.weight == 1 else f"{part.text}::{shown(part.weight)}" for part in value)
        return list(weighted) or True

    return Kind(
        shape="list",
        allowed=" or ".join(allowed),
        read=read,
        write=lambda value: " ".join(to_json(value)) if value else "",
        to_json=to_json,
        from_json=lambda data: () if data is True else tuple(part for each in data for part in read(each)),
        alone=alone,
        known=words,
    )


def things() -> Kind:
    """A list of things in plain words, separated by commas."""

    def read(piece: str) -> tuple[str, ...]:
        while True:
            each = (begun(" ".join(thing.split())) for thing in re.split(f"[{COMMAS}]", piece))
            things = tuple(_FULL_STOP.sub("", thing) for thing in each if thing)
            bared = unlisted(", ".join(things))
            if bared.startswith(_IS):
                bared = bared.lstrip("".join(_IS) + DASHES + SPACE)
            if bared == ", ".join(things):
                return things
            piece = bared

    return Kind(shape="things", allowed="a, b", read=read, write=", ".join, to_json=list, from_json=tuple)


def number(text: str) -> float:
    """A text of the form NUMBER as a number."""
    return float(text.replace("−", "-").replace("–", "-")) + 0.0


def shown(value: float) -> str:
    """The number without a superfluous `.0`: 2.0 → `2`, 0.25 → `0.25`."""
    return str(plain(value))


def plain(value: float) -> float | int:
    """The number as JSON shows it best: 2.0 → 2, 0.25 → 0.25."""
    return int(value) if value == int(value) else value


def bare(piece: str) -> str:
    """The piece in plain characters, without the quotes, commas and brackets that people leave around it."""
    return narrow(piece).lstrip(_EDGES).rstrip(_TAIL)


def is_link(piece: str) -> bool:
    """Whether this is meant as a web address."""
    return link_in(piece) is not None


def link(piece: str) -> str:
    """The web address without what stands around it; UnfitError when it names no host."""
    url, _ = link_in(piece) or ("", "")
    if not host_of(url):
        raise UnfitError("must be a link such as https://example.com/picture.png")
    return url
