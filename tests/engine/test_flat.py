"""Things found without a model, on a drawn scene: by words, and by a place in it."""

from random import Random

import numpy as np
import pytest
from PIL import Image

from engine.seeing.flat import named, touched
from pocket.world.draw import draw
from pocket.world.scenes import Scene, Thing


@pytest.fixture(scope="module")
def house() -> Image.Image:
    scene = Scene((Thing("house", "red", size="big"),), "grass")
    return draw(scene, 256, 256, Random(2)).convert("RGB")


def painted(mask: Image.Image | None) -> np.ndarray:
    assert mask is not None
    return np.asarray(mask) > 127


def test_the_roof_is_the_upper_part_of_the_house(house: Image.Image) -> None:
    roof, whole = (painted(named(house, words, ["a red house on grass"])) for words in ("the roof", "house"))
    assert roof[40:80, 115:140].mean() > 0.9
    assert not roof[120:].any()
    assert 0.05 < roof.mean() < whole.mean() < 0.4


def test_a_click_takes_the_patch_under_it(house: Image.Image) -> None:
    patch = painted(touched(house, (0.5, 0.35)))
    assert patch[85:92, 100:150].all()
    assert not patch[110:].any()


def test_what_is_not_there_is_not_found(house: Image.Image) -> None:
    assert named(house, "an elephant", ["a red house on grass"]) is None


@pytest.mark.parametrize("size", [(1, 1), (2048, 1), (2048, 4)])
@pytest.mark.parametrize("words", ["the sky", "the ground"])
def test_one_row_of_pixels_has_neither_sky_nor_ground(size: tuple[int, int], words: str) -> None:
    assert named(Image.new("RGB", size, "blue"), words, []) is None
