"""Which models exist: one entry a model, read from `models.toml` and the operator's own file.

Knows what a model is called, where it comes from, which `--v` and `--niji` values mean it and the sizes it
likes. Does not know how a model is loaded or run, and looks for files without importing torch or reaching the
network.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from engine.errors import BadRegistry, UnknownModel
from engine.families import FAMILIES
from engine.planning.single_file import ENDINGS, why_not

__all__ = ["DescriberEntry", "ModelEntry", "Registry", "SegmenterEntry", "Wanted"]

_COMMIT = re.compile(r"[0-9a-f]{40}")
_PINNED = re.compile(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}")
_OWN_FILE = Path(__file__).with_name("models.toml")
_TABLED = ("sizes", "muses", "oddities")
"""Fields that may name a table of the file instead of holding their rows."""

_Entry = TypeVar("_Entry", "ModelEntry", "DescriberEntry", "SegmenterEntry")


class Wanted(Protocol):
    """The part of a `GenerationSpec` that chooses a model."""

    @property
    def version(self) -> str | None:
        """The value of `--v`."""

    @property
    def niji(self) -> str | None:
        """The value of `--niji`; empty when it was said without one."""


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One model. Sizes are pixels of one tile; `multiple` is what both sides must be divisible by.

    `family` is the file of `engine/families` that knows how its pipeline is called.
    `side` is the edge of the square the model was trained at, `sizes` the tiles that are fixed for it,
    `max_ratio` how far from square it may go. `style` is the house style's text, `styles` what `--style NAME`
    puts in its place (empty: no house style). `muses` are texts that `--c` draws single pictures to,
    `oddities` what `--w` draws all of them to. `guidance` 0 is none. `extend` (0–1) is how far the
    surroundings of a picture are re-noised when it is zoomed out or panned, `refine` how far its details
    are in a creative upscale: both less where the first half of the steps takes less than half of the noise.
    `grain` is how many pixels wide those details are at most: all that is coarser stays as it was.
    `strong` is how far a picture is for Vary (Strong): more where its layout is settled in the first steps.
    `gigabytes` is the size on disk.
    `folder` is where a local model lies, a folder or one file, None for one of the hub. One file takes its
    small configurations, its tokenizers and what else it lacks from `configs`: the name of another model of
    the list (then `sibling`), or `owner/repo@commit` of the hub.
    """

    name: str
    title: str
    family: str
    source: str
    side: int
    multiple: int
    steps: int
    guidance: float
    revision: str | None = None
    variant: str | None = None
    versions: tuple[str, ...] = ()
    niji: tuple[str, ...] = ()
    sizes: tuple[tuple[int, int], ...] = ()
    max_ratio: float = 4.0
    extend: float = 0.85
    strong: float = 0.75
    refine: float = 0.3
    grain: int = 32
    style: str = ""
    muses: tuple[str, ...] = ()
    oddities: tuple[str, ...] = ()
    styles: Mapping[str, str] = field(default_factory=dict)
    gated: bool = False
    gigabytes: float = 0.0
    folder: Path | None = None
    configs: str = ""
    sibling: ModelEntry | None = None

    def on_this_machine(self) -> bool:
        """Whether all its weights lie here, in its folder or file or in the hub's cache; reads names only."""
        if self.configs and self.folder is not None:
            return not why_not(self.folder, self.family, self.configs_folder())
        found = _found(self, "model_index.json")
        return found is not None and _complete(found)

    def configs_folder(self) -> Path | None:
        """The folder on this machine that lends what its single file lacks, or None."""
        if self.sibling is not None:
            return _found(self.sibling, "model_index.json")
        source, _, commit = self.configs.partition("@")
        return _cached(source, commit, "model_index.json")


@dataclass(frozen=True, slots=True)
class DescriberEntry:
    """A model that says what a picture shows. ``prompts`` are what it must be asked (Florence-2's tasks)."""

    name: str
    title: str
    source: str
    revision: str | None = None
    prompts: tuple[str, ...] = ()
    gigabytes: float = 0.0
    folder: Path | None = None

    def on_this_machine(self) -> bool:
        """Whether its weights lie here, in its folder or in the hub's cache; reads names only."""
        found = _found(self, "config.json")
        return found is not None and _part_complete(found)


@dataclass(frozen=True, slots=True)
class SegmenterEntry:
    """A model that finds in a picture what words name (CLIPSeg)."""

    name: str
    title: str
    source: str
    revision: str | None = None
    gigabytes: float = 0.0
    folder: Path | None = None

    def on_this_machine(self) -> bool:
        """Whether its weights lie here, in its folder or in the hub's cache; reads names only."""
        found = _found(self, "config.json")
        return found is not None and _part_complete(found)


@dataclass(frozen=True, slots=True)
class Registry:
    """Models in the order they were listed, each name once; describers and segmenters, the best first."""

    entries: tuple[ModelEntry, ...]
    describers: tuple[DescriberEntry, ...] = ()
    segmenters: tuple[SegmenterEntry, ...] = ()

    @classmethod
    def load(cls, path: Path | None = None, extra: Path | None = None) -> Registry:
        """The entries of `path` (the package's own file by default), then those of `extra`.

        An entry of `extra` replaces the one of its name. Raises BadRegistry with a sentence that names the
        file, the entry and the field.
        """
        models: dict[str, ModelEntry] = {}
        describers: dict[str, DescriberEntry] = {}
        segmenters: dict[str, SegmenterEntry] = {}
        tables: dict[Any, Any] = {}
        for file in (path or _OWN_FILE, extra):
            if file is None:
                continue
            data = _toml(file)
            for name in _TABLED:
                tables.update({(name, table): rows for table, rows in data.get(name, {}).items()})
            for row, where in _rows(data, "model", file):
                entry = _entry(row, where, file.parent, tables)
                models[entry.name] = entry
                _check_configs(entry, where)
            # the operator's go first
            describers = _listed(DescriberEntry, "describer", data, file) | describers
            segmenters = _listed(SegmenterEntry, "segmenter", data, file) | segmenters
        joined = tuple(_with_sibling(entry, models) for entry in models.values())
        return cls(joined, tuple(describers.values()), tuple(segmenters.values()))

    def get(self, name: str) -> ModelEntry:
        """The entry called `name`; raises UnknownModel."""
        for entry in self.entries:
            if entry.name == name:
                return entry
        known = ", ".join(entry.name for entry in self.entries)
        raise UnknownModel(f"There is no model “{name}” here. Known: {known}.")

    def segmenter(self) -> SegmenterEntry | None:
        """The first of them that is on this machine: none is fetched for a region's sake."""
        return next((entry for entry in self.segmenters if entry.on_this_machine()), None)

    def claims(self, spec: Wanted) -> ModelEntry | None:
        """The entry that `--v` or `--niji` means, wherever its weights are; None when none does."""
        if spec.niji is not None:
            wanted = [e for e in self.entries if (spec.niji in e.niji if spec.niji else e.niji)]
            return wanted[-1] if wanted else None
        if spec.version is not None:
            return next((e for e in self.entries if spec.version in e.versions), None)
        return None

    def resolve(self, spec: Wanted, default: str) -> tuple[ModelEntry, tuple[str, ...]]:
        """The entry to render with, and a note when it is not what `--v` or `--niji` asked for.

        A version whose model is not on this machine must not start a download: the default takes its place.
        """
        fallback = self.get(default)
        if spec.niji is None and spec.version is None:
            return fallback, ()
        claimed = self.claims(spec)
        if claimed is not None and (claimed.name == default or claimed.on_this_machine()):
            return claimed, ()
        said = f"--niji {spec.niji}".rstrip() if spec.niji is not None else f"--v {spec.version}"
        if claimed is None:
            return fallback, (f"`{said}` is not a model here; rendered with {fallback.name}.",)
        return fallback, (
            f"`{said}` is {claimed.name}, which is not on this machine; rendered with {fallback.name}.",
        )


def _toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadRegistry(f"The model list {file} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadRegistry(f"The model list {file} is not valid TOML: {error}.") from error


def _rows(data: dict[str, Any], kind: str, file: Path) -> Iterator[tuple[dict[str, Any], str]]:
    """The rows of one kind and, for errors, where each of them stands."""
    for number, row in enumerate(data.get(kind, []), start=1):
        yield row, f"{file}, {kind} {row.get('name', number)!r}"


def _entry(row: dict[str, Any], where: str, base: Path, tables: Mapping[Any, Any]) -> ModelEntry:
    values = dict(row)
    for name in _TABLED:
        table = values.get(name)
        if isinstance(table, str):
            if (name, table) not in tables:
                raise BadRegistry(f"{where}: there is no table {table!r} of {name}.")
            values[name] = tables[name, table]
    if values.get("family") not in FAMILIES:
        raise BadRegistry(f"{where}: `family` must be one of {', '.join(FAMILIES)}.")
    return _made(ModelEntry, values, where, base)


def _check_configs(entry: ModelEntry, where: str) -> None:
    """Raises BadRegistry where one file says not where its configurations come from, or a folder does."""
    one_file = entry.folder is not None and entry.folder.suffix.lower() in ENDINGS
    if one_file and not entry.configs:
        raise BadRegistry(
            f"{where}: `configs` must say which model or repository lends what a single file lacks."
        )
    if entry.configs and not one_file:
        raise BadRegistry(f"{where}: `configs` is for a source that is one file on this machine.")


def _with_sibling(entry: ModelEntry, models: Mapping[str, ModelEntry]) -> ModelEntry:
    """The entry with the model that lends what its single file lacks. Raises BadRegistry."""
    if not entry.configs or _PINNED.fullmatch(entry.configs):
        return entry
    sibling = models.get(entry.configs)
    if sibling is None or sibling.configs:
        raise BadRegistry(
            f"The model {entry.name!r}: `configs` must name another model of the list that is no single "
            "file, or be owner/repo@commit with the 40 digits of the commit."
        )
    return replace(entry, sibling=sibling)


def _listed(kind: type[_Entry], name: str, data: dict[str, Any], file: Path) -> dict[str, _Entry]:
    """The entries of a kind that has plain fields only, by their names."""
    made = [_made(kind, row, where, file.parent) for row, where in _rows(data, name, file)]
    return {entry.name: entry for entry in made}


def _made(kind: type[_Entry], row: Mapping[str, Any], where: str, base: Path) -> _Entry:
    """An entry of the row's fields, all of them known; its source is a folder or a pinned commit."""
    if unknown := sorted(row.keys() - kind.__dataclass_fields__.keys() | row.keys() & {"folder", "sibling"}):
        raise BadRegistry(f"{where}: there is no field {unknown[0]!r}.")
    values = {name: _frozen(value) for name, value in row.items()}
    source = str(values.get("source", ""))
    if source.startswith(("./", "../", "/", "~")):
        values["folder"] = (base / Path(source).expanduser()).resolve()
    elif not _COMMIT.fullmatch(str(values.get("revision", ""))):
        raise BadRegistry(f"{where}: `revision` must be the 40 digits of a commit of {source!r}.")
    try:
        return kind(**values)
    except TypeError as error:
        raise BadRegistry(f"{where}: a field is missing ({error}).") from error


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value


def _found(entry: ModelEntry | DescriberEntry | SegmenterEntry, name: str) -> Path | None:
    """The folder on this machine that holds the file ``name`` of the entry, or None."""
    if entry.folder is not None:
        return entry.folder if (entry.folder / name).is_file() else None
    return _cached(entry.source, entry.revision, name)


def _cached(source: str, commit: str | None, name: str) -> Path | None:
    """The folder in the hub's cache that holds the file ``name`` of a repository, or None."""
    from huggingface_hub import try_to_load_from_cache  # for speed: a quarter second, only for who asks

    path = try_to_load_from_cache(source, name, revision=commit)
    return Path(path).parent if isinstance(path, str) else None


def _complete(folder: Path) -> bool:
    """Whether every part that `model_index.json` lists is there, every shard of its weights included."""
    try:
        index = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    parts = [name for name, value in index.items() if isinstance(value, list) and value[0] is not None]
    return all(_part_complete(folder / part) for part in parts)


def _part_complete(part: Path) -> bool:
    if not part.is_dir():
        return False
    for shards in part.glob("*index*.json"):
        names = set(json.loads(shards.read_text(encoding="utf-8"))["weight_map"].values())
        if not all((part / name).exists() for name in names):
            return False
    holds_weights = (part / "config.json").is_file()  # tokenizers and schedulers have other names for theirs
    return not holds_weights or any(part.glob("*.safetensors")) or any(part.glob("*.bin"))
