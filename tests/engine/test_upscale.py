"""Twice the size, the very picture."""

import random

import numpy as np
import pytest
from PIL import Image

from engine.pictures.psnr import psnr
from engine.pictures.upscale import double
from pocket.world.draw import draw
from pocket.world.scenes import random_scene

FILTERS = (Image.Resampling.BOX, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS)


def scene(seed: int, width: int = 512, height: int = 512) -> Image.Image:
    return draw(random_scene(random.Random(seed)), width, height, random.Random(seed))


def noise(width: int, height: int) -> Image.Image:
    drawn = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(drawn)


@pytest.mark.parametrize("how", FILTERS)
@pytest.mark.parametrize("seed", range(3))
def test_scaled_down_it_is_the_tile_again(seed: int, how: Image.Resampling) -> None:
    tile = scene(seed, 336, 192)
    large = double(tile)
    assert large.size == (672, 384)
    assert psnr(large.resize(tile.size, how), tile) >= 38


def test_even_noise_comes_back() -> None:
    tile = noise(64, 48)
    assert psnr(double(tile).resize(tile.size, Image.Resampling.BOX), tile) >= 30


def test_edges_are_two_decibels_truer_than_bicubic() -> None:
    gains = []
    for seed in range(6):
        true = scene(seed)
        tile = true.reduce(2)
        plain = tile.resize(true.size, Image.Resampling.BICUBIC)
        gains.append(psnr(double(tile), true) - psnr(plain, true))
    assert np.mean(gains) >= 2.0
    assert min(gains) >= 1.0


def test_no_halo_appears_around_an_edge() -> None:
    half = Image.new("RGB", (40, 40), (60, 60, 60))
    half.paste((200, 200, 200), (20, 0, 40, 40))
    pixels = np.asarray(double(half))
    assert pixels.min() >= 58
    assert pixels.max() <= 202


def test_a_single_pixel_is_doubled() -> None:
    assert double(Image.new("RGB", (1, 1), "red")).getpixel((1, 1)) == (255, 0, 0)
