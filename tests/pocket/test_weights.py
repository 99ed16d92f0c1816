"""The shipped weights draw what they are asked, through stock pipelines."""

from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionImg2ImgPipeline, StableDiffusionPipeline
from PIL import Image

from pocket.judging.judge import matches
from pocket.model.samples import render
from pocket.train import AXES, WEIGHTS
from pocket.training.autoencoder import draw_pictures
from pocket.training.latents import Axes, levels
from pocket.world.draw import draw
from pocket.world.scenes import Scene, Thing

HELD_OUT = [  # wordings and seeds that training did not see
    ("a red house on grass", Scene((Thing("house", "red"),), "grass"), (256, 256)),
    ("a blue car in the desert", Scene((Thing("car", "blue"),), "desert"), (320, 208)),
    ("an orange cat at sunset", Scene((Thing("cat", "orange"),), "sunset"), (256, 256)),
    ("a purple fish on a white background", Scene((Thing("fish", "purple"),), "plain", "white"), (256, 256)),
    ("a yellow star on a blue background", Scene((Thing("star", "yellow"),), "plain", "blue"), (208, 320)),
    ("a green tree in the snow", Scene((Thing("tree", "green"),), "snow"), (256, 256)),
    ("a pink heart on a black background", Scene((Thing("heart", "pink"),), "plain", "black"), (256, 256)),
    ("a white rabbit in the forest", Scene((Thing("rabbit", "white"),), "forest"), (256, 256)),
    ("a red apple on a yellow background", Scene((Thing("apple", "red"),), "plain", "yellow"), (320, 208)),
    ("a teal butterfly in the sky", Scene((Thing("butterfly", "teal"),), "sky"), (256, 256)),
    (
        "a black triangle on a pink background",
        Scene((Thing("triangle", "black"),), "plain", "pink"),
        (208, 320),
    ),
    ("an orange balloon at night", Scene((Thing("balloon", "orange"),), "night"), (256, 256)),
]


@pytest.fixture(scope="module")
def pipeline() -> StableDiffusionPipeline:
    return StableDiffusionPipeline.from_pretrained(WEIGHTS, dtype=torch.float32)


@pytest.fixture(scope="module")
def pictures(pipeline: StableDiffusionPipeline) -> list[Image.Image]:
    return [render(pipeline, prompt, [100 + i], size)[0] for i, (prompt, _, size) in enumerate(HELD_OUT)]


def test_the_folder_is_small_and_safe() -> None:
    files = [f for f in WEIGHTS.rglob("*") if f.is_file()]
    assert sum(f.stat().st_size for f in files) <= 25 * 1024**2
    assert {f.suffix for f in files} <= {".json", ".safetensors", ".txt"}
    words = (WEIGHTS / "words.txt").read_text().split()
    assert {"red", "house", "foxes", "snow"} <= set(words)
    nouns = (WEIGHTS / "nouns.txt").read_text().split()
    assert {"house", "foxes", "snow"} <= set(nouns) <= set(words)
    assert not {"red", "two", "big", "watercolour"} & set(nouns)


def test_single_things_have_the_colour_that_was_asked(pictures: list[Image.Image]) -> None:
    right = [matches(p, scene)["colour"] for p, (_, scene, _) in zip(pictures, HELD_OUT, strict=True)]
    assert sum(right) >= 0.8 * len(right), right


def test_pictures_have_the_size_that_was_asked(pictures: list[Image.Image]) -> None:
    assert [p.size for p in pictures] == [size for _, _, size in HELD_OUT]


def test_the_same_seed_gives_the_same_picture_whatever_stands_beside_it(
    pipeline: StableDiffusionPipeline,
) -> None:
    both = render(pipeline, "a red house on grass", [7, 8], steps=4)
    alone = render(pipeline, "a red house on grass", [8], steps=4)[0]
    again = render(pipeline, "a red house on grass", [7, 8], steps=4)
    assert np.array_equal(np.asarray(both[0]), np.asarray(again[0]))
    difference = np.abs(np.asarray(both[1], dtype=int) - np.asarray(alone, dtype=int))
    assert difference.max() <= 2


def test_image_to_image_keeps_what_it_is_told_to_keep(pipeline: StableDiffusionPipeline) -> None:
    start = render(pipeline, "a red house on grass", [7])[0]
    vary = StableDiffusionImg2ImgPipeline(**pipeline.components, requires_safety_checker=False)
    vary.set_progress_bar_config(disable=True)
    far = []
    for strength in (0.3, 0.9):
        made = vary(
            "a red house on grass",
            image=start,
            strength=strength,
            num_inference_steps=10,
            guidance_scale=3.0,
            generator=torch.Generator().manual_seed(3),
        ).images[0]
        red, green, blue = np.moveaxis(np.asarray(made, dtype=int), -1, 0)
        assert ((red > 120) & (green < 90) & (blue < 90)).mean() > 0.04
        far.append(float(np.abs(np.asarray(made, dtype=float) - np.asarray(start, dtype=float)).mean()))
    assert far[0] < far[1]


def test_the_autoencoder_gives_a_picture_back(pipeline: StableDiffusionPipeline) -> None:
    picture = draw(Scene((Thing("boat", "blue"),), "plain", "yellow"), 256, 256, Random(1))
    x = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None] / 127.5 - 1
    with torch.no_grad():
        back = pipeline.vae.decode(pipeline.vae.encode(x).latent_dist.mode()).sample.clamp(-1, 1)
    assert float(-10 * torch.log10(((back - x) ** 2).mean() / 4)) > 26


def test_the_encoder_reads_a_picture_as_training_read_it(pipeline: StableDiffusionPipeline) -> None:
    pictures = levels(draw_pictures(4, 10**6, "3:2")[1])
    with torch.no_grad():
        read = pipeline.vae.encode(pictures).latent_dist.mode()
    assert float((read - Axes.load(WEIGHTS / AXES).read(pictures)).abs().max()) < 0.02


@pytest.mark.parametrize("prompt", ["", "zebra 狐狸 😀", "a fox " * 500])
def test_any_prompt_draws_something(pipeline: StableDiffusionPipeline, prompt: str) -> None:
    picture = np.asarray(render(pipeline, prompt, [1], (128, 128), steps=2)[0])
    assert picture.std() > 2


def test_weights_stand_in_the_repository_folder() -> None:
    assert Path(WEIGHTS, "model_index.json").is_file()
