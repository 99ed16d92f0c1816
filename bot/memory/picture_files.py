"""Pictures as files: kept under the hash of their content, read back checked, deleted, made fit for sending.

A picture that somebody brings is a file before anything is known to come of it. ``holding`` bounds that time:
the file is not deleted meanwhile, though it may be an old one that was just about to be, and does not stay
where nothing came of it. Knows nothing of jobs or of Discord. Whatever touches the disk or a pixel runs in a
thread.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import logging
import os
import re
import sqlite3
import threading
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from bot.errors import PictureGone
from engine.pictures.decoding import opened, to_png
from engine.pictures.masks import mask_of
from engine.pictures.provenance import in_jpeg
from engine.planning.canvas import Box

__all__ = ["PICTURE_NAME", "HandedIn", "Pictures", "fitted", "is_whole", "masked", "normalised", "size_of"]

PICTURE_NAME = re.compile(r"[0-9a-f]{40}\.png")

_FOLDERS = "[0-9a-f][0-9a-f]"
"""What the folders of pictures are called. Others, such as `@eaDir` of a NAS, are the file system's own."""

LEAST_SIDE = 512  # pixels: a JPEG no larger than this fits every place that pictures are sent to

_decoding = asyncio.Semaphore(1)

_BROUGHT: ContextVar[list[str] | None] = ContextVar("brought", default=None)
"""Names of what was kept by the request that is being served, None where nobody holds it."""

log = logging.getLogger(__name__)


class Pictures:
    """The folder of kept pictures. A name is the hash of the content, so a file never changes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._small = folder.with_name("thumbnails")
        self._swept = False
        self._young: set[str] = set()  # names of this life, which a sweep leaves alone: their rows come later
        self._held: Counter[str] = Counter()  # names whose rows may be about to come
        self._deciding = threading.Lock()

    async def keep(self, data: bytes) -> str:
        """Put a picture away for good: once this returns, it survives a crash. Returns its name."""
        return await asyncio.to_thread(self._keep, data)

    async def read(self, name: str) -> bytes:
        """The content of a kept picture. Raises ``PictureGone``."""
        return await asyncio.to_thread(self._read, name)

    async def delete(self, names: Iterable[str]) -> None:
        """Remove files, but those that are held; those that are gone already are no error."""
        await asyncio.to_thread(self._delete, list(names))

    @asynccontextmanager
    async def holding(self, unneeded: Callable[[Iterable[str]], Awaitable[list[str]]]) -> AsyncIterator[None]:
        """What is kept in the body is not deleted before its end; then it is, where no row needs it.

        ``unneeded`` tells those of some names that no row needs.
        """
        brought: list[str] = []
        token = _BROUGHT.set(brought)
        try:
            yield
        finally:
            _BROUGHT.reset(token)
            left: list[str] = []
            try:
                left = await unneeded(dict.fromkeys(brought)) if brought else []
            except sqlite3.Error as error:
                log.warning("pictures that were brought may be left over until the next start: %s", error)
            finally:
                with self._deciding:
                    self._held -= Counter(brought)
            await self.delete(left)

    async def sweep(self, needed: Callable[[str], Awaitable[set[str]]]) -> int:
        """Remove files that nothing needs, left by a crash between disk and database; how many.

        ``needed`` tells the names that are, of those that begin with the digits it is given. Once, at the
        start, but pictures may be kept meanwhile.
        """
        removed = 0
        for folder in await asyncio.to_thread(lambda: sorted(self._folder.glob(_FOLDERS))):
            removed += await asyncio.to_thread(self._sweep, folder, await needed(folder.name))
        self._grown_up()
        return removed

    def path(self, name: str) -> Path:
        """Where a kept picture lies."""
        return self._folder / name[:2] / name

    def thumbnail(self, name: str) -> Path:
        """Where its thumbnail lies, if one was made; it is deleted with the picture."""
        return self._small / name[:2] / f"{Path(name).stem}.jpg"

    def _keep(self, data: bytes) -> str:
        name = f"{_digest(data)}.png"
        path = self.path(name)
        unfinished = path.with_name(f".{name}.{os.getpid()}")
        with self._deciding:
            if (brought := _BROUGHT.get()) is not None:
                brought.append(name)
                self._held[name] += 1
            if not self._swept:
                self._young |= {name, unfinished.name}
        if path.exists():
            return name
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with unfinished.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
        return name

    def _read(self, name: str) -> bytes:
        try:
            data = self.path(name).read_bytes()
        except FileNotFoundError:
            raise PictureGone(name) from None
        if not name.startswith(_digest(data)):
            raise PictureGone(name)
        return data

    def _delete(self, names: list[str]) -> None:
        for name in names:
            with self._deciding:
                if name not in self._held:
                    self.path(name).unlink(missing_ok=True)
                    self.thumbnail(name).unlink(missing_ok=True)

    def _sweep(self, folder: Path, needed: set[str]) -> int:
        removed = 0
        for path in folder.glob("*"):
            if path.is_dir():
                continue  # the file system's own as well
            with self._deciding:
                if path.name not in needed and path.name not in self._young:
                    path.unlink(missing_ok=True)
                    self.thumbnail(path.name).unlink(missing_ok=True)
                    removed += 1
        return removed

    def _grown_up(self) -> None:
        with self._deciding:
            self._swept = True
            self._young.clear()


@dataclass(frozen=True, slots=True)
class HandedIn:
    """A picture that someone brought, as a plain PNG, and what they should know of it, in sentences."""

    png: bytes
    notes: tuple[str, ...] = ()


async def normalised(data: bytes) -> HandedIn:
    """A handed-in picture as a plain PNG. Raises engine.BadPicture with a sentence for the user.

    One at a time: each may cost as much memory as the engine lets a single picture cost.
    """
    async with _decoding:
        return await asyncio.to_thread(_plain, data)


async def masked(data: bytes, size: tuple[int, int], place: Box) -> bytes:
    """A painted mask as a tile of that size needs it. Raises engine.BadPicture; one at a time, as above."""
    async with _decoding:
        return await asyncio.to_thread(mask_of, data, size, place)


def size_of(png: bytes) -> tuple[int, int]:
    """Width and height of a kept picture, in pixels; its pixels are not read."""
    with Image.open(io.BytesIO(png)) as picture:
        return picture.size


async def fitted(png: bytes, limit: int) -> tuple[bytes, str]:
    """The picture and its file extension, re-encoded only where it would exceed ``limit`` bytes."""
    if len(png) <= limit:
        return png, "png"
    return await asyncio.to_thread(_squeezed, png, limit)


def is_whole(path: Path) -> bool:
    """Whether a kept picture's file holds what its name says."""
    return path.name.startswith(_digest(path.read_bytes()))


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:40]


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return  # which writes a folder's entries by itself, and opens none
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _plain(data: bytes) -> HandedIn:
    found = opened(data)
    return HandedIn(to_png(found.picture), found.notes)


def _squeezed(png: bytes, limit: int) -> tuple[bytes, str]:
    with Image.open(io.BytesIO(png)) as image:
        picture = image.convert("RGB")
    said = in_jpeg(png)
    for quality in (95, 90, 80, 65, 50):
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=quality, subsampling=0, **said)
        if out.tell() <= limit:
            return out.getvalue(), "jpg"
    while out.tell() > limit and max(picture.size) > LEAST_SIDE:
        picture = picture.resize((max(1, picture.width * 3 // 4), max(1, picture.height * 3 // 4)))
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=50, **said)
    return out.getvalue(), "jpg"
