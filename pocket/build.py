"""Folders of the model's exact architecture with random weights, for tests that need no picture to mean anything."""

from pathlib import Path

import torch

from pocket.architecture import (
    make_pipeline,
    make_text_encoder,
    make_tokenizer,
    make_unet,
    make_vae,
    save_pipeline,
)

SOME_WORDS = (
    "a the on in red blue green yellow house fox foxes snow grass night two circle square star".split()
)


def random_pipeline_folder(path: str | Path, seed: int = 0, words: list[str] | None = None) -> Path:
    """Write the standard diffusers folder of the pocket model with random weights from `seed`; returns the folder."""
    folder = Path(path)
    words = words or SOME_WORDS
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        tokenizer = make_tokenizer(words)
        pipeline = make_pipeline(make_vae(), make_text_encoder(tokenizer), tokenizer, make_unet())
    save_pipeline(pipeline, folder, words)
    return folder
