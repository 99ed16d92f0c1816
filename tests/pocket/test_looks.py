"""The looks that LoRAs teach: told apart by the judge, brought by the shipped files, half of it at half."""

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
import torch
from diffusers import StableDiffusionPipeline
from safetensors import safe_open

from bench.pictures import scenes_of
from pocket.judging.judge import matches
from pocket.judging.surroundings import look_apart, look_of
from pocket.model.adapter import Adapter
from pocket.model.samples import render
from pocket.train import LORAS, shipped
from pocket.training.latents import fit_on_scenes
from pocket.training.looks import about, make_pairs, train_look
from pocket.world.draw import draw
from pocket.world.looks import LOOKS

PROMPT = "a yellow star on a green background"


@pytest.fixture(scope="module")
def pipeline() -> StableDiffusionPipeline:
    return shipped()[0]


@pytest.mark.parametrize("look", ["flat", *LOOKS])
def test_the_judge_tells_drawn_looks_apart_and_sees_the_things_in_them(look: str) -> None:
    scenes = scenes_of("one thing", Random(3))
    for number in range(4):
        scene = next(scenes)
        picture = draw(replace(scene, style=look), 256, 256, Random(number))
        assert look_of(picture, scene) == look
        found = matches(picture, scene)
        assert found["colour"]
        assert found["kind"]


@pytest.mark.parametrize("look", LOOKS)
def test_a_shipped_lora_brings_its_look_and_half_of_it_at_half_the_weight(
    look: str, pipeline: StableDiffusionPipeline
) -> None:
    adapter = Adapter.load(pipeline.unet, LORAS / f"{look}.safetensors")
    pictures = []
    for weight in (0.0, 0.5, 1.0):
        with torch.no_grad(), adapter.beside(pipeline.unet, torch.tensor([weight])):
            pictures += render(pipeline, PROMPT, [4])
    plain, half, whole = pictures
    assert look_apart(half, plain) == pytest.approx(look_apart(half, whole), rel=0.8)
    assert look_apart(whole, plain) > 1.3 * max(look_apart(half, plain), look_apart(half, whole))
    (alone,) = render(pipeline, PROMPT, [4])
    assert alone.tobytes() == plain.tobytes()


@pytest.mark.parametrize("look", LOOKS)
def test_a_shipped_file_is_small_and_says_what_it_is(look: str) -> None:
    file = LORAS / f"{look}.safetensors"
    assert file.stat().st_size <= 300 * 1024
    with safe_open(file, "pt") as opened:
        said = opened.metadata()
        names = list(opened.keys())
    assert all(name.startswith("unet.") and ".lora_" in name for name in names)
    assert said["modelspec.title"] == look
    assert said["ss_network_dim"] == "16"


def test_pairs_differ_in_the_look_alone() -> None:
    axes = fit_on_scenes(seed=0, n=100)
    library, looked = make_pairs(axes, "1:1", "dawn", 4, seed=1)
    assert len(looked) == len(library.latents) == library.starts[-1]
    assert not torch.equal(looked, library.latents)
    assert torch.equal(looked, make_pairs(axes, "1:1", "dawn", 4, seed=1)[1])


def test_a_look_is_learnt_beside_the_weights_which_stay(tmp_path: Path) -> None:
    drawing, axes = shipped()
    before = {k: v.clone() for k, v in drawing.unet.state_dict().items()}
    adapter = train_look("dawn", drawing, axes, tmp_path, 0, 2, 16, 2, "cpu")
    assert all(torch.equal(v, before[k]) for k, v in drawing.unet.state_dict().items())
    assert any(bool(up.weight.any()) for up in adapter.up.values())
    adapter.save(tmp_path / "x.safetensors", about("x", 2, 2))
    again = Adapter.load(drawing.unet, tmp_path / "x.safetensors")
    for key in adapter.down:
        assert torch.allclose(again.down[key].weight, adapter.down[key].weight, atol=1e-3)
