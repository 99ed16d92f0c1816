"""The 2×2 grid."""

import io

import pytest
from PIL import Image

from engine.pictures.decoding import to_png
from engine.pictures.grid import make_grid

COLOURS = ("red", "lime", "blue", "white")


def png(colour: str, size: tuple[int, int] = (6, 4)) -> bytes:
    return to_png(Image.new("RGB", size, colour))


def pixels(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def test_four_pictures_fill_the_quarters_in_reading_order_without_gaps() -> None:
    grid = pixels(make_grid([png(colour) for colour in COLOURS]))
    assert grid.size == (12, 8)
    for index, colour in enumerate(COLOURS):
        left, top = index % 2 * 6, index // 2 * 4
        quarter = grid.crop((left, top, left + 6, top + 4))
        assert quarter.tobytes() == pixels(png(colour)).tobytes()


def test_one_picture_is_itself_and_two_stand_side_by_side() -> None:
    alone = png("red")
    assert make_grid([alone]) == alone
    assert pixels(make_grid([alone, png("blue")])).size == (12, 4)


def test_no_pictures_are_refused() -> None:
    with pytest.raises(ValueError, match="no pictures"):
        make_grid([])
