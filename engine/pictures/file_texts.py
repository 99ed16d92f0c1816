"""The texts that a picture file carries, by their names, within bounds. No pixel is decoded.

A PNG's are its chunks; a JPEG's or WebP's are those of EXIF and XMP, and the comment. Whatever is broken or
far too long is left out, so that a hostile file costs no more than an honest one. Knows nothing of what the
texts mean.
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
_ENCODINGS = {b"UNICODE\0": "utf-16-be", b"ASCII\0\0\0": "utf-8", b"\0\0\0\0\0\0\0\0": "utf-8"}


def texts_of(data: bytes) -> dict[str, str]:
    """The texts of a file; {} for what is no picture.

    EXIF's stand under the names of their tags (``UserComment``, ``ImageDescription`` …), XMP under ``XMP``.
    """
    if data.startswith(chunks.SIGNATURE):
        return chunks.texts(data)
    found: dict[str, str] = {}
    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
            warnings.simplefilter("ignore")
            for name, key in ((XMP, "xmp"), ("comment", "comment")):
                if key in picture.info:
                    found[name] = _text(picture.info[key])
            exif = picture.getexif()
            for tag in _TAGS:
                if tag in exif:
                    found[tag.name] = _text(exif[tag])
            comment = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.UserComment)
            if isinstance(comment, bytes):
                encoding = _ENCODINGS.get(comment[:8])
                found["UserComment"] = _text(comment[8:] if encoding else comment, encoding or "utf-8")
    except (*BROKEN, MemoryError, OverflowError, Image.DecompressionBombError):
        pass  # what was read before it broke is all there is
    return {name: text for name, text in found.items() if len(text) <= chunks.MOST_TEXT}


def _text(value: object, encoding: str = "utf-8") -> str:
    """A value as text, "" for one that is too long."""
    if isinstance(value, bytes):
        return "" if len(value) > chunks.MOST_TEXT else value.decode(encoding, "replace").rstrip("\0")
    return str(value)
