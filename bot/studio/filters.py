"""What a request wants of a wall: its query, read and checked. Knows nothing of how pictures are found."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import get_args

from bot.memory.records import JobKind
from bot.memory.walls import Filters, Shape
from bot.studio.answers import NotDone

__all__ = ["KINDS", "filters_of", "number_of"]

KINDS = {
    "grids": (JobKind.IMAGINE,),
    "variations": (
        JobKind.VARY_STRONG,
        JobKind.VARY_SUBTLE,
        JobKind.REMIX_STRONG,
        JobKind.REMIX_SUBTLE,
        JobKind.VARY_REGION,
    ),
    "upscales": (JobKind.UPSCALE, JobKind.UPSCALE_SUBTLE, JobKind.UPSCALE_CREATIVE),
    "extensions": (JobKind.ZOOM, JobKind.PAN_LEFT, JobKind.PAN_RIGHT, JobKind.PAN_UP, JobKind.PAN_DOWN),
    "edits": (JobKind.EDIT, JobKind.RETEXTURE),
}
"""What pictures are told apart by, as the page names it."""

LONGEST_SEARCH = 300  # characters
LONGEST_NAME = 200
MOST = 2**62  # what a number in a query may be; ids of rows go no further


def filters_of(query: Mapping[str, str]) -> Filters:
    """The filters of ``words favourites model kind shape since until folder``. Raises NotDone."""
    kind, shape = query.get("kind", ""), query.get("shape", "")
    if kind and kind not in KINDS:
        raise NotDone(400, f"A picture's kind is one of {', '.join(KINDS)}.")
    shapes: tuple[Shape, ...] = get_args(Shape)
    if shape and shape not in shapes:
        raise NotDone(400, f"A picture's shape is one of {', '.join(shapes)}.")
    words, model = query.get("words", ""), query.get("model", "")
    if len(words) > LONGEST_SEARCH or len(model) > LONGEST_NAME:
        raise NotDone(400, f"A search has {LONGEST_SEARCH} characters at most.")
    return Filters(
        words=_clean(words),
        favourites=query.get("favourites") == "1",
        model=_clean(model),
        kinds=KINDS[kind] if kind else (),
        shape=next((each for each in shapes if each == shape), None),
        since=_moment(query.get("since")),
        until=_moment(query.get("until")),
        folder=number_of(query, "folder") if query.get("folder") else None,
    )


def number_of(query: Mapping[str, str], name: str, default: int = 0) -> int:
    """A whole number, not below 0, of a query. Raises NotDone."""
    text = query.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) < MOST):
        raise NotDone(400, f"`{name}` is a whole number.")
    return int(text)


def _moment(text: str | None) -> float | None:
    """Seconds since 1970. Raises NotDone."""
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not math.isfinite(seconds):
        raise NotDone(400, "A date is a number of seconds since 1970.")
    return seconds


def _clean(text: str) -> str:
    """A text that the database takes."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", " ")
