"""The editing model out of the shipped one: `python -m pocket.edit`. Stops and goes on wherever it was."""

import os
import shutil
from pathlib import Path
from typing import Annotated

import torch
import typer
from diffusers import StableDiffusionInstructPix2PixPipeline

from pocket.model.architecture import save_pipeline
from pocket.train import shipped
from pocket.training import edits
from pocket.training.run import Schedule
from pocket.words.captions import names, vocabulary
from pocket.words.instructions import instruction_words

EDITS = Path(__file__).parent / "edits"


def load_run(run: Path) -> StableDiffusionInstructPix2PixPipeline:
    """The pipeline as the checkpoints of a run stand now, with averaged weights."""
    pipeline, _ = shipped()
    tokenizer = edits.grown_tokenizer(pipeline.tokenizer)
    encoder = edits.grown_encoder(pipeline.text_encoder, tokenizer)
    unet = edits.editing_unet(pipeline.unet)
    words, denoiser = (
        torch.load(run / f"{name}.pt", weights_only=True, map_location="cpu")["average"]
        for name in ("reading", "editing")
    )
    encoder.load_state_dict(
        {k.removeprefix("encoder."): v for k, v in words.items() if k.startswith("encoder.")}
    )
    unet.load_state_dict(denoiser)
    return StableDiffusionInstructPix2PixPipeline(
        vae=pipeline.vae,
        text_encoder=encoder,
        tokenizer=tokenizer,
        unet=unet,
        scheduler=pipeline.scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def export(pipeline: StableDiffusionInstructPix2PixPipeline, folder: Path) -> None:
    """Replace the shipped folder by this pipeline and the words it knows."""
    fresh = folder.with_name(folder.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    save_pipeline(pipeline, fresh, vocabulary() | instruction_words(), names())
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)


def main(
    run: Annotated[Path, typer.Option(help="Folder of checkpoints and loss logs.")] = Path("data/edits"),
    out: Annotated[Path, typer.Option(help="Where the finished folder goes.")] = EDITS,
    steps: Annotated[int, typer.Option(help="Steps of the denoiser.")] = 8400,
    reading_steps: Annotated[int, typer.Option(help="Steps of the text encoder.")] = 420,
    rate: Annotated[float, typer.Option(help="The denoiser's learning rate.")] = 7e-4,
    scenes: Annotated[int, typer.Option(help="Pictures drawn, each edited three times.")] = 24_000,
    batch: Annotated[int, typer.Option(help="Edits in a step.")] = 96,
    seed: Annotated[int, typer.Option(help="Equal seeds, equal runs.")] = 0,
    threads: Annotated[int, typer.Option(help="Threads; all cores if not given.")] = 0,
    device: Annotated[str, typer.Option(help="cpu or cuda; chosen by itself if not given.")] = "",
    as_it_stands: Annotated[bool, typer.Option(help="Train nothing; write out the run's averages.")] = False,
) -> None:
    """Train the editing model, or go on with a run, and write it out."""
    torch.set_num_threads(threads or os.cpu_count() or 1)
    torch.manual_seed(seed)
    if not as_it_stands:
        _train(run, steps, reading_steps, rate, scenes, batch, seed, device)
    export(load_run(run), out)
    typer.echo(f"written to {out}")


def _train(
    run: Path, steps: int, reading_steps: int, rate: float, scenes: int, batch: int, seed: int, device: str
) -> None:
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    pipeline, axes = shipped()
    tokenizer = edits.grown_tokenizer(pipeline.tokenizer)
    encoder = edits.grown_encoder(pipeline.text_encoder, tokenizer)
    right = edits.train_reading(encoder, tokenizer, run, seed, reading_steps, device)
    typer.echo(f"text encoder: {right:.1%} of unseen instructions read right in every field")
    edits.train_editing(
        edits.editing_unet(pipeline.unet),
        encoder,
        tokenizer,
        edits.all_pairs(axes, scenes, seed),
        axes.weights(),
        run,
        Schedule(steps, rate, warm=50, fall=0.3),
        seed,
        batch,
        device,
    )


if __name__ == "__main__":
    typer.run(main)
