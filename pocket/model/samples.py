"""Sample sheets: what the model draws for a fixed list of prompts, side by side."""

from collections.abc import Sequence
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline
from PIL import Image, ImageDraw, ImageOps

STEPS, GUIDANCE = 12, 2.5  # how the model is used
_TILE = 150  # pixels, each side of a picture with words below
PROMPTS = (
    "a red house on grass",
    "two red foxes in the snow",
    "a yellow star on a blue background",
    "a star above a blue boat at night",
    "three green apples on a white background",
    "a purple fish under water",
    "an orange cat at sunset",
    "a white rabbit in the forest",
    "a pink flower to the left of a brown house",
    "a blue car in the desert",
    "a black circle on a yellow background",
    "four purple butterflies in the sky",
)


def render(
    pipeline: StableDiffusionPipeline,
    prompt: str,
    seeds: list[int],
    size: tuple[int, int] = (256, 256),
    steps: int = STEPS,
    guidance: float = GUIDANCE,
) -> list[Image.Image]:
    """One picture of the prompt per seed."""
    pipeline.set_progress_bar_config(disable=True)
    return pipeline(
        prompt,
        width=size[0],
        height=size[1],
        num_inference_steps=steps,
        guidance_scale=guidance,
        num_images_per_prompt=len(seeds),
        generator=[torch.Generator().manual_seed(s) for s in seeds],
    ).images


def sheet(pictures: list[Image.Image], columns: int) -> Image.Image:
    """The pictures in rows, edge to edge; all of one size."""
    w, h = pictures[0].size
    page = Image.new("RGB", (w * columns, h * -(-len(pictures) // columns)), "white")
    for i, picture in enumerate(pictures):
        page.paste(picture, (w * (i % columns), h * (i // columns)))
    return page


def pairs(shown: Sequence[tuple[Image.Image, Image.Image, str]], columns: int = 3) -> Image.Image:
    """Each picture, what was drawn after it to the right, and the words below."""
    said = []
    for before, after, words in shown:
        pair = Image.new("RGB", (2 * _TILE + 12, _TILE + 24), "white")
        for place, each in enumerate((before, after)):
            pair.paste(ImageOps.pad(each, (_TILE, _TILE), color="white"), (place * (_TILE + 2), 0))
        ImageDraw.Draw(pair).text((2, _TILE + 5), words, "black")
        said.append(pair)
    return sheet(said, columns)


def write_samples(pipeline: StableDiffusionPipeline, path: Path, **how: float) -> None:
    """Two pictures of every prompt of the list, four prompts to a row."""
    pictures = [p for prompt in PROMPTS for p in render(pipeline, prompt, [1, 2], **how)]
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet([p.resize((160, 160)) for p in pictures], 8).save(path)
