"""The table of families and what each can do, written into docs/models.md from the families' own data.

Runs nothing: `tests/families/test_matrix.py` shows on tiny pipelines that what stands here is so.
"""

import re
from functools import cache
from pathlib import Path

from bench.sheet import ROOT
from engine import Registry
from engine.families import FAMILIES, Ability
from engine.planning.looking import looks

__all__ = ["BESIDE", "COLUMNS", "PAGE", "main", "missing", "section"]

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

BESIDE = {
    "edit": "it was not made to be shown a picture that it changes",
    "reference": "no adapter for it is known here",
    "control": "no control for it is known here",
}
"""Further columns, of what some families can, shown alone and in company; and why others cannot."""

PAGE = ROOT / "docs" / "models.md"
_BEGIN, _END = "<!-- families: begin -->", "<!-- families: end -->"


@cache
def _listed() -> Registry:
    return Registry.load()


def missing(name: str, column: str) -> str | None:
    """Why the family cannot do what the column says; None where it can."""
    family = FAMILIES[name]
    able = {
        "edit": family.edits is not None,
        "reference": bool(looks(name)) or any(each.family == name for each in _listed().adapters),
        "control": any(each.family == name for each in _listed().controls),
    }
    if column in BESIDE:
        return None if able[column] else BESIDE[column]
    if column in ("region", "pan") and family.repaints:
        return None
    ability = COLUMNS[column]
    return None if ability is None else family.cannot.get(ability)


def section() -> str:
    """The table with the reasons under it, markers included."""
    reasons: list[str] = []
    columns = (*COLUMNS, *BESIDE)
    rows = [f"| family | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for name in sorted(FAMILIES):
        whys = [missing(name, column) for column in columns]
        reasons += [why for why in dict.fromkeys(whys) if why is not None and why not in reasons]
        cells = ["✓" if why is None else f"{reasons.index(why) + 1}" for why in whys]
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
