"""The invisible mark: what it outlives, what it costs, and that nothing unmarked is taken for marked."""

import io
from collections.abc import Callable
from random import Random

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from engine.pictures.grid import laid_out
from engine.pictures.mark import cleaned, found, marked
from engine.pictures.psnr import psnr
from engine.pictures.upscale import double
from pocket.world.draw import draw
from pocket.world.scenes import random_scene

NUMBER = 0x2F637B


def scene(number: int, side: int = 256) -> Image.Image:
    """A drawn scene; flat colours are the hardest place to hide something."""
    rng = Random(number)
    return draw(random_scene(rng), side, side, rng).convert("RGB")


def encoded(picture: Image.Image, kind: str, quality: int) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, kind, quality=quality)
    return Image.open(file).convert("RGB")


def scaled(picture: Image.Image, factor: float) -> Image.Image:
    size = round(picture.width * factor), round(picture.height * factor)
    return picture.resize(size, Image.Resampling.LANCZOS)


SHEET = laid_out([marked(scene(seed), NUMBER) for seed in (11, 12, 13, 14)])
"""A 2×2 sheet, 512 by 512: each picture has the job's number."""

CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "nothing": lambda sheet: sheet,
    "jpeg 80": lambda sheet: encoded(sheet, "JPEG", 80),
    "jpeg 60": lambda sheet: encoded(sheet, "JPEG", 60),
    "webp 80": lambda sheet: encoded(sheet, "WEBP", 80),
    "half": lambda sheet: scaled(sheet, 0.5),
    "half, then jpeg 80": lambda sheet: encoded(scaled(sheet, 0.5), "JPEG", 80),
    "a screenshot": lambda sheet: encoded(scaled(sheet, 0.7), "JPEG", 90),
    "an odd scale": lambda sheet: scaled(sheet, 0.83),
    "enlarged": lambda sheet: double(sheet),
    "a tile cut out": lambda sheet: sheet.crop((260, 3, 505, 250)),
    "cut anywhere": lambda sheet: sheet.crop((101, 57, 471, 403)),
    "brighter": lambda sheet: ImageEnhance.Brightness(sheet).enhance(1.1),
    "darker": lambda sheet: ImageEnhance.Brightness(sheet).enhance(0.9),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_mark_outlives(change: str) -> None:
    mark = found(CHANGES[change](SHEET))
    assert mark is not None
    assert mark.number == NUMBER


@pytest.mark.parametrize("seed", range(6))
def test_a_single_picture_is_found_and_stays_what_it_was(seed: int) -> None:
    plain = scene(seed)
    changed = marked(plain, seed)
    mark = found(encoded(changed, "JPEG", 80))
    assert mark is not None
    assert (mark.number, round(mark.scale, 1)) == (seed, 1.0)
    assert psnr(plain, changed) >= 42


@pytest.mark.parametrize("seed", range(12))
def test_a_single_picture_is_found_at_half_its_size_in_a_jpeg(seed: int) -> None:
    mark = found(encoded(scaled(marked(scene(seed), NUMBER), 0.5), "JPEG", 80))
    assert mark is not None
    assert (mark.number, round(mark.scale, 1)) == (NUMBER, 0.5)


@pytest.mark.parametrize("size", [(320, 208), (176, 352), (272, 272)])
def test_a_sheet_whose_pictures_do_not_hold_whole_tiles_is_found_too(size: tuple[int, int]) -> None:
    sheet = laid_out([marked(scene(seed).resize(size), NUMBER) for seed in (11, 12, 13, 14)])
    mark = found(encoded(scaled(sheet, 0.5), "JPEG", 80))
    assert mark is not None
    assert mark.number == NUMBER


def test_no_brightness_changes() -> None:
    plain, changed = (np.asarray(each, float) for each in (scene(3), marked(scene(3), NUMBER)))
    luma = np.array([0.299, 0.587, 0.114])
    assert np.abs(plain @ luma - changed @ luma).mean() < 0.5


def test_equal_numbers_change_equal_pixels_alike() -> None:
    assert marked(scene(5), NUMBER).tobytes() == marked(scene(5), NUMBER).tobytes()
    assert marked(scene(5), NUMBER).tobytes() != marked(scene(5), NUMBER + 1).tobytes()


@pytest.mark.parametrize("number", [0, 1, 2**23, 2**24 - 1])
def test_every_number_can_be_held(number: int) -> None:
    mark = found(marked(scene(21), number))
    assert mark is not None
    assert mark.number == number


def test_a_mark_can_be_taken_off_again() -> None:
    plain = scene(7)
    assert found(cleaned(marked(plain, NUMBER))) is None
    off = np.abs(np.asarray(cleaned(marked(plain, NUMBER)), int) - np.asarray(plain, int))
    assert (off.max(2) > 1).mean() < 0.1  # where there was white or black before


def test_where_it_was_cut_off_at_white_it_is_taken_off_to_the_last_bit() -> None:
    plain = scene(7)
    plain.paste((255, 255, 255), (0, 0, 256, 100))
    plain.paste((0, 0, 0), (0, 100, 256, 120))
    off = cleaned(marked(plain, NUMBER)).crop((0, 0, 256, 120))
    assert off.tobytes() == plain.crop((0, 0, 256, 120)).tobytes()


def test_a_picture_marked_again_says_the_later_number() -> None:
    mark = found(marked(cleaned(marked(scene(8), NUMBER)), 77))
    assert mark is not None
    assert mark.number == 77


def test_what_has_no_mark_is_left_as_it_is() -> None:
    assert cleaned(scene(9)).tobytes() == scene(9).tobytes()


@pytest.mark.parametrize("seed", range(30, 36))
def test_what_has_no_mark_has_none(seed: int) -> None:
    assert found(scene(seed)) is None


def test_plain_noise_and_tiny_and_empty_pictures_have_none() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    assert found(Image.fromarray(noise)) is None
    assert found(Image.new("RGB", (64, 64), "red")) is None
    assert found(Image.new("RGB", (512, 512), "white")) is None
