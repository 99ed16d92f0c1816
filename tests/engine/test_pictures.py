"""Pictures that people bring."""

import io
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import Image

from engine import BadPicture
from engine.pictures.chunks import SIGNATURE, chunk
from engine.pictures.decoding import LARGEST_SIDE, OWN_SIDE, load_input, to_png


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    written = io.BytesIO()
    picture.save(written, kind, **options)
    return written.getvalue()


def test_exif_orientation_turns_the_picture_upright() -> None:
    sideways = Image.new("RGB", (8, 4), "blue")
    exif = Image.Exif()
    exif[0x0112] = 6
    assert load_input(saved(sideways, "JPEG", exif=exif)).size == (4, 8)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_transparency_becomes_white(kind: str) -> None:
    clear = Image.new("RGBA", (4, 4), (255, 0, 0, 0))
    plain = load_input(saved(clear, kind, **({"lossless": True} if kind == "WEBP" else {})))
    assert (plain.mode, plain.getpixel((1, 1))) == ("RGB", (255, 255, 255))


def test_the_first_frame_of_an_animation_is_taken() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert load_input(data).getpixel((4, 4)) == (255, 0, 0)


def test_sixteen_bits_keep_their_brightness() -> None:
    deep = Image.fromarray(np.full((4, 4), 32896, dtype=np.uint16))
    assert load_input(saved(deep, "PNG")).getpixel((1, 1)) == (128, 128, 128)


@pytest.mark.parametrize(
    ("hole", "seen"), [(30_000, [0, 255, 1, 255]), (512, [0, 116, 1, 255]), (0, [255, 116, 1, 255])]
)
def test_the_grey_of_sixteen_bits_that_is_transparent_is_told_in_sixteen_bits(hole, seen) -> None:
    deep = Image.fromarray(np.array([[0, 30_000, 300, 65_535]], dtype=np.uint16))
    plain = load_input(saved(deep, "PNG", transparency=hole))
    assert [plain.getpixel((at, 0))[0] for at in range(4)] == seen  # type: ignore[index]


def test_the_colour_of_sixteen_bits_that_is_transparent_is_told_in_sixteen_bits() -> None:
    black, clear = struct.pack(">3H", 0, 0, 0), struct.pack(">3H", 30_000, 512, 512)
    said = [
        (b"IHDR", struct.pack(">IIBBBBB", 2, 1, 16, 2, 0, 0, 0)),
        *((b"tRNS", clear), (b"IDAT", zlib.compress(b"\0" + black + clear)), (b"IEND", b"")),
    ]
    plain = load_input(SIGNATURE + b"".join(chunk(*each) for each in said))
    assert [plain.getpixel((at, 0)) for at in range(2)] == [(0, 0, 0), (255, 255, 255)]


def test_cmyk_becomes_rgb() -> None:
    plain = load_input(saved(Image.new("CMYK", (8, 8), (0, 0, 0, 255)), "JPEG"))
    assert plain.mode == "RGB"
    assert max(plain.getpixel((2, 2))) < 8  # type: ignore[type-var]


@pytest.mark.parametrize("size", [(5000, 100), (100, 5001)])
@pytest.mark.parametrize("mode", ["RGB", "P", "L", "RGBA", "I;16"])
def test_large_pictures_are_scaled_down_in_every_mode(mode: str, size: tuple[int, int]) -> None:
    picture = load_input(saved(Image.new(mode, size), "PNG"))
    assert max(picture.size) <= LARGEST_SIDE
    assert picture.mode == "RGB"


def test_pictures_that_were_made_here_keep_their_size() -> None:
    data = saved(Image.new("RGB", (5000, 100)), "PNG")
    assert load_input(data, OWN_SIDE).size == (5000, 100)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"just some text",
        b"\x89PNG\r\n\x1a\n",
        to_png(Image.linear_gradient("L"))[:120],
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    ],
)
def test_what_is_no_picture_is_refused_with_a_sentence(data: bytes) -> None:
    with pytest.raises(BadPicture, match="not a picture"):
        load_input(data)


def test_a_header_that_claims_too_much_is_refused_before_decoding() -> None:
    bomb = saved(Image.new("1", (40_000, 30_000)), "PNG")
    with pytest.raises(BadPicture, match="too many pixels"):
        load_input(bomb)


_MEASURE = """
import resource, sys
from engine import BadPicture
from engine.pictures.decoding import load_input
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    load_input(sys.stdin.buffer.read())
except BadPicture:
    pass
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize(
    ("kind", "options"),
    [("PNG", {"compress_level": 1}), ("JPEG", {"progressive": True, "subsampling": 0}), ("JPEG", {})],
)
def test_a_hundred_megapixels_cost_less_than_500_megabytes(kind: str, options: dict[str, object]) -> None:
    data = saved(Image.new("RGB", (10_000, 10_000), "teal"), kind, **options)
    ran = subprocess.run([sys.executable, "-c", _MEASURE], input=data, capture_output=True, check=True)
    assert int(ran.stdout) < 500_000
