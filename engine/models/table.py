"""The owner's table in docs/models.md: which model for which card, what it cannot, its licence.

Made from the list alone: `python -m engine.models.table docs/models.md` writes it between its two marks.
"""

from __future__ import annotations

import sys
from pathlib import Path

from engine.planning.abilities import cannot
from engine.planning.entries import ModelEntry, Precision
from engine.planning.measuring import listed
from engine.planning.memory import Placement
from engine.planning.registry import Registry

__all__ = ["BEGIN", "END", "card", "owner_table", "written"]

BEGIN, END = "<!-- models: begin -->", "<!-- models: end -->"
"""What stands before and behind the table in the document."""

_CARDS = (4, 6, 8, 12, 16, 24, 32, 48, 80, 96, 141)
"""GB of memory that cards have."""

_STORED: tuple[Precision, ...] = ("fp16", "fp8", "nf4")


def owner_table(registry: Registry) -> str:
    """A row for each model, in the list's order."""
    heads = (
        "model",
        "`--v` / `--niji`",
        "side",
        "fp16",
        "fp8",
        "nf4",
        "fp16 on",
        "in turns on",
        "to fetch",
        "licence",
        "cannot",
    )
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return "\n".join((*lines, *(_row(entry) for entry in registry.entries)))


def card(gigabytes: float) -> int | None:
    """The smallest common card that has so much memory, in GB; None where none has."""
    return next((size for size in _CARDS if gigabytes <= size), None)


def written(document: str, registry: Registry) -> str:
    """The document with the table as it must be. Raises ValueError where a mark is missing."""
    before, _, rest = document.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"the document lacks {BEGIN} or {END}")
    return f"{before}{BEGIN}\n{owner_table(registry)}\n{END}{after}"


def _row(entry: ModelEntry) -> str:
    told = [listed(entry, kind) for kind in _STORED]
    stored = [f"{needed.at(Placement.WHOLE) / 1e9:.1f}" if needed.parts else "–" for needed in told]
    size, apart = (card(told[0].at(placement) / 1e9) for placement in (Placement.WHOLE, Placement.PARTS))
    cells = (
        f"`{entry.name}` {entry.title}{'' if entry.folder or entry.revision else ' ¹'}",
        " ".join((*entry.versions, *(f"niji {value}" for value in entry.niji))) or "–",
        str(entry.side),
        *stored,
        f"{size} GB" if size else "–",
        f"{apart} GB" if apart else "–",
        f"{entry.gigabytes:g} GB" if entry.folder is None else "–",
        _terms(entry),
        ", ".join(f"`{word}`" if word.startswith("--") else word for word in cannot(entry)) or "–",
    )
    return "| " + " | ".join(cells) + " |"


def _terms(entry: ModelEntry) -> str:
    terms = [entry.licence]
    terms += [] if entry.commercial else ["**no commercial use**"]
    terms += ["to be accepted"] if entry.gated else []
    return "; ".join(terms)


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(written(path.read_text(encoding="utf-8"), Registry.load()), encoding="utf-8")
