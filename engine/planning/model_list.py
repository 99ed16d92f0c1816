"""Reading the model list: TOML files become entries, or sentences that say what is wrong with them.

Knows the form of the files; does not know what the entries are used for.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from engine.errors import BadRegistry
from engine.families import FAMILIES
from engine.planning.controls import ControlEntry, DepthEntry, Structure
from engine.planning.embeddings import EmbeddingEntry
from engine.planning.entries import DescriberEntry, ModelEntry, SegmenterEntry, UpscalerEntry
from engine.planning.loras import LoraEntry
from engine.planning.references import ROLES, AdapterEntry
from engine.planning.single_file import ENDINGS

__all__ = ["COMMIT", "Entries", "Pins", "read_pins", "read_toml"]

COMMIT = re.compile(r"[0-9a-f]{40}")
"""A commit of a hub repository: a branch may mean something else tomorrow."""

_PINNED = re.compile(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}")
"""A hub repository at a commit."""

Pins: TypeAlias = "Mapping[str, str]"
"""Repositories of which the list names no commit → the one that a pull on this machine chose."""

_LISTS = (
    *("model", "describer", "segmenter", "upscaler"),
    *("lora", "adapter", "embedding", "control", "depth"),
)
"""What a file lists, by the names of its lists."""

_TABLED = ("sizes", "muses", "oddities", "anchors")
"""Fields that may name a table of the files instead of holding their rows."""

_PATHS = ("./", "../", "/", "~")
"""How the places of files and folders on this machine begin."""

_FOUND = {"folder", "chosen_here", "sibling", "vae_file", "added"}
"""Fields of entries that are found out, or follow from where the file lies; no file may hold them."""

_UNPINNED = (ModelEntry, AdapterEntry, ControlEntry, DepthEntry)
"""Kinds that may name no commit, where no public material does."""

_Entry = TypeVar(
    "_Entry",
    "ModelEntry",
    "DescriberEntry",
    "SegmenterEntry",
    "UpscalerEntry",
    LoraEntry,
    AdapterEntry,
    EmbeddingEntry,
    ControlEntry,
    DepthEntry,
)


@dataclass(slots=True)
class Entries:
    """All that files list, by names; a later file's entry replaces the one of its name.

    ``problems`` are sentences about entries that could not be taken.
    """

    models: dict[str, ModelEntry] = field(default_factory=dict)
    describers: dict[str, DescriberEntry] = field(default_factory=dict)
    segmenters: dict[str, SegmenterEntry] = field(default_factory=dict)
    upscalers: dict[str, UpscalerEntry] = field(default_factory=dict)
    loras: dict[str, LoraEntry] = field(default_factory=dict)
    adapters: dict[str, AdapterEntry] = field(default_factory=dict)
    embeddings: dict[str, EmbeddingEntry] = field(default_factory=dict)
    controls: dict[str, ControlEntry] = field(default_factory=dict)
    depths: dict[str, DepthEntry] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    _tables: dict[tuple[str, str], Any] = field(default_factory=dict)
    _vaes: dict[str, tuple[Any, Path]] = field(default_factory=dict)

    def add(
        self, files: Mapping[Path, Mapping[str, Any]], pins: Pins, *, strict: bool, added: bool = False
    ) -> None:
        """Takes what the files list, their tables first; ``added`` ones are an operator's.

        ``strict``: an entry that is wrong raises BadRegistry; else it is a problem, and the rest is taken.
        """
        for data in files.values():
            for name in _TABLED:
                tables = data.get(name, {})
                self._tables |= {(name, table): rows for table, rows in tables.items()}
        for file, data in files.items():
            describers: dict[str, DescriberEntry] = {}
            segmenters: dict[str, SegmenterEntry] = {}
            for kind, row, where in _rows(data, file):
                try:
                    if kind == "model":
                        entry = _pinned_model(_model(row, where, file.parent, self._tables), pins)
                        self.models[entry.name] = replace(entry, added=added)
                    elif kind == "describer":
                        describer = _made(DescriberEntry, row, where, file.parent)
                        describers[describer.name] = describer
                    elif kind == "upscaler":
                        upscaler = _made(UpscalerEntry, row, where, file.parent)
                        self.upscalers[upscaler.name] = upscaler
                    elif kind == "lora":
                        lora = _made(LoraEntry, row, where, file.parent)
                        self.loras[lora.name] = lora
                    elif kind == "adapter":
                        adapter = _adapter(row, where, file.parent, pins)
                        self.adapters[adapter.name] = adapter
                    elif kind == "embedding":
                        embedding = _embedding(row, where, file.parent)
                        self.embeddings[embedding.name] = embedding
                    elif kind == "control":
                        control = _control(row, where, file.parent, pins)
                        self.controls[control.name] = control
                    elif kind == "depth":
                        depth = _made(DepthEntry, row, where, file.parent)
                        self.depths[depth.name] = _pinned(depth, pins)
                    else:
                        segmenter = _made(SegmenterEntry, row, where, file.parent)
                        segmenters[segmenter.name] = segmenter
                except BadRegistry as error:
                    if strict:
                        raise
                    self.problems.append(str(error))
            # the operator's go first
            self.describers = describers | self.describers
            self.segmenters = segmenters | self.segmenters
            self._vaes |= {str(name): (vae, file) for name, vae in _table(data, "vae").items()}
        self._lend(strict)
        self._attach(strict)

    def _attach(self, strict: bool) -> None:
        """Gives models the VAEs that a table `[vae]` names for them."""
        for name, (vae, file) in self._vaes.items():
            try:
                if name not in self.models:
                    raise BadRegistry(f"{file}, vae: there is no model {name!r}.")
                place = _file(str(vae), file.parent, f"{file}, vae of {name!r}")
                self.models[name] = replace(self.models[name], vae=str(vae), vae_file=place)
            except BadRegistry as error:
                if strict:
                    raise
                self.problems.append(str(error))
        self._vaes.clear()

    def _lend(self, strict: bool) -> None:
        """Gives every entry of one file the model that lends what it lacks."""
        for name, entry in list(self.models.items()):
            if not entry.configs or _PINNED.fullmatch(entry.configs):
                continue
            sibling = self.models.get(entry.configs)
            if sibling is not None and not sibling.configs:
                self.models[name] = replace(entry, sibling=sibling)
                continue
            told = (
                f"The model {name!r}: `configs` must name another model of the list that is no single file, "
                "or be owner/repo@commit with the 40 digits of the commit."
            )
            if strict:
                raise BadRegistry(told)
            self.problems.append(told)
            del self.models[name]


def read_toml(file: Path) -> dict[str, Any]:
    """What a file holds. Raises BadRegistry."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadRegistry(f"The model list {file} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadRegistry(f"The model list {file} is not valid TOML: {error}.") from error


def read_pins(file: Path) -> Pins:
    """The commits that pulls on this machine chose; none where there is no such file. Raises BadRegistry."""
    if not file.exists():
        return {}
    return {str(source): str(commit) for source, commit in read_toml(file).items()}


def _rows(data: Mapping[str, Any], file: Path) -> Iterator[tuple[str, Mapping[str, Any], str]]:
    """The kind of each row, the row and, for errors, where it stands."""
    for kind in _LISTS:
        rows = data.get(kind, [])
        for number, row in enumerate(rows if isinstance(rows, list) else [rows], start=1):
            named = row.get("name", number) if isinstance(row, dict) else number
            yield kind, row if isinstance(row, dict) else {}, f"{file}, {kind} {named!r}"


def _embedding(row: Mapping[str, Any], where: str, base: Path) -> EmbeddingEntry:
    source = str(row.get("source", ""))
    return _made(
        EmbeddingEntry, dict(row) | {"source": str(_file(source, base, where, "source"))}, where, base
    )


def _table(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A table of a file; empty where there is none, or something else."""
    table = data.get(name, {})
    return table if isinstance(table, dict) else {}


def _model(row: Mapping[str, Any], where: str, base: Path, tables: Mapping[Any, Any]) -> ModelEntry:
    values = dict(row)
    for name in _TABLED:
        table = values.get(name)
        if isinstance(table, str):
            if (name, table) not in tables:
                raise BadRegistry(f"{where}: there is no table {table!r} of {name}.")
            values[name] = tables[name, table]
    if values.get("family") not in FAMILIES:
        raise BadRegistry(f"{where}: `family` must be one of {', '.join(FAMILIES)}.")
    for name in ("side", "multiple", "steps"):
        if name in values and (type(values[name]) is not int or values[name] < 1):
            raise BadRegistry(f"{where}: `{name}` must be a whole number from 1.")
    if "guidance" in values and not isinstance(values["guidance"], int | float):
        raise BadRegistry(f"{where}: `guidance` must be a number.")
    entry = _made(ModelEntry, values, where, base)
    if entry.vae:
        entry = replace(entry, vae_file=_file(entry.vae, base, where))
    one_file = entry.folder is not None and entry.folder.suffix.lower() in ENDINGS
    if one_file and not entry.configs:
        raise BadRegistry(f"{where}: `configs` must say which model or repository lends what one file lacks.")
    if entry.configs and not one_file:
        raise BadRegistry(f"{where}: `configs` is for a source that is one file on this machine.")
    if not isinstance(entry.parts, Mapping):
        raise BadRegistry(f"{where}: `parts` must be a table of names and places.")
    stages = [stage.part for stage in FAMILIES[entry.family].stages]
    if missing := [name for name in stages if name not in entry.parts]:
        raise BadRegistry(f"{where}: `parts` must say where the stage `{missing[0]}` of {entry.family} lies.")
    return replace(entry, parts={name: _part(str(said), base) for name, said in entry.parts.items()})


def _part(said: str, base: Path) -> str:
    """Where a part comes from: a repository as it is named, a folder by its whole path."""
    return str((base / Path(said).expanduser()).resolve()) if said.startswith(_PATHS) else said


def _adapter(row: Mapping[str, Any], where: str, base: Path, pins: Pins) -> AdapterEntry:
    adapter = _made(AdapterEntry, row, where, base)
    if unknown := sorted({*adapter.does, *adapter.weights, *adapter.layers} - set(ROLES)):
        raise BadRegistry(f"{where}: an adapter does {', '.join(ROLES)}, not {unknown[0]!r}.")
    if "@" in adapter.encoder and not _PINNED.fullmatch(adapter.encoder.partition(":")[0]):
        raise BadRegistry(f"{where}: `encoder` must be a folder, or owner/repo@commit with its 40 digits.")
    if adapter.folder is None and adapter.revision is None:
        return replace(adapter, revision=pins.get(adapter.source))
    return adapter


def _file(said: str, base: Path, where: str, field: str = "vae") -> Path:
    """Where a file lies that an entry names. Raises BadRegistry for what is no path."""
    if not said.startswith(_PATHS):
        raise BadRegistry(f"{where}: `{field}` must be a file, and begin with ./ ../ / or ~.")
    return (base / Path(said).expanduser()).resolve()


def _control(row: Mapping[str, Any], where: str, base: Path, pins: Pins) -> ControlEntry:
    if row.get("family") not in FAMILIES:
        raise BadRegistry(f"{where}: `family` must be one of {', '.join(FAMILIES)}.")
    if row.get("map") not in list(Structure):
        raise BadRegistry(f"{where}: `map` must be one of {', '.join(Structure)}.")
    return _pinned(_made(ControlEntry, row, where, base), pins)


def _made(kind: type[_Entry], row: Mapping[str, Any], where: str, base: Path) -> _Entry:
    """An entry of the row's fields, all of them known; its source is a folder or a repository."""
    if unknown := sorted(row.keys() - kind.__dataclass_fields__.keys() | row.keys() & _FOUND):
        raise BadRegistry(f"{where}: there is no field {unknown[0]!r}.")
    values = {name: _frozen(value) for name, value in row.items()}
    source, revision = str(values.get("source", "")), values.get("revision")
    if source.startswith(_PATHS):
        values["folder"] = (base / Path(source).expanduser()).resolve()
    elif (revision is not None or kind not in _UNPINNED) and not COMMIT.fullmatch(str(revision)):
        raise BadRegistry(f"{where}: `revision` must be the 40 digits of a commit of {source!r}.")
    try:
        return kind(**values)
    except TypeError as error:
        raise BadRegistry(f"{where}: a field is missing ({error}).") from error


_Pinned = TypeVar("_Pinned", ControlEntry, DepthEntry)


def _pinned(entry: _Pinned, pins: Pins) -> _Pinned:
    """The entry with the commit that was chosen on this machine, where it names none."""
    if entry.folder is not None or entry.revision is not None or entry.source not in pins:
        return entry
    return replace(entry, revision=pins[entry.source])


def _pinned_model(entry: ModelEntry, pins: Pins) -> ModelEntry:
    """The entry with the commits that a pull on this machine chose, where it names none."""
    parts = {
        name: f"{source}@{pins[source]}" if source in pins else source for name, source in entry.parts.items()
    }
    entry = replace(entry, parts=parts)
    if entry.folder is not None or entry.revision is not None or entry.source not in pins:
        return entry
    return replace(entry, revision=pins[entry.source], chosen_here=True)


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
