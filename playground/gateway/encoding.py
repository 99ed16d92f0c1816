"""How the gateway's payloads are compressed: one zlib or zstd stream a connection, or not at all."""

from __future__ import annotations

import struct
import zlib
from typing import Protocol


class Encoder(Protocol):
    """Turns JSON text into what the client asked for."""

    def __call__(self, text: str) -> str | bytes:
        """The next payload of the connection."""
        ...


class ZlibStream:
    """One zlib stream over the whole connection, flushed after each payload."""

    def __init__(self) -> None:
        self._stream = zlib.compressobj()

    def __call__(self, text: str) -> bytes:
        """One payload's part of the stream; ends in `00 00 FF FF`."""
        return self._stream.compress(text.encode()) + self._stream.flush(zlib.Z_SYNC_FLUSH)


class ZstdStream:
    """One zstd frame over the whole connection; its blocks are stored, for loopback is fast enough.

    RFC 8878: magic number, frame header (no content size, window of 1 MiB), then raw blocks of at most
    128 KiB, none of them the last.
    """

    HEADER = b"\x28\xb5\x2f\xfd\x00\x50"
    BLOCK = 128 * 1024

    def __init__(self) -> None:
        self._begun = False

    def __call__(self, text: str) -> bytes:
        """One payload as stored blocks."""
        data = text.encode()
        parts = [] if self._begun else [self.HEADER]
        self._begun = True
        for start in range(0, len(data), self.BLOCK):
            block = data[start : start + self.BLOCK]
            parts += [struct.pack("<I", len(block) << 3)[:3], block]
        return b"".join(parts)


ENCODERS: dict[str | None, type[ZlibStream] | type[ZstdStream]] = {
    "zlib-stream": ZlibStream,
    "zstd-stream": ZstdStream,
}


def plain(text: str) -> str:
    """No compression."""
    return text
