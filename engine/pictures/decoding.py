"""Pictures that people bring: decoded safely into plain RGB, whatever they are.

The header is read before the pixels, so that a file cannot cost more memory than a bounded picture does.
Knows nothing of what the picture is for.
"""

from __future__ import annotations

import io
import struct
import warnings

from PIL import ExifTags, Image

from engine.errors import BadPicture

__all__ = ["LARGEST_SIDE", "MOST_BYTES", "OWN_SIDE", "load_input", "to_png"]

MOST_BYTES = 32 * 2**20
LARGEST_SIDE = 2048
"""Larger pictures are scaled down to this: no model here looks at more."""

OWN_SIDE = 4 * LARGEST_SIDE
"""The same for pictures that were made here, which are enlarged as they are."""

_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "MPO")
_MEMORY = 400 * 2**20
_PLAIN_COST = {"1": 1, "L": 1, "P": 1, "I;16": 7, "I;16B": 7, "I": 9, "F": 9}
_ANIMATED_COST = 16  # bytes a pixel: the decoder's canvases, its copy and the picture itself
_PROGRESSIVE_COST = 6  # a progressive JPEG's coefficients are all held, whatever size is drawn
_TOO_LARGE = "That picture has too many pixels to be decoded here."
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def load_input(data: bytes, largest: int = LARGEST_SIDE) -> Image.Image:
    """The first frame, upright, in RGB (transparency on white), at most ``largest`` pixels a side.

    Raises BadPicture with a sentence for the user when it is no picture, broken, or too large to decode.
    """
    if len(data) > MOST_BYTES * largest // LARGEST_SIDE:
        raise BadPicture(f"That file is too large: at most {MOST_BYTES >> 20} MB.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
                return _decoded(picture, largest)
    except (Image.DecompressionBombError, MemoryError) as error:
        raise BadPicture(_TOO_LARGE) from error
    except (OSError, ValueError, SyntaxError, IndexError, KeyError, EOFError, struct.error) as error:
        raise BadPicture("That file is not a picture that can be read (PNG, JPEG, WebP or GIF).") from error


def to_png(picture: Image.Image) -> bytes:
    """The picture as PNG bytes, packed lightly: speed before size."""
    written = io.BytesIO()
    picture.save(written, "PNG", compress_level=3)
    return written.getvalue()


def _decoded(picture: Image.Image, largest: int) -> Image.Image:
    cost = picture.width * picture.height * _bytes_a_pixel(picture)
    if picture.format in ("JPEG", "MPO"):
        picture.draft("RGB", (largest, largest))  # decodes at a fraction of the size, and of the memory
        cost += picture.width * picture.height * 4
    if min(picture.size) < 1 or cost > _MEMORY:
        raise BadPicture(_TOO_LARGE)
    picture.load()
    turn = _UPRIGHT.get(picture.getexif().get(ExifTags.Base.Orientation, 1))
    plain = _rgb(_smaller(_shallow(picture), largest))
    return plain if turn is None else plain.transpose(turn)


def _bytes_a_pixel(picture: Image.Image) -> int:
    """What decoding takes at most; Pillow itself holds four bytes for each pixel of RGB."""
    if picture.format in ("JPEG", "MPO"):
        return _PROGRESSIVE_COST if picture.info.get("progressive") else 0
    if picture.format in ("WEBP", "GIF"):
        return _ANIMATED_COST
    return _PLAIN_COST.get(picture.mode, 4)


def _smaller(picture: Image.Image, largest: int) -> Image.Image:
    """At most ``largest`` a side, before anything else copies it."""
    if max(picture.size) <= largest:
        return picture
    factor = max(1, max(picture.size) // largest)
    if picture.mode in ("P", "1", "PA"):
        picture = picture.resize([max(1, side // factor) for side in picture.size], Image.Resampling.NEAREST)
    elif factor > 1:
        picture = picture.reduce(factor)
    scale = largest / max(picture.size)
    if scale >= 1:
        return picture
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    resampling = Image.Resampling.NEAREST if picture.mode in ("P", "1", "PA") else Image.Resampling.BICUBIC
    return picture.resize(size, resampling)


def _shallow(picture: Image.Image) -> Image.Image:
    """Eight bits a channel."""
    if picture.mode not in ("I", "I;16", "I;16B", "I;16L", "F"):
        return picture
    return picture.convert("F").point(lambda value: value / 257.0 + 0.0).convert("L")


def _rgb(picture: Image.Image) -> Image.Image:
    if picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info:
        over = picture.convert("RGBA")
        white = Image.new("RGBA", over.size, "white")
        return Image.alpha_composite(white, over).convert("RGB")
    return picture.convert("RGB")
