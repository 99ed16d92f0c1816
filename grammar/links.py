"""Where a link ends, and what stands beside it.

A link is typed and pasted next to commas, brackets, quotes and words of scripts without spaces. Knows
characters only.
"""

import re
from collections.abc import Sequence
from urllib.parse import unquote, urlsplit

from grammar.errors import cut
from grammar.typography import COMMAS, DOUBLE_QUOTES, MARKS, SINGLE_QUOTES, Edit

_EAST_ASIAN = "∶\u3000-\u303f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
_NEVER = rf"\s<>`…{DOUBLE_QUOTES}‘’‚‛‹›{MARKS}{_EAST_ASIAN}"
"""What no link holds as typed: space, typographic quotes, East Asian punctuation, invisible marks."""

_FILES = (
    *("png", "jpg", "jpeg", "jfif", "gif", "webp", "avif", "bmp", "tif", "tiff"),
    *("heic", "heif", "jxl", "svg", "mp4", "webm"),
)
_NO_FILE = "(?i:" + "".join(rf"(?<!\.{kind})" for kind in _FILES) + ")"
"""Not behind a file extension: there a link goes on only with what can be nothing else."""

_LETTERS = r"A-Za-z0-9_~%\/#&=+@$^{}"
_WIDE = rf"[^\x00-\x7f{_NEVER}]"

LINK = (
    r"(?ai:https?):\/\/(?:(?ai:s\.mj\.run)\/[A-Za-z0-9_-]++(?![\/?#%])|(?:\[[^\]\s]*\])?(?:"
    rf"[{_LETTERS}]++"
    rf"|{_NO_FILE}-++|-(?!-)"
    rf"|{_NO_FILE}{_WIDE}++"
    rf"|(?:[.!?]|:(?!:))++(?=[{_LETTERS}(\[-])"
    rf"|{_NO_FILE}(?:[.!?]|:(?!:))++(?={_WIDE})"
    rf"|{_NO_FILE}(?<!&)[,;'*|]++(?=[{_LETTERS}(\[-]|{_WIDE})(?!https?:)"
    rf"|{_NO_FILE}\([^()\[\]{_NEVER}]*+\)"
    rf"|{_NO_FILE}\[[^()\[\]{_NEVER}]*+\]"
    r")*+)"
)
"""A link, as a regular expression. Punctuation at its end is not a part of it, a pair of brackets is.

Midjourney's short links are known to be letters and digits."""

BESIDE = (
    rf"(?:[)\]{DOUBLE_QUOTES}{SINGLE_QUOTES}.!?;:*|`…]++(?=\s|\Z))?"
    rf"[\s)\];，、。；：！？）］】」』》〉{COMMAS}{MARKS}]*"
)
"""What may be glued to the end of a link and says nothing there, and the space behind it."""

EDGE = rf"[(\[（［【「『《〈{DOUBLE_QUOTES}{SINGLE_QUOTES}]"
"""What may open a list of links."""

_LINK = re.compile(LINK)
_SHOWN = 3  # links quoted in one note, as examples of the rest
_PIECE = re.compile(rf"(?:{EDGE}|[<\s{MARKS}])*({LINK})")
_SEPARATORS = re.compile(rf"[{COMMAS}]+")
_BETWEEN = re.compile(rf"[{COMMAS}]+(?=<?https?://)", re.IGNORECASE)
_LABELLED = re.compile(r"\[((?:\\?[^\[\]\s\\]| (?=\d))+)\]\(<?(https?://[^\s<>()]+)>?\)", re.IGNORECASE)
_NUMBERED = re.compile(r"image \d+")
_NAME = re.compile(r"(?=.*[A-Za-z])[\w.-]{1,24}", re.ASCII)
"""A file's name that says something in little room."""

_CODE = re.compile(r"[0-9a-f-]{12,}(?:\.\w+)?", re.IGNORECASE)
"""A file's name that is a hash or an id."""


def link_in(piece: str) -> tuple[str, str] | None:
    """The link that a piece begins with, and what stands behind it; None when it begins with none."""
    match = _PIECE.match(piece)
    return (match[1], piece[match.end() :].lstrip(">")) if match else None


def remark_on_links(words: str) -> tuple[str, ...]:
    """A sentence on the links among the words, which are only text there."""
    found = list(dict.fromkeys(_LINK.findall(words))) if "://" in words else []
    if not found:
        return ()
    named = "`, `".join(map(cut, found[:_SHOWN]))
    return (f"Read as words: `{named}`; a link counts as a picture only in front of the words.",)


def host_of(url: str) -> str:
    """The host that a link names, "" when it names none."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return host if any(char.isalnum() for char in host) else ""


def pieces(text: str) -> list[str]:
    """A list without spaces taken apart: `u1,u2` and `u1，u2` are two links, `a,b` two codes."""
    split = _BETWEEN if link_in(text) else _SEPARATORS
    return [piece for piece in split.split(text) if piece] or [text]


def labels(links: Sequence[str]) -> list[str]:
    """A short name for each of a prompt's links: its file's, or `image 2` where that says nothing."""
    names = [_file_of(link) for link in links]
    return [
        name if name and names.count(name) == 1 else f"image {number}" for number, name in enumerate(names, 1)
    ]


def _file_of(url: str) -> str:
    try:
        name = unquote(urlsplit(url).path.rpartition("/")[2])
    except ValueError:
        return ""
    return name if _NAME.fullmatch(name) and not _CODE.fullmatch(name) else ""


def unlabelled(text: str, end: int) -> list[Edit]:
    """Edits that leave of `[fox.png](<URL>)` the link, where the name is one of `labels`, up to `end`.

    So is written whatever stands in the title of a job's message.
    """
    if "](" not in text:
        return []
    return [
        (*match.span(), match[2])
        for match in _LABELLED.finditer(text, 0, end)
        if _NUMBERED.fullmatch(name := match[1].replace("\\", "")) or name == _file_of(match[2])
    ]
