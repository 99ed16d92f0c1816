"""Many pictures as one archive, written while it is being sent: no more than one of them is in memory.

Knows nothing of who may see what: it is told the pictures.
"""

from __future__ import annotations

import asyncio
import io
import secrets
import time
import zipfile
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Download", "Downloads", "archived"]

LIFETIME = 600.0  # seconds in which a download may be fetched
MOST = 200  # downloads that wait to be fetched
MOST_OF_ONE = 5  # of one user: their own go first, so that nobody's asking takes away another's


@dataclass(frozen=True, slots=True)
class Download:
    """An archive that somebody asked for: the files in it, by the names they have there."""

    user_id: int
    files: tuple[tuple[str, Path], ...]
    asked: float


class Downloads:
    """The archives that wait to be fetched. ``clock`` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waiting: OrderedDict[str, Download] = OrderedDict()

    def keep(self, user_id: int, files: Sequence[tuple[str, Path]]) -> str:
        """Keep an archive's list for its user; the id under which it is fetched."""
        key = secrets.token_urlsafe(16)
        own = [each for each, download in self._waiting.items() if download.user_id == user_id]
        if len(own) >= MOST_OF_ONE:
            del self._waiting[own[0]]
        self._waiting[key] = Download(user_id, tuple(files), self._clock())
        if len(self._waiting) > MOST:
            self._waiting.popitem(last=False)
        return key

    def get(self, key: str, user_id: int) -> Download | None:
        """Somebody's own archive; None where it is too old, or another's."""
        found = self._waiting.get(key)
        if found is None or found.user_id != user_id or self._clock() - found.asked > LIFETIME:
            return None
        return found


async def archived(files: Sequence[tuple[str, Path]]) -> AsyncIterator[bytes]:
    """The bytes of a zip, piece by piece. Pictures are packed already, so they are only put side by side.

    What was deleted meanwhile is left out.
    """
    out = _Pipe()
    with zipfile.ZipFile(out, "w") as archive:
        for name, path in files:
            try:
                data = await asyncio.to_thread(path.read_bytes)
            except FileNotFoundError:
                continue
            await asyncio.to_thread(archive.writestr, name, data)
            yield out.taken()
    yield out.taken()


class _Pipe(io.RawIOBase):
    """A file that is only written to, and emptied from time to time."""

    def __init__(self) -> None:
        super().__init__()
        self._held = bytearray()

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: bytes | bytearray | memoryview, /) -> int:  # type: ignore[override]  # what zipfile writes
        """Hold some more."""
        self._held += data
        return len(data)

    def taken(self) -> bytes:
        """What was written since the last time."""
        data = bytes(self._held)
        self._held.clear()
        return data
