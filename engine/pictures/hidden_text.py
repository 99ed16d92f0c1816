"""Texts that programs hide in a picture's pixels: in the lowest bit of its alpha channel, column by column.

NovelAI does, and an extension of A1111: a signature, the number of the bits that follow, and the text, packed
or not. It outlives whatever drops a file's own texts. Knows nothing of what the text means.
"""

from __future__ import annotations

import io
import warnings
import zlib

from PIL import Image

from engine.pictures.chunks import MOST_TEXT
from engine.pictures.decoding import BROKEN

__all__ = ["hidden_text"]

_SIGNATURES = {b"stealth_pnginfo": False, b"stealth_pngcomp": True}
"""What stands first, and whether the text behind it is packed."""

_BEHIND = 15 + 4  # bytes of a signature and of the number
_FORMATS = ("PNG", "WEBP")  # those that keep every bit of an alpha channel
_MOST_PIXELS = 2**24  # a picture of 4096 x 4096: the largest that NovelAI makes has a quarter
_GZIP = 16 + zlib.MAX_WBITS


def hidden_text(data: bytes) -> str:
    """The text in a picture's alpha channel, "" for none. Decodes the picture where it has such a channel."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
                if picture.mode != "RGBA" or picture.width * picture.height > _MOST_PIXELS:
                    return ""
                alpha = picture.getchannel("A")
        return _text_in(alpha)
    except (*BROKEN, MemoryError, OverflowError, Image.DecompressionBombError):
        return ""


def _text_in(alpha: Image.Image) -> str:
    first = -(-8 * _BEHIND // alpha.height)  # columns that hold the signature and the number
    head = _bytes_in(alpha, first)[:_BEHIND]
    packed, length = _SIGNATURES.get(head[:15]), int.from_bytes(head[15:]) // 8
    if packed is None or len(head) < _BEHIND or length > MOST_TEXT:
        return ""
    written = _bytes_in(alpha, -(-8 * (_BEHIND + length) // alpha.height))[_BEHIND : _BEHIND + length]
    return (_unpacked(written) if packed else written).decode("utf-8", "replace")


def _bytes_in(alpha: Image.Image, columns: int) -> bytes:
    """The lowest bits of the first columns, from the top down, eight of them a byte."""
    shown = alpha.crop((0, 0, min(columns, alpha.width), alpha.height)).transpose(Image.Transpose.TRANSPOSE)
    count = shown.width * shown.height // 8
    if not count:
        return b""
    rows = Image.frombytes("L", (8, count), shown.tobytes()[: 8 * count])
    return rows.point([255 * (value & 1) for value in range(256)], "1").tobytes()


def _unpacked(packed: bytes) -> bytes:
    """What gzip packed; as much as a text may have, and nothing where it has more."""
    unpacking = zlib.decompressobj(_GZIP)
    raw = unpacking.decompress(packed, MOST_TEXT)
    return raw if unpacking.eof else b""
