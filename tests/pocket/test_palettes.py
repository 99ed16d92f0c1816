"""The tones of the surroundings: they differ at a glance, hide nothing, and are told for what they are."""

from itertools import combinations
from random import Random

import numpy as np
import pytest
from PIL import Image

from pocket.judging.judge import lab_of
from pocket.judging.surroundings import setting_of
from pocket.world.draw import draw, draw_placed
from pocket.world.edits import Edit, edited, view_of
from pocket.world.layouts import layouts
from pocket.world.palettes import NEAR, fitting, palettes
from pocket.world.scenes import COLOURS, SETTINGS, Scene, Thing, visible

_SURROUNDINGS = [(name, None) for name in SETTINGS[1:]] + [("plain", colour) for colour in COLOURS]


@pytest.mark.parametrize(
    "scene",
    [
        Scene((Thing("house", "red"),), "grass"),
        Scene((Thing("star", "yellow"),), "night"),
        Scene((Thing("cat", "orange"),), "snow"),
        Scene((Thing("boat", "red"), Thing("moon", "white")), "sunset", relation="left"),
        Scene((Thing("apple", "red"),)),
    ],
)
def test_the_layouts_of_a_scene_differ_at_a_glance(scene: Scene) -> None:
    n = layouts(scene, 128, 128)
    pictures = [np.asarray(draw(scene, 128, 128, Random(2), layout=k), dtype=float) for k in range(n)]
    assert np.mean([np.abs(one - other).mean() for one, other in combinations(pictures, 2)]) > 25


@pytest.mark.parametrize(("setting", "backdrop"), _SURROUNDINGS)
def test_every_palette_is_told_for_its_surroundings(setting: str, backdrop: str | None) -> None:
    scene = Scene((), setting, backdrop)
    for k in range(len(palettes(scene))):
        picture = draw_placed(scene, (), 256, 256, Random(f"told/{k}"), palette=k)
        assert setting_of(picture) == (setting, backdrop)


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("backdrop", COLOURS)
def test_a_thing_stands_out_from_a_plain_ground_of_every_tone(colour: str, backdrop: str) -> None:
    if not visible(colour, "plain", backdrop):
        return
    scene = Scene((Thing("circle", colour),), "plain", backdrop)
    (tone,) = lab_of(Image.new("RGB", (1, 1), COLOURS[colour]), scaled=False)[0]

    def nearest(palette: int) -> float:
        ground = lab_of(draw_placed(scene, (), 128, 128, Random(3), 1, palette))
        return float(np.percentile(np.linalg.norm(ground - tone, axis=-1), 5))

    least = min(nearest(0), NEAR) - 4  # ΔE; chance tints a ground by three levels a channel
    assert all(nearest(palette) > least for palette in fitting(scene))


def test_an_edit_leaves_the_tones_of_the_surroundings() -> None:
    scene = Scene((Thing("house", "red"),), "grass")
    before = view_of(scene, 256, 256, Random(4))
    after = edited(before, Edit("recolour", "house", colour="blue"))
    one, other = (np.asarray(view.draw(part=4), dtype=float) for view in (before, after))
    assert before.palette == after.palette
    assert (np.abs(one - other).max(-1) < 1).mean() > 0.6
