"""Folders of the model's architecture with random weights, for tests where no picture need mean anything."""

from pathlib import Path

import torch

from pocket.model.architecture import (
    make_pipeline,
    make_text_encoder,
    make_tokenizer,
    make_unet,
    make_vae,
    save_pipeline,
)

SOME_WORDS = ["a", "on", "in", "the", "red", "two", "house", "fox", "foxes", "snow", "grass"]


def random_pipeline_folder(path: str | Path, seed: int = 0, words: list[str] | None = None) -> Path:
    """Write the pocket model's diffusers folder with random weights from `seed`; returns the folder."""
    folder = Path(path)
    words = words or SOME_WORDS
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        tokenizer = make_tokenizer(words)
        pipeline = make_pipeline(make_vae(), make_text_encoder(tokenizer), tokenizer, make_unet())
    save_pipeline(pipeline, folder, words)
    return folder
