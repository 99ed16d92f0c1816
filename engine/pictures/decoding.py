"""Pictures that people bring: decoded safely into plain RGB, whatever they are.

The header is read before the pixels, so that a file cannot cost more memory than a bounded picture does.
Colours become sRGB, deep pixels eight bits, and no metadata stays. Knows nothing of what the picture is for.
"""

from __future__ import annotations

import importlib
import io
import struct
import warnings
import zlib
from dataclasses import dataclass

from PIL import ExifTags, Image, ImageCms

from engine.errors import BadPicture
from engine.pictures import chunks

__all__ = [
    "BROKEN",
    "CUT_OFF",
    "LARGEST_SIDE",
    "MOST_BYTES",
    "OWN_SIDE",
    "Opened",
    "load_input",
    "opened",
    "to_png",
]

CUT_OFF = "A picture's file is cut off: the part that is missing is left grey."

MOST_BYTES = 32 * 2**20  # of a file, far above a phone's photo
LARGEST_SIDE = 2048
"""Larger pictures are scaled down to this: no model here looks at more."""

OWN_SIDE = 4 * LARGEST_SIDE
"""The same for pictures that were made here, which are enlarged as they are."""

_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_END_OF_JPEG = b"\xff\xd9"
_MEMORY = 400 * 2**20  # bytes that opening one picture may take
_PLAIN_COST = {"1": 1, "L": 1, "P": 1, "I;16": 8, "I;16B": 8, "I": 20, "F": 12}
_ANIMATED_COST = 16  # bytes a pixel: the decoder's canvases, its copy and the picture itself
_PROGRESSIVE_COST = 6  # a progressive JPEG's coefficients are all held, whatever size is drawn
BROKEN = (
    OSError,
    ValueError,
    SyntaxError,
    IndexError,
    KeyError,
    EOFError,
    TypeError,
    AttributeError,
    RuntimeError,
    AssertionError,
    ZeroDivisionError,
    struct.error,
    zlib.error,
)
"""What Pillow's readers of headers are known to raise over broken ones."""

_TOO_LARGE = "That picture has too many pixels to be decoded here."
_SAMPLE_FORMAT = 339  # the TIFF tag that tells signed (2) from unsigned numbers (1, and where it is missing)
_MOST_PROFILE = 4 * 2**20  # bytes: the largest profiles of printers are about half of it
_PROFILE_OF = {"L": b"GRAY", "RGB": b"RGB ", "CMYK": b"CMYK"}
_SRGB = ImageCms.createProfile("sRGB")
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True)
class Opened:
    """A picture in RGB without metadata, and what its bringer should know of it, in sentences."""

    picture: Image.Image
    notes: tuple[str, ...] = ()


def opened(data: bytes, largest: int = LARGEST_SIDE) -> Opened:
    """The first frame, upright, in sRGB (transparency on white), at most ``largest`` pixels a side.

    Of a JPEG without its end, what is there; a note says so. Raises BadPicture with a sentence for the user
    when it is no picture, broken, or too large to decode.
    """
    if len(data) > MOST_BYTES * largest // LARGEST_SIDE:
        raise BadPicture(f"That file is too large: at most {MOST_BYTES >> 20} MB.")
    formats = _formats(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                return Opened(_decoded(data, formats, largest))
            except (OSError, ValueError):
                if data.startswith(b"\xff\xd8"):
                    return Opened(_decoded(data + _END_OF_JPEG, ("JPEG",), largest), (CUT_OFF,))
                if data.startswith(chunks.SIGNATURE):
                    return Opened(_decoded(chunks.without_texts(data), formats, largest))
                raise
    except (Image.DecompressionBombError, MemoryError, OverflowError) as error:
        raise BadPicture(_TOO_LARGE) from error
    except BROKEN as error:
        raise BadPicture(
            "That file is not a picture that can be read (PNG, JPEG, WebP, AVIF, GIF, BMP or TIFF)."
        ) from error


def load_input(data: bytes, largest: int = LARGEST_SIDE) -> Image.Image:
    """The picture that ``opened`` finds, without its notes. Raises BadPicture."""
    return opened(data, largest).picture


def to_png(picture: Image.Image) -> bytes:
    """The picture as PNG bytes, of which only runs are packed.

    Half the time of zlib's third level, and smaller: what PNG's filters leave of a picture hardly repeats.
    """
    written = io.BytesIO()
    picture.save(written, "PNG", compress_level=1, compress_type=zlib.Z_RLE)
    return written.getvalue()


def _formats(data: bytes) -> tuple[str, ...]:
    """Those that may be tried. A phone's HEIC needs a decoder that is not everyone's to have."""
    brands = data[8:12] if data[4:8] == b"ftyp" else b""
    if brands not in _HEIC_BRANDS or b"avif" in data[12:64]:
        return _FORMATS
    try:
        importlib.import_module("pillow_heif").register_heif_opener()
    except ImportError as error:
        raise BadPicture(
            "That is a HEIC picture, which cannot be read here. Please save it as JPEG or PNG;"
            " an operator can add HEIC by installing `pillow-heif`."
        ) from error
    return (*_FORMATS, "HEIF")


def _decoded(data: bytes, formats: tuple[str, ...], largest: int) -> Image.Image:
    with Image.open(io.BytesIO(data), formats=formats) as picture:
        cost = picture.width * picture.height * _bytes_a_pixel(picture)
        if picture.format in ("JPEG", "MPO"):
            picture.draft("RGB", (largest, largest))  # decodes at a fraction of the size, and of the memory
            cost += picture.width * picture.height * 4
        if min(picture.size) < 1 or cost > _MEMORY:
            raise BadPicture(_TOO_LARGE)
        profile = picture.info.get("icc_profile")
        picture.load()
        turn = _UPRIGHT.get(_orientation(picture))
        plain = _rgb(_shallow(_smaller(_signless(picture), largest)), profile)
        plain.info.clear()  # a profile of other colours, texts, dots an inch: none of it is true any more
        return plain if turn is None else plain.transpose(turn)


def _orientation(picture: Image.Image) -> int:
    """As EXIF numbers it; 1 (upright) where the EXIF is broken, which is no reason to refuse the pixels."""
    try:
        return int(picture.getexif().get(ExifTags.Base.Orientation, 1))
    except BROKEN:
        return 1


def _bytes_a_pixel(picture: Image.Image) -> int:
    """What decoding takes at most; Pillow itself holds four bytes for each pixel of RGB."""
    if picture.format in ("JPEG", "MPO"):
        return _PROGRESSIVE_COST if picture.info.get("progressive") else 0
    if picture.format in ("WEBP", "GIF", "AVIF", "HEIF"):
        return _ANIMATED_COST
    return _PLAIN_COST.get(picture.mode, 4)


def _signless(picture: Image.Image) -> Image.Image:
    """Sixteen bits as eight; 32 bits as floats, also the unsigned, which Pillow holds as signed.

    A colour that stands for transparency is told in as many bits as the pixels had.
    """
    hole = picture.info.get("transparency")
    if picture.mode in ("I;16", "I;16B", "I;16L", "I;16N"):
        grey = picture.convert("I").point(lambda value: value / 257.0 + 0.0).convert("L")
        if not isinstance(hole, int):
            return grey
        from engine.pictures.deep import opaque  # for speed, as below

        return Image.merge("LA", (grey, opaque(picture, hole)))
    if picture.mode == "RGB" and isinstance(hole, tuple) and max(hole) > 255:
        picture.info["transparency"] = tuple(value >> 8 for value in hole)
    if picture.mode == "I":
        from engine.pictures.deep import floats  # for speed, as below

        signed = picture.format != "TIFF" or 2 in picture.tag_v2.get(_SAMPLE_FORMAT, ())  # type: ignore[attr-defined]
        return floats(picture, signed=signed)
    return picture


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
    """Eight bits a channel, from floats of whatever range they have."""
    if picture.mode != "F":
        return picture
    from engine.pictures.deep import shallow  # for speed: it loads numpy, and few pictures are so deep

    return shallow(picture)


def _rgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Eight bits of sRGB; what is transparent lies on white."""
    if picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info:
        over = picture.convert("RGBA")
        grey = picture.mode in ("L", "LA", "La")
        colours = _srgb(over.convert("L" if grey else "RGB"), profile)
        white = Image.new("RGB", over.size, "white")
        white.paste(colours, mask=over.getchannel("A"))
        return white
    return _srgb(picture, profile)


def _srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """The colours that the profile means, in sRGB; a profile that is broken or of another kind is none."""
    mode = picture.mode if picture.mode in ("L", "CMYK") else "RGB"
    plain = picture if picture.mode == mode else picture.convert(mode)
    if profile and len(profile) <= _MOST_PROFILE and profile[16:20] == _PROFILE_OF[mode]:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            made = ImageCms.profileToProfile(plain, source, _SRGB, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            made = None
        if made is not None:
            return made
    return plain.convert("RGB")
