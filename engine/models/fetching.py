"""Fetching what was ordered into the hub's cache; what broke off goes on later.

Large files are written beside the cache's blobs, bit by bit, and take their place there once their SHA-256 is
right; the library's own download begins each file anew. Knows nothing of who watches.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from engine.errors import ModelUnavailable
from engine.models.hub import RemoteFile, cache_folder, explained, login
from engine.models.ordering import Order, Piece, free, gigabytes, part_of
from engine.models.own_list import pin
from engine.planning.entries import ModelEntry
from engine.planning.presence import INDEXES, lacking, part_lacks

__all__ = ["Stopped", "fetch"]

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
    room = free(order.folder)
    if order.missing + _ROOM > room and order.missing:
        raise ModelUnavailable(
            f"{entry.title}: {gigabytes(order.missing)} are to come, but only {gigabytes(room)} are free in"
            f" {order.folder.parent}."
        )
    with explained(entry.title, order.source), _alone(order):
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
    if missing := _missing(order):
        raise ModelUnavailable(f"{entry.title}: what the hub holds in {missing}.")


def _missing(order: Order) -> str | None:
    """What a pipeline's own index lists, or its shards', and no repository holds; None: nothing."""
    entry = order.entry
    if not isinstance(entry, ModelEntry) or entry.configs:
        return None
    for source, commit in {piece.source: piece.commit for piece in order.pieces}.items():
        folder = cache_folder(source) / "snapshots" / commit
        if any((folder / name).is_file() for name in INDEXES):
            told = lacking(folder, given=(*entry.parts, *entry.shared(source)))
        else:
            told = part_lacks(folder)
        if told is not None:
            return f"{source} is not whole: {told}"
    return None


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
    with _Part(part_of(blob), file.size) as part:
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
        part_of(blob).unlink()
        raise ModelUnavailable(
            f"{order.entry.title}: `{file.path}` arrived damaged; the next pull fetches it again."
        )
    os.replace(part_of(blob), blob)


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
