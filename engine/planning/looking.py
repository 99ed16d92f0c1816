"""References that a model looks at itself: pictures beside the words, in families that are shown pictures.

No adapter stands between: how much such a picture counts is for the words to say, which name what is to be
taken from it. Knows families and prompts; nothing of pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.families import FAMILIES, Ability, Edits
from engine.planning.references import (
    CHARACTER,
    IMAGE,
    OBJECT,
    AdapterEntry,
    Reference,
    adapter_for,
    links_of,
    references_of,
)

if TYPE_CHECKING:
    from engine.planning.entries import ModelEntry
    from engine.planning.plan import Conditioning
    from grammar.spec import GenerationSpec

__all__ = ["LOOKED_AT", "likeness_of", "looks", "references_for", "with_words"]

LOOKED_AT = (IMAGE, CHARACTER, OBJECT)
"""What of a picture a model takes by itself; a style alone it does not tell apart from the things."""

_TAKEN = {CHARACTER: "with the same character as in {}", OBJECT: "with the same thing as in {}"}
_NUMBERS = {IMAGE: "iw", CHARACTER: "cw", OBJECT: "ow"}


def looks(family: str) -> Edits | None:
    """How the family is shown pictures beside words that it draws; None where it is not."""
    known = FAMILIES[family]
    return None if Ability.TEXT in known.cannot else known.edits


def references_for(
    spec: GenerationSpec, entry: ModelEntry, known: Sequence[AdapterEntry]
) -> tuple[tuple[Reference, ...], tuple[str, ...]]:
    """What the pictures are drawn after, and what to tell of the rest.

    By the adapters that are on this machine; what none of them does, a model that can looks at itself.
    """
    here = [each for each in known if each.on_this_machine()]
    own = [role for role in LOOKED_AT if looks(entry.family) and adapter_for(entry, role, here) is None]
    shown, told = _looked_at(spec, entry, own)
    made, notes = references_of(spec, entry, known, own)
    return (*shown, *made), (*told, *notes)


def _looked_at(
    spec: GenerationSpec, entry: ModelEntry, roles: Sequence[str]
) -> tuple[tuple[Reference, ...], tuple[str, ...]]:
    """The pictures of these roles, each as the model looks at it, and what to tell of the rest."""
    edits = looks(entry.family)
    if edits is None:
        return (), ()
    said = {role: links_of(spec, role) for role in LOOKED_AT if role in roles}
    if spec.iw == 0:
        said.pop(IMAGE, None)
    made = [Reference(role, "", 1.0, link=part.text) for role, links in said.items() for part in links]
    notes = []
    idle = [
        f"`--{_NUMBERS[role]}`" for role, links in said.items() if links and getattr(spec, _NUMBERS[role])
    ]
    if idle:
        notes.append(f"{entry.title} looks at the picture itself, so {' and '.join(idle)} changes nothing.")
    if len(made) > edits.most:
        shown = "one picture" if edits.most == 1 else f"{edits.most} pictures"
        notes.append(f"{entry.title} looks at {shown}; the others were left out.")
    return tuple(made[: edits.most]), tuple(notes)


def with_words(parts: tuple[Conditioning, ...], references: Sequence[Reference]) -> tuple[Conditioning, ...]:
    """The texts that are wanted, with what is to be taken from the pictures that the model looks at."""
    shown = [each for each in references if not each.adapter]
    named = ["the image"] if len(shown) == 1 else [f"image {number}" for number in range(1, len(shown) + 1)]
    taken = [
        _TAKEN[each.role].format(name) for each, name in zip(shown, named, strict=True) if each.role in _TAKEN
    ]
    if not taken:
        return parts
    return tuple(
        replace(part, text=", ".join([part.text, *taken]).removeprefix(", ")) if part.weight > 0 else part
        for part in parts
    )


def likeness_of(entry: ModelEntry, references: Sequence[Reference]) -> float:
    """The second guidance of a model that looks at any of the references; 0 where it has none."""
    edits = looks(entry.family)
    shown = any(not each.adapter for each in references)
    return entry.likeness if edits is not None and edits.likeness and shown else 0.0
