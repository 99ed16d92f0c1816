"""The chunks of a PNG file: walked, made, and its texts left out. No pixel is decoded.

Knows nothing of what the texts mean.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

__all__ = ["SIGNATURE", "TEXTS", "chunk", "chunks", "without_texts"]

SIGNATURE = b"\x89PNG\r\n\x1a\n"
TEXTS = (b"tEXt", b"zTXt", b"iTXt")


def chunks(png: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Kind, body and the whole chunk, in file order; the first is IHDR. ``png`` begins with the signature."""
    at = len(SIGNATURE)
    while at + 12 <= len(png):
        (length,) = struct.unpack_from(">I", png, at)
        end = at + 12 + length
        yield png[at + 4 : at + 8], png[at + 8 : end - 4], png[at:end]
        at = end


def chunk(kind: bytes, body: bytes) -> bytes:
    """A whole chunk: length, kind, body and checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def without_texts(png: bytes) -> bytes:
    """The same file without what it tells in words, which may be far more than its pixels."""
    return SIGNATURE + b"".join(raw for kind, _, raw in chunks(png) if kind not in TEXTS)
