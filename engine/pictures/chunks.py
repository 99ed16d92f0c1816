"""The chunks of a PNG file: walked, made, its texts read within bounds, and left out. No pixel is decoded.

Knows nothing of what the texts mean.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

__all__ = ["MANIFEST", "MOST_TEXT", "SIGNATURE", "TEXTS", "chunk", "chunks", "texts", "without_texts"]

SIGNATURE = b"\x89PNG\r\n\x1a\n"
TEXTS = (b"tEXt", b"zTXt", b"iTXt")
MANIFEST = b"caBX"
"""The chunk of a signed manifest (C2PA), which holds for the file as it is and for no other."""

MOST_TEXT = 4 * 2**20
"""Bytes of one text, and a quarter of those of all: a large workflow has one. What is longer is no text."""

_MOST_TEXTS = 200  # chunks of text that are looked at: programs write ten at most


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


def texts(png: bytes) -> dict[str, str]:
    """The texts by their keywords, the last of each; those that are broken or too long are left out.

    ``png`` begins with the signature.
    """
    found: dict[str, str] = {}
    left, seen = 4 * MOST_TEXT, 0
    for kind, body, _ in chunks(png):
        if kind not in TEXTS:
            continue
        seen += 1
        if seen > _MOST_TEXTS:
            break
        keyword, _, rest = body[:MOST_TEXT].partition(b"\0")
        raw = _unpacked(kind, rest)
        if raw is None or len(raw) > left:
            continue
        left -= len(raw)
        found[keyword.decode("latin-1")] = _decoded(raw, kind)
    return found


def without_texts(png: bytes) -> bytes:
    """The same file without what it tells beside its pixels, which may be far more than these."""
    return SIGNATURE + b"".join(raw for kind, _, raw in chunks(png) if kind not in (*TEXTS, MANIFEST))


def _unpacked(kind: bytes, rest: bytes) -> bytes | None:
    """The bytes of a text, behind its keyword; None where they cannot be had, or are too many."""
    packed, content = False, rest
    if kind == b"zTXt":
        packed, content = True, rest[1:]
    elif kind == b"iTXt":
        packed, content = rest[:1] == b"\1", rest[2:].split(b"\0", 2)[-1]
    if not packed:
        return content
    unpacking = zlib.decompressobj()
    try:
        raw = unpacking.decompress(content, MOST_TEXT)
    except zlib.error:
        return None
    return raw if unpacking.eof else None


def _decoded(raw: bytes, kind: bytes) -> str:
    """tEXt is Latin-1 by its standard, and UTF-8 in what many programs write."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("utf-8", "replace") if kind == b"iTXt" else raw.decode("latin-1")
