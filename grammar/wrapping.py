"""What stands around a prompt or a list without belonging to it: a pair of quotes or brackets, a command.

    "a cat --ar 3:2"               →  a cat --ar 3:2
    /imagine prompt: a cat         →  a cat
    **a cat** - @ada (fast)        →  a cat

Knows characters only; nothing of parameters.
"""

import re

from grammar.links import BESIDE, LINK
from grammar.typography import (
    BRACKETS,
    COLONS,
    COMMAS,
    DASHES,
    DOUBLE_QUOTES,
    MARKS,
    SINGLE_QUOTES,
    WEIGHT,
    ended,
)

_FENCES = ("```", "**", "||", "`")
"""What Discord takes for a block of code, for bold, for a spoiler and for code."""

_OPENING = frozenset(DOUBLE_QUOTES + SINGLE_QUOTES + "".join(BRACKETS) + "".join(_FENCES))
_BEHIND = " ,.;，。；"
_MOST_PAIRS = 8  # marks around one prompt that are taken off; nobody means more
_WEIGHTED = re.compile(rf"\([^()]*[^()\d\s]\s*[{COLONS}]\s*\d*\.?\d+\s*\)")
_TAG = re.compile(r"<(?:https?:|\w+:[^<>\s]+>)", re.IGNORECASE)

_SPACE = re.compile(rf"[\s{MARKS}]*+")
_COMMAND = re.compile(
    r"(?:>\s+)?(?:(?:<@!?\d+>|@[\w.-]+)\s+(?=[/／<]))?"
    r"(?:</imagine(?:\s\w+)*:\d+>|[/／!]\s?imagine(?![\w-])[/:：]?"
    r"|(?:[/／!]\s?\w+\s+|imagine\s+)?(?=prompt\s*[:：](?![:：])))"
    r"\s*(?:prompt\b\s*(?:[:：](?![:：]))?)?\s*",
    re.IGNORECASE,
)
_HYPHEN = re.compile(r"\s-(?=\s)")
_MODE = r"\s*\((?:fast|relaxed|turbo)[^()]*\)"
OWNER = re.compile(
    rf"\s-\s(?:[A-Z][\w\s#()]*?\s)?(?:<@!?\d+>(?:\s*\([^()]*\))*|@[^()]{{1,40}}?(?:{_MODE})+)[\s{MARKS}]*+"
)
"""What stands behind the prompt in the message of a job."""

_IN_FRONT = re.compile(rf"(?:[\s{MARKS}]*<?{LINK}>?(?:::(?:{WEIGHT})?)?{BESIDE})*")


def body(text: str, end: int) -> tuple[int, int]:
    """Where the prompt itself begins and ends, without what stands around it, between its links and `end`.

    Of quotes in quotes the outer pair goes alone: `""hello""` is how the words `"hello"` are written.
    """
    start, pairs = front(text, end), _MOST_PAIRS
    while True:
        space = _SPACE.match(text, start, end)
        start = space.end() if space else start
        end = start + len(ended(text[start:end]))
        command = _COMMAND.match(text, start, end)
        if command and command.end() > start:
            start = command.end()
            continue
        owner = _owner(text, start, end) if "@" in text else None
        if owner is not None:
            end = owner
            continue
        inner = pair(text[start:end]) if pairs else None
        if inner is None:
            return start, end
        outer = fence(text[start:end])
        start, end, pairs = start + inner[0], start + inner[1], pairs - 1
        if text.startswith(outer, start) and pair(text[start:end]):
            return start, end


def _owner(text: str, start: int, end: int) -> int | None:
    """Where the end begins that says whose job it was."""
    hyphens = [match.start() for match in _HYPHEN.finditer(text, start, end)]
    owner = OWNER.match(text, hyphens[-1], end) if hyphens else None
    return owner.start() if owner and owner.end() == end else None


def front(text: str, end: int) -> int:
    """Where the links in front end."""
    links = _IN_FRONT.match(text, 0, end) if "://" in text else None
    return links.end() if links else 0


def pair(text: str) -> tuple[int, int] | None:
    """Where the text inside a pair of quotes or brackets begins and ends; None unless it holds everything."""
    if text[:1] not in _OPENING:
        return None
    end = len(text.rstrip(_BEHIND))
    for fence in _FENCES:
        if text.startswith(fence) and text.endswith(fence, 0, end):
            inside = text[len(fence) : end - len(fence)]
            return (len(fence), end - len(fence)) if _whole(inside, fence) else None
    if end < 3 or not text[1 : end - 1].strip(_BEHIND):
        return None
    if text[0] in BRACKETS:
        holds = text[end - 1] == BRACKETS[text[0]] and _brackets(text, end)
    else:
        family = DOUBLE_QUOTES if text[0] in DOUBLE_QUOTES else SINGLE_QUOTES
        holds = text[0] in family and text[end - 1] in family and _quotes(text, end, family)
    return (1, end - 1) if holds else None


def fence(text: str) -> str:
    """The sign that opens a text in a pair: one character, or what Discord has of several."""
    return next((sign for sign in _FENCES if text.startswith(sign)), text[:1])


def doubled(text: str) -> str:
    """A text in a pair of quotes or brackets with another one around it: one of them is read as typed."""
    sign = fence(text)
    return f"{sign}{text}{sign if sign in _FENCES else text.rstrip(_BEHIND)[-1]}"


def unlisted(text: str) -> str:
    """A list in plain words without the quotes and brackets around it, or around each of its things.

    They stay where a dash follows: `"--foo"` is a thing, `--foo` would be a parameter.
    """
    if _OPENING.isdisjoint(text) and not any(quote in text for quote in '"”“)]'):
        return text
    inside = _inside(text)
    if inside != text:
        return inside
    return ", ".join(filter(None, (_alone(thing.strip()) for thing in re.split(f"[{COMMAS}]", text))))


def _inside(text: str) -> str:
    inner = pair(text)
    inside = text[slice(*inner)].strip() if inner else text
    return text if inside and inside[0] in DASHES else inside


def _alone(thing: str) -> str:
    """One thing of a list, which may have one half of the pair around several of them."""
    bared = _inside(thing)
    if bared != thing:
        return bared
    bared = thing.strip(DOUBLE_QUOTES + " ")
    for opening, closing in BRACKETS.items():
        if bared.startswith(opening) and closing not in bared:
            bared = bared[1:]
        if bared.endswith(closing) and opening not in bared and bared[-2:-1].isalnum():
            bared = bared[:-1]
    bared = bared.strip()
    return thing if bared and bared[0] in DASHES else bared


def _whole(inside: str, fence: str) -> bool:
    while inside.startswith(fence) and inside.endswith(fence) and len(inside) > 2 * len(fence):
        inside = inside[len(fence) : -len(fence)]
    return bool(inside.strip()) and fence not in inside


def _brackets(text: str, end: int) -> bool:
    if _WEIGHTED.fullmatch(text, 0, end) or _TAG.match(text):
        return False
    opening, closing, depth = text[0], text[end - 1], 0
    for at in range(end):
        if text[at] == opening:
            depth += 1
        elif text[at] == closing:
            depth -= 1
            if not depth and at < end - 1:
                return False
    return depth == 0


def _quotes(text: str, end: int, family: str) -> bool:
    """Whether the first and the last quote are a pair: one behind a space or an opening one opens."""
    depth, opened = 0, False
    for at in range(end):
        if text[at] not in family:
            opened = text[at] in BRACKETS
            continue
        before, behind = text[at - 1 : at], text[at + 1 : at + 2]
        if family is SINGLE_QUOTES and before.isalnum() and behind.isalnum():
            continue
        opens = at == 0 or (at < end - 1 and (opened or before.isspace()) and not behind.isspace())
        depth += 1 if opens else -1
        opened = opens
        if not depth and at < end - 1:
            return False
    return depth == 0
