"""The two sheets of the documentation: what the model draws, and the world it learnt from.

`python -m pocket.gallery`; equal weights, equal sheets. No picture is chosen: the seed is the prompt's place.
"""

from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Annotated

import torch
import typer
from diffusers import StableDiffusionPipeline
from PIL import Image
from rich.progress import track

from pocket.model.samples import render, sheet
from pocket.train import WEIGHTS
from pocket.world.draw import draw
from pocket.world.scenes import STYLES, Scene, Thing

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"
TILE = 150  # pixels
PROMPTS = (
    "a red house on grass",
    "a yellow star on a blue background",
    "a black cat on a yellow background",
    "an orange fox in the snow",
    "a green tree on a white background",
    "a purple fish under water",
    "a red heart on a white background",
    "a blue car in the desert",
    "a pink flower on grass",
    "a white rabbit in the forest",
    "a red apple on a white background",
    "a blue boat on the sea",
    "a yellow moon at night",
    "a red balloon in the sky",
    "a brown mountain at sunset",
    "a green cactus in the desert",
    "a red mushroom in the forest",
    "a blue bird on a yellow background",
    "an orange butterfly on grass",
    "a red circle on a white background",
    "a blue square on a yellow background",
    "a green triangle on a pink background",
    "a white cloud in the sky",
    "a purple umbrella on a grey background",
    "a red rocket in space",
    "a yellow sun in the sky",
    "a blue diamond on a white background",
    "a teal fish on a pink background",
    "a purple star at night",
    "a black car in the snow",
    "two orange cats on grass",
    "three red apples on a white background",
    "four purple butterflies in the sky",
    "two white rabbits in the forest",
    "three yellow fish under water",
    "a yellow star above a blue boat at night",
    "a pink flower to the left of a brown house",
    "a red balloon above a green cactus in the desert",
    "a grey rabbit next to a red mushroom on grass",
    "a white cloud above a purple mountain at sunset",
)
SCENES = (
    Scene((Thing("house", "red"),), "grass"),
    Scene((Thing("cat", "orange"),), "plain", "blue"),
    Scene((Thing("fish", "purple"),), "underwater"),
    Scene((Thing("star", "yellow"),), "night"),
    Scene((Thing("fox", "teal"),), "snow"),
    Scene((Thing("flower", "pink"),), "plain", "white"),
    Scene((Thing("boat", "blue"),), "sea"),
    Scene((Thing("rabbit", "grey"),), "forest"),
)


def drawn_by_the_model(pipeline: StableDiffusionPipeline) -> Image.Image:
    """One picture of every prompt, ten to a row."""
    pictures = [
        render(pipeline, prompt, [seed])[0] for seed, prompt in enumerate(track(PROMPTS, "the model's"))
    ]
    return sheet([p.resize((TILE, TILE), Image.Resampling.LANCZOS) for p in pictures], 10)


def drawn_world() -> Image.Image:
    """Every scene of a list, a style to a row."""
    return sheet(
        [
            draw(replace(scene, style=style), TILE, TILE, Random(column))
            for style in STYLES
            for column, scene in enumerate(SCENES)
        ],
        len(SCENES),
    )


def main(
    weights: Annotated[Path, typer.Option(help="A pocket model's folder.")] = WEIGHTS,
    out: Annotated[Path, typer.Option(help="Where the sheets go.")] = FOLDER,
) -> None:
    """Write `pocket.png` and `world.png`."""
    drawn_world().save(out / "world.png", optimize=True)
    pipeline = StableDiffusionPipeline.from_pretrained(weights, dtype=torch.float32)
    drawn_by_the_model(pipeline).save(out / "pocket.png", optimize=True)


if __name__ == "__main__":
    typer.run(main)
