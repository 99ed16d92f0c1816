"""What was added to the list of this machine, what it is called there, and the settings it was given."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

from engine.errors import BadRegistry
from engine.planning.entries import ModelEntry

__all__ = ["Added", "free_name", "from_like", "model_name", "unused"]

_TAKEN_FROM_LIKE = ("sizes", "max_ratio", "extend", "refine", "grain", "strong", "style", "muses", "oddities")


@dataclass(frozen=True, slots=True)
class Added:
    """A new entry, and what was recognised: sentences for whoever added it.

    ``kind`` says what it is; of a VAE ``name`` is the model that draws with it from now on. ``what`` is what
    was recognised, in words, ``family`` whose it is.
    """

    name: str
    what: str
    family: str
    sentences: tuple[str, ...]
    kind: Literal["model", "lora", "embedding", "vae"] = "model"


def model_name(source: str) -> str:
    """A name out of the last part of a path, of a folder or of a repository."""
    return re.sub(r"[^a-z0-9.]+", "-", source.lower()).strip("-.")[:60] or "model"


def free_name(name: str, taken: Collection[str], *, given: bool) -> str:
    """The name, or with a number behind it where it is taken. Raises BadRegistry for one that was given."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,60}", name):
        raise BadRegistry(f"{name!r} is no name for a model: small letters, digits, dots and dashes.")
    return unused(name, taken, given=given)


def unused(name: str, taken: Collection[str], *, given: bool) -> str:
    """The same of what may be called anything. Names are told apart whatever the size of their letters."""
    lower = {each.casefold() for each in taken}
    if name.casefold() not in lower:
        return name
    if given:
        raise BadRegistry(f"There is a model “{name}” already; give another `--name`.")
    numbers = range(2, len(lower) + 3)
    return next(f"{name}-{n}" for n in numbers if f"{name}-{n}".casefold() not in lower)


def from_like(like: ModelEntry, side: int) -> dict[str, Any]:
    """What an entry takes over from the model that it is like, where that says anything of its own."""
    plain = ModelEntry("", "", "", "", 0, 0, 0, 0.0)
    names = [name for name in _TAKEN_FROM_LIKE if name != "sizes" or like.side == side]
    taken = {name: getattr(like, name) for name in names}
    return {name: value for name, value in taken.items() if value != getattr(plain, name)}
