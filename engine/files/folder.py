"""What lies in a folder of downloads: one row a file.

Reads headers only, and follows no link out of the folder.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from engine.errors import BadFile
from engine.files.recognise import Recognised, recognise

__all__ = ["Row", "holds_weights", "recognised_in"]

_ENDINGS = (".safetensors", ".gguf", ".ckpt", ".pt", ".pth", ".bin", ".sft")
"""How files of weights are named; others (pictures, texts) are no part of the table."""

_MOST_FILES = 2_000
"""Files of a folder that are looked at, the first by name."""


@dataclass(frozen=True, slots=True)
class Row:
    """A file, by its path in the folder, and what it is; ``error`` says why it cannot be read."""

    file: Path
    found: Recognised | None
    error: str = ""

    @property
    def what(self) -> str:
        """What it is, in words."""
        return self.found.what if self.found else "unreadable"

    @property
    def families(self) -> tuple[str, ...]:
        """The families that it is for."""
        return self.found.families if self.found else ()

    @property
    def missing(self) -> tuple[str, ...]:
        """The components that must come from elsewhere."""
        return self.found.missing if self.found else ()

    @property
    def refused(self) -> str:
        """Why Easel cannot use it; empty where it can."""
        return self.found.refused if self.found else self.error


def recognised_in(folder: Path) -> tuple[Row, ...]:
    """What the files in the folder and those below it are, by name. Raises BadFile where it is none."""
    if not folder.is_dir():
        raise BadFile("There is no such folder.")
    home = folder.resolve()
    rows = []
    for path in _files(folder)[:_MOST_FILES]:
        if not path.resolve().is_relative_to(home):
            rows.append(Row(path.relative_to(folder), None, "This is a link to a place outside the folder."))
            continue
        try:
            rows.append(Row(path.relative_to(folder), recognise(path)))
        except BadFile as error:
            rows.append(Row(path.relative_to(folder), None, str(error)))
    return tuple(rows)


def holds_weights(folder: Path) -> bool:
    """Whether it is a folder with files of weights in it, or below."""
    return folder.is_dir() and bool(_files(folder))


def _files(folder: Path) -> list[Path]:
    """Files of weights by name; linked folders are not entered."""
    return sorted(
        Path(at) / name
        for at, _, names in os.walk(folder, followlinks=False)
        for name in names
        if name.lower().endswith(_ENDINGS)
    )
