"""Small pictures for a wall: each made once, in a thread, and kept for as long as the large one is.

Knows nothing of who looks at them.
"""

from __future__ import annotations

import asyncio
import os
from collections import OrderedDict
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from bot.errors import PictureGone
from bot.memory.picture_files import Pictures

__all__ = ["SIDE", "Thumbnails"]

SIDE = 384  # pixels of the longer side: a tile of a wall at twice its size, for dense screens
QUALITY = 82  # of the JPEG; about 20 KB
AT_ONCE = 2  # thumbnails that are made side by side; each holds one large picture in memory
KNOWN = 20_000  # names of thumbnails that are there, so that the disk need not be asked


class Thumbnails:
    """The small ones of kept pictures."""

    def __init__(self, pictures: Pictures) -> None:
        self._pictures = pictures
        self._room = asyncio.Semaphore(AT_ONCE)
        self._making: dict[str, asyncio.Task[None]] = {}
        self._there: OrderedDict[str, None] = OrderedDict()

    async def path(self, name: str) -> Path:
        """Where the thumbnail of a kept picture lies; it is made where there is none. Raises PictureGone."""
        path = self._pictures.thumbnail(name)
        if name in self._there:
            self._there.move_to_end(name)
            return path
        if not await asyncio.to_thread(path.exists):
            task = self._making.get(name)
            if task is None:
                task = self._making[name] = asyncio.create_task(self._make(name, path))
                task.add_done_callback(lambda _: self._making.pop(name, None))
            await asyncio.shield(task)  # whoever else waits for it goes on waiting
        self._there[name] = None
        if len(self._there) > KNOWN:
            self._there.popitem(last=False)
        return path

    async def _make(self, name: str, path: Path) -> None:
        async with self._room:
            await asyncio.to_thread(_made, self._pictures.path(name), path)


def _made(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with Image.open(source) as picture:
            small = picture.convert("RGB")
        small.thumbnail((SIDE, SIDE), reducing_gap=2.0)
        small.save(unfinished, "JPEG", quality=QUALITY)
        unfinished.replace(target)
    except (FileNotFoundError, UnidentifiedImageError):
        raise PictureGone(source.name) from None
    finally:
        unfinished.unlink(missing_ok=True)
    if not source.exists():  # deleted meanwhile, and its thumbnail was not there to be deleted with it
        target.unlink(missing_ok=True)
        raise PictureGone(source.name)
