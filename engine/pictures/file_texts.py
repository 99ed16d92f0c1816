"""The texts that a picture file carries, by their names, within bounds. No pixel is decoded.

A PNG's are its chunks and those of EXIF; a JPEG's or WebP's are those of EXIF and XMP, and the comment.
Whatever is broken or far too long is left out, so that a hostile file costs no more than an honest one. Knows
nothing of what the texts mean.
"""

from __future__ import annotations

import io
import warnings

from PIL import ExifTags, Image

from engine.pictures import chunks
from engine.pictures.decoding import BROKEN

__all__ = ["XMP", "texts_of"]

XMP = "XML:com.adobe.xmp"
"""The name of the XMP packet, as PNG spells it."""

_FORMATS = ("JPEG", "WEBP", "GIF", "AVIF", "TIFF")
_TAGS = (
    ExifTags.Base.ImageDescription,
    ExifTags.Base.Make,
    ExifTags.Base.Model,
    ExifTags.Base.Software,
)
_EXIF = b"eXIf"  # its chunk in a PNG
_UNICODE = b"UNICODE\0"
_CODES = (_UNICODE, b"ASCII\0\0\0", b"\0\0\0\0\0\0\0\0")
"""What may stand before a comment and say how it is written."""


def texts_of(data: bytes) -> dict[str, str]:
    """The texts of a file; {} for what is no picture.

    EXIF's stand under the names of their tags (``UserComment``, ``ImageDescription`` …), XMP under ``XMP``.
    """
    found: dict[str, str] = {}
    read = _read_png if data.startswith(chunks.SIGNATURE) else _read_picture
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            read(data, found)
    except (*BROKEN, MemoryError, OverflowError, Image.DecompressionBombError):
        pass  # what was read before it broke is all there is
    return {name: text for name, text in found.items() if len(text) <= chunks.MOST_TEXT}


def _read_png(data: bytes, found: dict[str, str]) -> None:
    """Put a PNG's texts to what is ``found``; where EXIF says something else, its chunks of text go first."""
    found |= chunks.texts(data)
    body = next((body for kind, body, _ in chunks.chunks(data) if kind == _EXIF), b"")
    if len(body) > chunks.MOST_TEXT:
        return
    exif, named = Image.Exif(), dict(found)
    exif.load(body)
    _read_exif(exif, found)
    found |= named


def _read_picture(data: bytes, found: dict[str, str]) -> None:
    """Put the texts of any other picture to what is ``found``."""
    with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
        for name, key in ((XMP, "xmp"), ("comment", "comment")):
            if key in picture.info:
                found[name] = _text(picture.info[key])
        _read_exif(picture.getexif(), found)


def _read_exif(exif: Image.Exif, found: dict[str, str]) -> None:
    """Put EXIF's texts to what is ``found``, one after the other: the next may be broken."""
    for tag in _TAGS:
        if tag in exif:
            found[tag.name] = _text(exif[tag])
    beside = exif.get(ExifTags.Base.UserComment)  # where Fooocus writes it, as plain text
    comment = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.UserComment, beside)
    if isinstance(comment, str):
        found["UserComment"] = _text(comment)
    elif isinstance(comment, bytes):
        said = comment[8:] if comment[:8] in _CODES else comment
        encoding = _encoding_of(said) if comment[:8] == _UNICODE else "utf-8"
        found["UserComment"] = _text(said, encoding).lstrip("\ufeff")


def _encoding_of(said: bytes) -> str:
    """How a comment that calls itself Unicode is written: programs do it in three ways and mark none.

    The high bytes of the Latin letters, digits and spaces that every prompt has are 0: they stand first or
    second, or there are none.
    """
    first, second = said[0::2].count(0), said[1::2].count(0)
    if max(first, second) == 0 and said[:2] not in (b"\xfe\xff", b"\xff\xfe"):
        return "utf-8"
    little = said[:2] == b"\xff\xfe" or (second > first and said[:2] != b"\xfe\xff")
    return "utf-16-le" if little else "utf-16-be"


def _text(value: object, encoding: str = "utf-8") -> str:
    """A value as text, "" for one that is too long."""
    if isinstance(value, bytes):
        return "" if len(value) > chunks.MOST_TEXT else value.decode(encoding, "replace").rstrip("\0")
    return str(value)
