"""The CDN's store: files on disk under their ids, handed out by links that are signed and expire."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import io
import mimetypes
import re
import secrets
import time
import warnings
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from urllib.parse import quote, urlencode

from PIL import Image

from playground.settings import Settings
from playground.world.values import Attachment

LINGER = 30.0
"""Seconds for which a dropped file can still be read."""
SHOWN_INLINE = ("image/png", "image/jpeg", "image/gif", "image/webp", "video/mp4", "text/plain")


def safe_name(filename: str) -> str:
    """A file name as Discord makes it: letters, digits and `-_.`, spaces as underscores."""
    name = re.sub(r"\s+", "_", filename.strip().replace("\\", "/").rsplit("/", 1)[-1])
    name = re.sub(r"[^\w.-]", "", name, flags=re.ASCII).lstrip(".")
    return name[-200:] or "unknown"


def picture_size(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels where the bytes are a picture; only its header is read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data)) as picture:
                return picture.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


class Files:
    """Files in one folder, and the signatures of their links."""

    def __init__(
        self, folder: Path, settings: Settings, origin: Callable[[], str], key: str | None = None
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.key = key or secrets.token_hex(16)
        self._settings = settings
        self._origin = origin

    def path(self, attachment_id: int) -> Path:
        """Where a file's bytes are."""
        return self.folder / str(attachment_id)

    def put(
        self, id: int, channel_id: int, filename: str, data: bytes, **fields: bool | str | None
    ) -> Attachment:
        """Keep a file; blocks on the disk, so call it in a thread."""
        size = picture_size(data)
        kind = mimetypes.guess_type(filename)[0] or "application/octet-stream"
        self.path(id).write_bytes(data)
        width, height = size or (None, None)
        return Attachment(id, channel_id, safe_name(filename), len(data), kind, width, height, **fields)  # type: ignore[arg-type]

    def drop(self, attachment: Attachment) -> None:
        """Forget a file, though its links go on working for a little while, as they do at Discord."""
        remove = partial(self.path(attachment.id).unlink, missing_ok=True)
        asyncio.get_running_loop().call_later(LINGER, remove)

    def sweep(self, known: Iterable[int]) -> None:
        """Remove the files that belong to nothing any more."""
        kept = {str(id) for id in known}
        for path in self.folder.iterdir():
            if path.name not in kept:
                path.unlink()

    def _signature(self, path: str, expires: str) -> str:
        return hmac.new(self.key.encode(), f"{path}?{expires}".encode(), hashlib.sha256).hexdigest()

    def link(self, attachment: Attachment) -> str:
        """A link to a file that works from now on for as long as the settings say."""
        folder = "ephemeral-attachments" if attachment.ephemeral else "attachments"
        path = f"/{folder}/{attachment.channel_id}/{attachment.id}/{quote(attachment.filename)}"
        now = int(time.time())
        expires = f"{int((now + self._settings.link_seconds) * 1000):x}"
        query = {"ex": expires, "is": f"{now:x}", "hm": self._signature(path, expires)}
        return f"{self._origin()}{path}?{urlencode(query)}&"

    def allows(self, path: str, expires: str, signature: str) -> bool:
        """Whether a link is one of ours and still works."""
        if not hmac.compare_digest(self._signature(path, expires), signature):
            return False
        return int(expires, 16) / 1000 > time.time()
