"""The judge's second eye, on drawn scenes, where the truth is known."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest
import torch
from PIL import Image

from pocket.judging.surroundings import setting_of, style_of
from pocket.train import shipped
from pocket.training.latents import as_tensor
from pocket.world.draw import draw
from pocket.world.scenes import SETTINGS, SIZES_OF_PICTURES, STYLES, Scene, Thing, visible


@pytest.mark.parametrize("setting", SETTINGS[1:])
def test_a_setting_is_recognised_whatever_stands_in_it(setting: str) -> None:
    rng = Random(setting)
    for ratio, thing in (("1:1", "house"), ("3:2", "star"), ("2:3", "fish")):
        scene = Scene((Thing(thing, "red", 1, "big"),), setting)
        assert setting_of(draw(scene, *SIZES_OF_PICTURES[ratio], rng)) == (setting, None)


@pytest.mark.parametrize("colour", ["yellow", "white", "black", "grey", "teal"])
def test_a_plain_background_is_called_by_its_colour(colour: str) -> None:
    scene = Scene((Thing("boat", "red"),), "plain", colour)
    assert setting_of(draw(scene, 256, 256, Random(3))) == ("plain", colour)


def test_a_style_is_told_from_all_others() -> None:
    rng, wrong = Random(4), []
    for thing, setting in ((Thing("cat", "orange"), "snow"), (Thing("boat", "blue", 2), "sunset")):
        for style in STYLES:
            assert visible(thing.colour, setting, None, style)
            scene = Scene((thing,), setting, style=style)
            if style_of(draw(scene, 320, 208, rng), replace(scene, style="flat")) != style:
                wrong.append((thing.kind, style))
    assert not wrong


def test_styles_are_told_though_the_decoder_softens_every_edge() -> None:
    (pipeline, _), rng, wrong = shipped(), Random(5), []
    for thing, backdrop in (("fox", "blue"), ("house", "teal")):
        for style in STYLES:
            scene = Scene((Thing(thing, "orange"),), "plain", backdrop, style=style)
            true = as_tensor(np.array(draw(scene, 256, 256, rng))[None])
            with torch.no_grad():
                made = pipeline.vae.decode(pipeline.vae.encode(true).latent_dist.mode()).sample
            levels = ((made[0].permute(1, 2, 0).clamp(-1, 1) + 1) * 127.5).round().byte()
            if style_of(Image.fromarray(levels.numpy()), scene) != style:
                wrong.append((thing, style))
    assert len(wrong) <= 1, wrong
