"""Adding all that lies in a folder of downloads: a row for each file, and for each pipeline."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from engine.errors import EngineError
from engine.files import holds_weights, recognised_in
from engine.models.added import Added
from engine.models.adding import add
from engine.planning.embeddings import EmbeddingEntry
from engine.planning.entries import ModelEntry
from engine.planning.loras import LoraEntry
from engine.planning.presence import read_index
from engine.planning.registry import Registry

__all__ = ["FolderRow", "add_files", "is_collection"]


@dataclass(frozen=True, slots=True)
class FolderRow:
    """A file, or a pipeline, of a folder, what it is, and its entry; ``why`` says why it was not added."""

    file: Path
    what: str
    family: str
    added: Added | None
    why: str = ""


def is_collection(source: str) -> bool:
    """Whether it is a folder of downloads, whose files are added one by one, and no pipeline."""
    folder = Path(source).expanduser()
    return folder.is_dir() and read_index(folder) is None and holds_weights(folder)


def add_files(source: str, data: Path, registry: Registry) -> tuple[FolderRow, ...]:
    """Adds every pipeline and file of weights in a folder and below it that can be drawn with.

    Raises BadFile where there is no such folder.
    """
    folder, rows, pipelines = Path(source).expanduser(), [], set[Path]()
    for row in recognised_in(folder):
        home = next((each for each in row.file.parents if read_index(folder / each) is not None), None)
        if home is not None and home in pipelines:
            continue
        file, families = home or row.file, ", ".join(row.families)
        pipelines |= {home} if home else set()
        what = "a pipeline" if home else row.what
        place = (folder / file).resolve()
        if known := next((each.name for each in registry.drawable if each.folder == place), ""):
            rows.append(FolderRow(file, what, families, None, f"It is in the list already, as {known}."))
            continue
        if not home and row.refused:
            rows.append(FolderRow(file, what, families, None, row.refused))
            continue
        try:
            added = add(str(folder.absolute() / file), data, registry)
        except EngineError as error:
            rows.append(FolderRow(file, what, families if not home else "", None, str(error)))
            continue
        rows.append(FolderRow(file, added.what, added.family, added))
        registry = _with(registry, added, place)
    return tuple(rows)


def _with(registry: Registry, added: Added, file: Path) -> Registry:
    """The registry in which the name and the file are taken."""
    if added.kind == "lora":
        lora = LoraEntry(added.name, "", added.family, str(file), folder=file)
        return replace(registry, loras=(*registry.loras, lora))
    if added.kind == "embedding":
        embedding = EmbeddingEntry(added.name, "", added.family, str(file), folder=file)
        return replace(registry, embeddings=(*registry.embeddings, embedding))
    entry = ModelEntry(added.name, "", added.family, str(file), 1, 1, 1, 0.0, folder=file, configs="-")
    return replace(registry, entries=(*registry.entries, entry))
