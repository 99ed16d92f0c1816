"""The table of families and what each can do, written into docs/models.md from the families' own data.

Runs nothing: `tests/families/test_matrix.py` shows on tiny pipelines that what stands here is so.
"""

import re
from pathlib import Path

from bench.sheet import ROOT
from engine.families import FAMILIES, Ability

__all__ = ["COLUMNS", "PAGE", "main", "section"]

COLUMNS: dict[str, Ability | None] = {
    "text to picture": Ability.TEXT,
    "several texts": Ability.TEXTS,
    "`--no`": Ability.WITHOUT,
    "`--s --c --w`": Ability.EFFECTS,
    "variation": Ability.PICTURE,
    "region": Ability.PICTURE,
    "pan": Ability.PICTURE,
    "`--tile`": Ability.TILE,
    "`--stop`": Ability.STOP,
    "image prompt": Ability.PICTURE,
    "long prompt": None,
    "cancelled midway": None,
    "shared forwards": Ability.LENGTHS,
    "equal in company": None,
}
"""The table's columns, and which ability a family lacks that cannot do it; None: every family can."""

PAGE = ROOT / "docs" / "models.md"
_BEGIN, _END = "<!-- families: begin -->", "<!-- families: end -->"


def section() -> str:
    """The table with the reasons under it, markers included."""
    reasons: list[str] = []
    rows = [f"| family | {' | '.join(COLUMNS)} | edit |", "|---" * (len(COLUMNS) + 2) + "|"]
    for name, family in sorted(FAMILIES.items()):
        cells = []
        for ability in COLUMNS.values():
            if ability is None or ability not in family.cannot:
                cells.append("✓")
                continue
            why = family.cannot[ability]
            if why not in reasons:
                reasons.append(why)
            cells.append(f"{reasons.index(why) + 1}")
        cells.append("–" if family.edits is None else "✓")
        rows.append(f"| `{name}` | {' | '.join(cells)} |")
    notes = [f"{number}. {why}" for number, why in enumerate(reasons, start=1)]
    return "\n".join([_BEGIN, *rows, "", *notes, _END])


def main() -> None:
    """Prints the table and writes it between the markers of docs/models.md."""
    print(section())
    write(PAGE)


def write(page: Path) -> None:
    """Puts the table between the page's markers."""
    text = page.read_text(encoding="utf-8")
    pattern = re.compile(f"{re.escape(_BEGIN)}.*{re.escape(_END)}", re.DOTALL)
    page.write_text(pattern.sub(lambda _: section(), text), encoding="utf-8")
