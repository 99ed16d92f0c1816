"""What pulling an entry of the list means: which files, how much, from where; nothing is fetched here.

Asks the hub what lies there, and looks what is on this machine already.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from engine.errors import BadFile, ModelUnavailable
from engine.models.choosing import INDEX, index_of, needed
from engine.models.hub import RemoteFile, Repository, cache_folder, look_up
from engine.planning.embeddings import EmbeddingEntry
from engine.planning.entries import ModelEntry
from engine.planning.loras import LoraEntry
from engine.planning.presence import components
from engine.planning.references import AdapterEntry
from engine.planning.registry import Beside, Fetchable, UpscalerEntry
from engine.planning.single_file import lent, what_is

__all__ = ["Order", "Piece", "free", "gigabytes", "order", "part_of"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A file of a repository at a commit."""

    source: str
    commit: str
    file: RemoteFile

    @property
    def place(self) -> Path:
        """Where it lies in the hub's cache once it is whole."""
        return cache_folder(self.source) / "snapshots" / self.commit / self.file.path

    @property
    def blob(self) -> Path:
        """What that place links to."""
        return cache_folder(self.source) / "blobs" / self.file.digest

    def here(self) -> int:
        """Bytes of it that are on this machine."""
        if self.place.exists() or self.blob.exists():
            return self.file.size
        return min(self.file.size, _size(part_of(self.blob)))


@dataclass(frozen=True, slots=True)
class Order:
    """What a pull will fetch: files, each at one commit, most of them from the repository ``source``.

    ``licence`` is the entry's or the hub's card's; ``gated`` says that the hub wants it accepted first.
    """

    entry: ModelEntry | LoraEntry | Beside
    source: str
    pieces: tuple[Piece, ...]
    licence: str
    commercial: bool = True
    gated: bool = False

    @property
    def commit(self) -> str:
        """The commit of the repository that most comes from."""
        return next(piece.commit for piece in self.pieces if piece.source == self.source)

    @property
    def total(self) -> int:
        """Bytes of all files."""
        return sum(piece.file.size for piece in self.pieces)

    @property
    def missing(self) -> int:
        """Bytes that are to come; of files that broke off, what is still missing."""
        return self.total - sum(piece.here() for piece in self.pieces)

    @property
    def folder(self) -> Path:
        """Where the hub's cache keeps the repository that most comes from."""
        return cache_folder(self.source)

    def sentence(self) -> str:
        """What is said before anything is fetched: how much, whence, under which licence, what is free."""
        here = self.total - self.missing
        begun = f", of which {gigabytes(here)} are here" if here else ""
        terms = f"Licence: {self.licence or 'not stated'}"
        terms += "" if self.commercial else ", no commercial use"
        terms += f"; to be accepted on https://huggingface.co/{self.source}" if self.gated else ""
        return (
            f"{self.entry.title}: {gigabytes(self.total)}{begun}, from {self.source} at {self.commit[:12]}."
            f" {terms}. Free on the disk: {gigabytes(free(self.folder))}."
        )


def order(entry: Fetchable, *, weights: bool = True) -> Order:
    """What pulling an entry means; asks the hub. Raises ModelUnavailable.

    Of a model that is a single file it is what the file lacks; without ``weights`` of that the small files.
    """
    if isinstance(entry, EmbeddingEntry):
        raise ModelUnavailable(
            f"The embedding {entry.name} lies in {entry.folder}; there is nothing to fetch."
        )
    if isinstance(entry, LoraEntry):
        return _of_lora(entry)
    if not isinstance(entry, ModelEntry):
        return _of_beside(entry)
    if entry.folder is not None and (entry.configs or not entry.repositories()):
        return _of_file(entry, weights)
    pieces: list[Piece] = []
    own: list[Piece] = []
    licence = entry.licence
    for source, commit in dict.fromkeys(entry.repositories()):
        repository = look_up(source, commit, entry.title)
        index = index_of(repository, entry.title)
        if index is None and source == entry.source:
            raise ModelUnavailable(f"{entry.title}: {source} has no `{INDEX}`: no diffusers pipeline.")
        shared = entry.shared(source)
        if index is not None:
            index = {name: value for name, value in index.items() if name not in shared}
        files = needed(index, repository.files, entry.variant)
        found = [Piece(source, repository.commit, file) for file in files]
        if source == entry.source:
            own, licence = found, entry.licence or repository.licence
        else:
            pieces += found
    most = entry.source if entry.folder is None else pieces[-1].source
    return Order(entry, most, (*pieces, *own), licence, entry.commercial, entry.gated)


def _of_file(entry: ModelEntry, weights: bool) -> Order:
    """What the repository lends that a single file takes its configurations from; a folder is whole."""
    assert entry.folder is not None
    if not entry.repositories():
        lender = f"; {entry.sibling.title} lends what it lacks" if entry.sibling else ""
        raise ModelUnavailable(f"{entry.title} lies in {entry.folder}{lender}; there is nothing to fetch.")
    ((source, commit),) = entry.repositories()
    repository = look_up(source, commit, entry.title)
    index = index_of(repository, entry.title)
    if index is None:
        raise ModelUnavailable(f"{entry.title}: {source} has no `{INDEX}`: no diffusers pipeline.")
    paths = {file.path for file in repository.files}
    try:
        found = what_is(entry.folder)
    except BadFile as error:
        raise ModelUnavailable(f"{entry.title} cannot be drawn with. {error}") from error
    weighty = [part for part in components(dict(index)) if f"{part}/config.json" in paths]
    wanted = [part for part in lent(found, weighty) if weights and part not in entry.given()]
    files = needed(index, repository.files, entry.variant, wanted)
    pieces = tuple(Piece(source, repository.commit, file) for file in files)
    return Order(entry, source, pieces, repository.licence, gated=repository.gated)


def _of_lora(entry: LoraEntry) -> Order:
    """The one file of a LoRA."""
    if entry.folder is not None:
        raise ModelUnavailable(f"The LoRA {entry.name} lies in {entry.folder}; there is nothing to fetch.")
    repository = look_up(entry.source, entry.revision, entry.title)
    pieces = _pieces(repository, [_named(repository, entry.file, entry.title)])
    return Order(entry, entry.source, pieces, entry.licence or repository.licence, gated=repository.gated)


def _of_beside(entry: Beside) -> Order:
    """What stands beside models: a model of one part, some files, an adapter with its image encoder."""
    if entry.folder is not None:
        raise ModelUnavailable(f"{entry.title} lies in {entry.folder}; there is nothing to fetch.")
    repository = look_up(entry.source, entry.revision, entry.title)
    pieces: list[Piece] = []
    if isinstance(entry, AdapterEntry):
        elsewhere, commit, inside = entry.encoder_place()
        home = look_up(elsewhere, commit, entry.title) if elsewhere else repository
        pieces += _pieces(home, _folder(home, inside))
        names = [entry.file, *([entry.anchors] if entry.anchors else [])]
        files = tuple(_named(repository, name, entry.title) for name in names)
    elif isinstance(entry, UpscalerEntry):
        files = (_named(repository, entry.file, entry.title),)
    else:
        files = _folder(repository, "")
    pieces += _pieces(repository, files)
    licence = getattr(entry, "licence", "") or repository.licence
    commercial = getattr(entry, "commercial", True)
    return Order(entry, entry.source, tuple(pieces), licence, commercial, repository.gated)


def _folder(repository: Repository, inside: str) -> tuple[RemoteFile, ...]:
    """The files of a model of one part that lies in a folder of a repository, "" for all of it."""
    start = f"{inside}/" if inside else ""
    short = [
        replace(file, path=file.path.removeprefix(start))
        for file in repository.files
        if file.path.startswith(start)
    ]
    return tuple(replace(file, path=start + file.path) for file in needed(None, short, None))


def _named(repository: Repository, path: str, title: str) -> RemoteFile:
    """A file of a repository by its path. Raises ModelUnavailable."""
    file = next((file for file in repository.files if file.path == path), None)
    if file is None:
        raise ModelUnavailable(f"{title}: {repository.source} has no file `{path}`.")
    return file


def _pieces(repository: Repository, files: Iterable[RemoteFile]) -> tuple[Piece, ...]:
    return tuple(Piece(repository.source, repository.commit, file) for file in files)


def gigabytes(count: float) -> str:
    """Bytes as people read them."""
    for unit, size in (("GB", 1e9), ("MB", 1e6)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count / 1e3:.3g} kB"


def part_of(blob: Path) -> Path:
    """Where the bytes of a blob lie while it is not whole."""
    return blob.with_name(f"{blob.name}.easel-part")


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0


def free(folder: Path) -> int:
    """Bytes that are free where a folder lies, or will."""
    there = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    return shutil.disk_usage(there).free
