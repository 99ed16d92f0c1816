"""Fetching a model into the hub's cache: what it will take is said first; what broke off goes on later.

Large files are written beside the cache's blobs, bit by bit, and take their place there once their SHA-256 is
right; the library's own download begins each file anew. Knows nothing of who watches.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from engine.errors import ModelUnavailable
from engine.models.choosing import INDEX, needed
from engine.models.hub import RemoteFile, cache_folder, explained, login, look_up, read_json
from engine.models.own_list import pin
from engine.planning.entries import ModelEntry

__all__ = ["Order", "Stopped", "fetch", "gigabytes", "order"]

WAITS = (0.5, 1.0, 2.0, 4.0)
"""Seconds before each new try after a connection broke; anew when something came through meanwhile."""

_CHUNK = 1 << 20
"""Bytes of a file begun earlier that are read and hashed at a time."""

_PARTIAL = 206
"""The status of an answer that begins where one asked it to."""

_SILENCE = 30.0
"""Seconds without a byte after which a connection is taken for broken."""

_ROOM = 500_000_000
"""Bytes that stay free on the disk: a bot that cannot write its database helps nobody."""


class Stopped(Exception):
    """The fetching was stopped by whoever began it; the next one goes on from there."""


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
        return min(self.file.size, _size(_part(self.blob)))


@dataclass(frozen=True, slots=True)
class Order:
    """What a pull will fetch: files, each at one commit. ``licence`` is the entry's or the hub's card's."""

    entry: ModelEntry
    pieces: tuple[Piece, ...]
    licence: str

    @property
    def commit(self) -> str:
        """The commit of the entry's own repository."""
        return next(piece.commit for piece in self.pieces if piece.source == self.entry.source)

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
        """Where the hub's cache keeps the entry's own repository."""
        return cache_folder(self.entry.source)

    def sentence(self) -> str:
        """What is said before anything is fetched: how much, whence, under which licence, what is free."""
        entry, here = self.entry, self.total - self.missing
        begun = f", of which {gigabytes(here)} are here" if here else ""
        terms = f"Licence: {self.licence or 'not stated'}"
        terms += "" if entry.commercial else ", no commercial use"
        terms += f"; to be accepted on https://huggingface.co/{entry.source}" if entry.gated else ""
        return (
            f"{entry.title}: {gigabytes(self.total)}{begun}, from {entry.source} at {self.commit[:12]}."
            f" {terms}. Free on the disk: {gigabytes(_free(self.folder))}."
        )


def order(entry: ModelEntry) -> Order:
    """What pulling an entry means; asks the hub. Raises ModelUnavailable."""
    if entry.folder is not None:
        raise ModelUnavailable(f"{entry.title} lies in {entry.folder}; there is nothing to fetch.")
    pieces: list[Piece] = []
    for source, commit in dict.fromkeys(entry.repositories()):
        repository = look_up(source, commit, entry.title)
        index = read_json(repository, INDEX, entry.title)
        if index is None and source == entry.source:
            raise ModelUnavailable(f"{entry.title}: {source} has no `{INDEX}`: no diffusers pipeline.")
        files = needed(index, repository.files, entry.variant)
        found = [Piece(source, repository.commit, file) for file in files]
        if source == entry.source:
            own, licence = found, entry.licence or repository.licence
        else:
            pieces += found
    return Order(entry, (*pieces, *own), licence)


def fetch(
    order: Order,
    data: Path,
    tell: Callable[[int, int], None],
    stopped: Callable[[], bool] = lambda: False,
) -> None:
    """Fetches what is missing, and tells bytes here and bytes in all as they come.

    A commit that the entry does not name is written down in ``data``, once, before anything is fetched.
    Raises ModelUnavailable with one sentence, or Stopped; both leave what has come so far.
    """
    entry = order.entry
    free = _free(order.folder)
    if order.missing + _ROOM > free and order.missing:
        raise ModelUnavailable(
            f"{entry.title}: {gigabytes(order.missing)} are to come, but only {gigabytes(free)} are free in"
            f" {order.folder.parent}."
        )
    with explained(entry.title, entry.source), _alone(order):
        for source, commit in {piece.source: piece.commit for piece in order.pieces}.items():
            if (source, None) in entry.repositories():
                pin(data, source, commit)
        done = 0
        for piece in order.pieces:

            def tell_of(bytes_here: int, before: int = done) -> None:
                if stopped():
                    raise Stopped
                tell(before + bytes_here, order.total)

            _file(order, piece, tell_of)
            done += piece.file.size
            tell_of(piece.file.size)


def gigabytes(count: float) -> str:
    """Bytes as people read them."""
    for unit, size in (("GB", 1e9), ("MB", 1e6)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count / 1e3:.3g} kB"


def _file(order: Order, piece: Piece, tell: Callable[[int], None]) -> None:
    """One file, into its place in the cache."""
    from huggingface_hub import hf_hub_download  # for speed: only for who goes to the hub
    from huggingface_hub.utils.tqdm import disable_progress_bars  # for speed, likewise

    if piece.place.exists():
        return
    if piece.file.large and not piece.blob.exists():
        _large(order, piece, piece.blob, tell)
    disable_progress_bars()
    # What is small is downloaded by it; a blob that is there it only links to.
    hf_hub_download(piece.source, piece.file.path, revision=piece.commit)


def _large(order: Order, piece: Piece, blob: Path, tell: Callable[[int], None]) -> None:
    """A large file, from where it broke off; a broken connection is tried again."""
    file = piece.file
    blob.parent.mkdir(parents=True, exist_ok=True)
    tries = 0
    with _Part(_part(blob), file.size) as part:
        while part.size < file.size:
            before = part.size
            try:
                _stream(piece, part, tell)
            except Exception as error:
                if not _broken(error):
                    raise
                tries = 0 if part.size > before else tries + 1
                if tries >= len(WAITS):
                    raise ModelUnavailable(_broke_off(order, file, part.size, error)) from error
                time.sleep(WAITS[tries])
        right = part.digest() == file.digest
    if not right:
        _part(blob).unlink()
        raise ModelUnavailable(
            f"{order.entry.title}: `{file.path}` arrived damaged; the next pull fetches it again."
        )
    os.replace(_part(blob), blob)


def _stream(piece: Piece, part: _Part, tell: Callable[[int], None]) -> None:
    """What is still missing of a file, as far as the connection lasts."""
    from huggingface_hub import get_session, hf_hub_url, hf_raise_for_status  # for speed: only who goes there

    url = hf_hub_url(piece.source, piece.file.path, revision=piece.commit)
    headers = login() | {"Accept-Encoding": "identity"}
    if part.size:
        headers["Range"] = f"bytes={part.size}-"
    with get_session().stream("GET", url, headers=headers, timeout=_SILENCE) as answer:
        hf_raise_for_status(answer)
        if part.size and answer.status_code != _PARTIAL:  # the server gives the whole file only
            part.empty()
        for chunk in answer.iter_bytes():  # as it comes: what a buffer holds back is lost when it breaks
            part.write(chunk)
            tell(part.size)


class _Part:
    """A file that is not whole yet, and the SHA-256 of what there is.

    What is longer than ``most`` bytes is emptied.
    """

    def __init__(self, path: Path, most: int) -> None:
        self._file = path.open("ab+")
        self._digest = hashlib.sha256()
        self.size = self._file.seek(0, os.SEEK_END)
        if self.size > most:
            self.empty()
        self._file.seek(0)
        while chunk := self._file.read(_CHUNK):
            self._digest.update(chunk)

    def __enter__(self) -> _Part:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, chunk: bytes) -> None:
        """Adds what has come; on the disk before it counts."""
        self._file.write(chunk)
        self._file.flush()
        self._digest.update(chunk)
        self.size += len(chunk)

    def empty(self) -> None:
        """Begins anew."""
        self._file.truncate(0)
        self._digest, self.size = hashlib.sha256(), 0

    def digest(self) -> str:
        """The SHA-256 of all of it."""
        return self._digest.hexdigest()


def _broken(error: Exception) -> bool:
    """Whether it is a connection that broke, and not an answer of the hub's or the disk's."""
    return type(error).__module__.partition(".")[0].startswith("httpx") and not hasattr(error, "response")


def _broke_off(order: Order, file: RemoteFile, have: int, error: Exception) -> str:
    if have == 0:
        return f"{order.entry.title}: the hub could not be reached ({type(error).__name__})."
    return (
        f"{order.entry.title}: the download broke off in `{file.path}` at {gigabytes(have)} of"
        f" {gigabytes(file.size)}; the next pull goes on from there."
    )


@contextmanager
def _alone(order: Order) -> Iterator[None]:
    """Keeps a second process from fetching the same repository meanwhile. Raises ModelUnavailable."""
    order.folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(order.folder / "easel.lock", timeout=0, thread_local=False):
            yield
    except Timeout:
        raise ModelUnavailable(f"{order.entry.title} is being fetched already.") from None


def _part(blob: Path) -> Path:
    return blob.with_name(f"{blob.name}.easel-part")


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0


def _free(folder: Path) -> int:
    """Bytes that are free where a folder lies, or will."""
    there = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    return shutil.disk_usage(there).free
