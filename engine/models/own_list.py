"""Writing what this machine adds to the model list: entries and chosen commits, in files of the data folder.

People edit these files: text is only ever added, or one entry's own lines taken away; comments stay.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.errors import BadRegistry
from engine.planning.model_list import read_pins, read_toml
from engine.planning.registry import ADDED, PINS

__all__ = ["append", "attach_vae", "detach_vae", "has_vae", "listed", "pin", "take_out", "unpin"]

_PINS_SAY = (
    "# Commits that the first pull chose for models of which the list names none.\n"
    "# Where a line is taken out, the next pull chooses anew.\n"
)
_OTHER_TABLE = re.compile(r"\s*\[(?!\s*\w+\s*\.)")
"""Where something else begins: a table that is no part of the one above it, as `[model.styles]` is."""

_VAES = re.compile(r"\s*\[\s*vae\s*\]")
"""The head of the table of VAEs."""

_ADDED_SAYS = (
    "# Models that were added on this machine. Edit them as you like; docs/models.md explains the fields.\n"
)


def append(data: Path, row: Mapping[str, Any], comment: str, kind: str = "model") -> None:
    """Adds an entry, with a comment above it. Raises BadRegistry when the file is not in order as it is."""
    file = data / ADDED
    text = _text(file, _ADDED_SAYS)
    fields = "\n".join(f"{name} = {_value(value)}" for name, value in row.items())
    _write(file, f"{text.rstrip()}\n\n# {comment}\n[[{kind}]]\n{fields}\n")


def listed(data: Path, name: str, kind: str = "model") -> bool:
    """Whether an entry of that name was added on this machine."""
    file = data / ADDED
    return file.exists() and any(row.get("name") == name for row in read_toml(file).get(kind, []))


def attach_vae(data: Path, model: str, file: str) -> None:
    """Has a model draw with the VAE of a file; one that was attached before is replaced.

    Raises BadRegistry when the list is not in order as it is.
    """
    path = data / ADDED
    lines = _without_vae(_text(path, _ADDED_SAYS), model).splitlines(keepends=True)
    row = f"{json.dumps(model)} = {_value(file)}\n"
    heads = [number for number, line in enumerate(lines) if _VAES.match(line)]
    if heads:
        lines.insert(heads[0] + 1, row)
    else:
        lines += ["\n# VAEs that take the place of a model's own: its name, and the file.\n[vae]\n", row]
    _write(path, "".join(lines))


def has_vae(data: Path, model: str) -> bool:
    """Whether a VAE was attached to a model."""
    file = data / ADDED
    return file.exists() and model in read_toml(file).get("vae", {})


def detach_vae(data: Path, model: str) -> None:
    """Has a model draw with its own VAE again."""
    if has_vae(data, model):
        _write(data / ADDED, _without_vae(_text(data / ADDED, ""), model))


def _without_vae(text: str, model: str) -> str:
    """The list without the VAE that was attached to a model."""
    lines, inside = [], False
    for line in text.splitlines(keepends=True):
        inside = bool(_VAES.match(line)) or (inside and not line.lstrip().startswith("["))
        if not (inside and re.match(rf"\s*{re.escape(json.dumps(model))}\s*=", line)):
            lines.append(line)
    return "".join(lines)


def take_out(data: Path, name: str, kind: str = "model") -> None:
    """Takes an entry's lines out, and the comment right above them; everything else stays as it is."""
    file = data / ADDED
    lines = _text(file, "").splitlines(keepends=True)
    heads = [number for number, line in enumerate(lines) if _OTHER_TABLE.match(line)]
    for head, end in zip(heads, [*heads[1:], len(lines)], strict=True):
        end = _without_comments(lines, head, end)
        try:
            rows = tomllib.loads("".join(lines[head:end])).get(kind, [])
        except tomllib.TOMLDecodeError:
            continue
        if any(row.get("name") == name for row in rows):
            start = head
            while start > 0 and lines[start - 1].lstrip().startswith("#"):
                start -= 1
            _write(file, "".join(lines[:start]).rstrip() + "\n\n" + "".join(lines[end:]).lstrip("\n"))
            return


def pin(data: Path, source: str, commit: str) -> None:
    """Writes down which commit of a repository is used from now on; the first one stays."""
    file = data / PINS
    if source not in read_pins(file):
        _write(file, f"{_text(file, _PINS_SAY).rstrip()}\n{json.dumps(source)} = {json.dumps(commit)}\n")


def unpin(data: Path, source: str) -> None:
    """Forgets the commit that was chosen for a repository."""
    file = data / PINS
    if file.exists():
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        _write(file, "".join(line for line in lines if not line.startswith(f"{json.dumps(source)} ")))


def _without_comments(lines: list[str], head: int, end: int) -> int:
    """Where an entry ends: what stands right above the next one belongs to that."""
    while end > head + 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
        end -= 1
    return end


def _text(file: Path, otherwise: str) -> str:
    """What a file holds, which must be in order. Raises BadRegistry."""
    if not file.exists():
        return otherwise
    read_toml(file)
    return file.read_text(encoding="utf-8")


def _write(file: Path, text: str) -> None:
    """Writes a file in one go, once what it will hold is known to be in order."""
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadRegistry(f"The model list {file} cannot be changed so: {error}.") from error
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f"{file.name}.new")
    new.write_text(text, encoding="utf-8")
    os.replace(new, file)


def _value(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{name} = {_value(item)}' for name, item in value.items())} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(item) for item in value)}]"
    if isinstance(value, int | float):
        return repr(value)
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
