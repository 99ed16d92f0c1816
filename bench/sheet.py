"""Tables that are printed and kept: the same rows for the terminal and for a Markdown page.

Knows nothing of what was measured.
"""

import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parent.parent


@dataclass
class Sheet:
    """A titled table with a sentence of explanation."""

    title: str
    columns: Sequence[str]
    says: str = ""
    rows: list[Sequence[str]] = field(default_factory=list)

    def add(self, *cells: object) -> None:
        """One more row; numbers are written with two decimals."""
        self.rows.append([f"{cell:.2f}" if isinstance(cell, float) else str(cell) for cell in cells])

    def show(self) -> None:
        """Prints the table."""
        table = Table(*self.columns, title=self.title, title_justify="left", caption=self.says or None)
        for row in self.rows:
            table.add_row(*row)
        Console(width=110).print(table)

    def markdown(self) -> str:
        """The table as a Markdown section."""
        lines = [f"## {self.title}", ""]
        lines += [self.says, ""] if self.says else []
        lines += ["| " + " | ".join(self.columns) + " |", "|" + " --- |" * len(self.columns)]
        lines += ["| " + " | ".join(row) + " |" for row in self.rows]
        return "\n".join(lines)


def keep(path: Path, title: str, opening: str, sheets: Sequence[Sheet]) -> None:
    """Writes the sheets to a page that says where they were taken."""
    sections = "\n\n".join(sheet.markdown() for sheet in sheets)
    path.write_text(f"# {title}\n\n{opening}\n\n{where()}\n\n{sections}\n", encoding="utf-8")


def where(*more: str) -> str:
    """The machine, the versions and the commit, in a sentence."""
    names = ", ".join(f"{name} {version(name)}" for name in ("torch", "diffusers", "transformers"))
    parts = [processor(), f"Python {platform.python_version()}", names, f"commit {_commit()}", *more]
    return "Taken on " + "; ".join(parts) + "."


def processor() -> str:
    """The processor's name and the number of its cores."""
    names = {
        line.split(":", 1)[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    }
    return f"{' / '.join(sorted(names)) or platform.processor()}, {os.cpu_count()} cores"


def _commit() -> str:
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip() or "unknown"
