"""From nothing to the shipped weights: `python -m pocket.train`. Stops and goes on wherever it was."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import torch
import typer
from diffusers import StableDiffusionPipeline
from torch import Tensor
from transformers import CLIPTokenizer

from pocket.model.architecture import (
    make_pipeline,
    make_text_encoder,
    make_tokenizer,
    make_unet,
    make_vae,
    save_pipeline,
)
from pocket.model.control import save_control
from pocket.model.linear_encoder import write_encoder
from pocket.model.samples import write_samples
from pocket.training import autoencoder, control, denoiser, describer, familiar, finish, looks, text
from pocket.training.latents import Axes, fit_on_scenes
from pocket.training.run import Schedule
from pocket.words.captions import names, vocabulary
from pocket.world.looks import LOOKS

WEIGHTS = Path(__file__).parent / "weights"
LORAS = Path(__file__).parent / "loras"
CONTROL = Path(__file__).parent / "control"
AXES = "axes.safetensors"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How much of everything."""

    autoencoder_steps: int = 1400
    autoencoder_pictures: int = 3000
    text_steps: int = 4000
    finish_steps: int = 4000
    finish_pictures: int = 3000
    describer_steps: int = 3000
    describer_pictures: int = 20_000
    look_steps: int = 600
    look_scenes: int = 600
    look_batch: int = 24
    control_steps: int = 2500
    control_structures: int = 2000
    control_batch: int = 32
    denoiser_steps: int = 10_000
    denoiser_rate: float = 1e-3
    scenes: int = 64_000
    batch: int = 96
    seed: int = 0


def tokenizer_of(run: Path) -> CLIPTokenizer:
    """The run's tokenizer, made once: its ids must not move while the run lasts, whatever words are added."""
    folder = run / "tokenizer"
    folder.parent.mkdir(parents=True, exist_ok=True)
    if not folder.exists():
        make_tokenizer(vocabulary()).save_pretrained(folder)
    return CLIPTokenizer.from_pretrained(folder)


def axes_of(run: Path, seed: int) -> Axes:
    """The run's latent axes, fitted once: they must not move while the run lasts."""
    file = run / AXES
    if not file.exists():
        fit_on_scenes(seed).save(file)
    return Axes.load(file)


def train_all(recipe: Recipe, run: Path, device: str) -> StableDiffusionPipeline:
    """Every stage in turn, each taken up from its checkpoint in `run`; returns the pipeline, on the CPU."""
    torch.manual_seed(recipe.seed)
    tokenizer = tokenizer_of(run)
    vae, encoder, unet = make_vae(), make_text_encoder(tokenizer), make_unet()
    axes = axes_of(run, recipe.seed)
    autoencoder.train_autoencoder(
        vae, axes, run, recipe.seed, recipe.autoencoder_steps, recipe.autoencoder_pictures, device
    )
    typer.echo(f"autoencoder: {autoencoder.measure(vae):.1f} dB there and back")
    right = text.train_text(encoder, tokenizer, run, recipe.seed, recipe.text_steps, device)
    typer.echo(f"text encoder: {right:.1%} of unseen captions read right in every field")

    return train_drawing(make_pipeline(vae, encoder, tokenizer, unet), axes, recipe, run, device)


def train_drawing(
    pipeline: StableDiffusionPipeline, axes: Axes, recipe: Recipe, run: Path, device: str
) -> StableDiffusionPipeline:
    """The denoiser and the decoder's finish, from what the pipeline holds; returns it, on the CPU."""

    def sample(weights: dict[str, Tensor], step: int) -> None:
        unet = make_unet()
        unet.load_state_dict({k: v.cpu() for k, v in weights.items()})
        drawing = make_pipeline(pipeline.vae.cpu(), pipeline.text_encoder.cpu(), pipeline.tokenizer, unet)
        write_samples(drawing, run / "samples" / f"{step:06d}.png")
        pipeline.vae.to(device)
        pipeline.text_encoder.to(device)

    denoiser.train_denoiser(
        pipeline.unet,
        pipeline.text_encoder,
        pipeline.tokenizer,
        denoiser.make_libraries(axes, recipe.scenes, recipe.seed),
        axes.weights(),
        run,
        Schedule(recipe.denoiser_steps, recipe.denoiser_rate, warm=200),
        recipe.seed,
        recipe.batch,
        device,
        sample,
    )
    finish.finish_decoder(
        pipeline, axes, run, recipe.seed, recipe.finish_steps, recipe.finish_pictures, device
    )
    return pipeline.to("cpu")


def train_describer_of(recipe: Recipe, run: Path, device: str, folder: Path) -> None:
    """The image-to-text model of the same world, written to `folder`."""
    torch.manual_seed(recipe.seed)
    tokenizer = tokenizer_of(run)
    model = describer.make_describer(tokenizer)
    describer.train_describer(
        model, tokenizer, run, recipe.seed, recipe.describer_steps, recipe.describer_pictures, device
    )
    describer.save_describer(model, tokenizer, folder)
    familiar.write(folder, recipe.seed)


def train_looks(
    pipeline: StableDiffusionPipeline, axes: Axes, recipe: Recipe, run: Path, device: str, folder: Path
) -> None:
    """A LoRA for each look that the pipeline's own weights do not know, written to `folder`."""
    for look in LOOKS:
        adapter = looks.train_look(
            look,
            pipeline,
            axes,
            run,
            recipe.seed,
            recipe.look_steps,
            recipe.look_scenes,
            recipe.look_batch,
            device,
        )
        adapter.save(folder / f"{look}.safetensors", looks.about(look, recipe.look_steps, recipe.look_batch))


def train_control_of(
    pipeline: StableDiffusionPipeline, axes: Axes, recipe: Recipe, run: Path, device: str, folder: Path
) -> None:
    """The ControlNet for edges, written to `folder`."""
    made = control.train_control(
        pipeline,
        axes,
        run,
        Schedule(recipe.control_steps, 1e-3, fall=0.6),
        recipe.seed,
        recipe.control_structures,
        recipe.control_batch,
        device,
    )
    save_control(made, folder)


def load_run(run: Path) -> StableDiffusionPipeline:
    """The pipeline as the checkpoints of a run stand now, with averaged weights."""
    tokenizer = tokenizer_of(run)
    vae, encoder, unet = make_vae(), make_text_encoder(tokenizer), make_unet()

    def averaged(name: str) -> dict[str, Tensor]:
        return torch.load(run / f"{name}.pt", weights_only=True, map_location="cpu")["average"]

    finished = (run / "finish.pt").exists()
    vae.decoder.load_state_dict(averaged("finish" if finished else "decoder"))
    axes = Axes.load(run / AXES)
    write_encoder(vae.encoder, axes.mean, axes.basis)
    words = averaged("text")
    encoder.load_state_dict(
        {k.removeprefix("encoder."): v for k, v in words.items() if k.startswith("encoder.")}
    )
    unet.load_state_dict(averaged("denoiser"))
    return make_pipeline(vae, encoder, tokenizer, unet)


def shipped(folder: Path = WEIGHTS) -> tuple[StableDiffusionPipeline, Axes]:
    """The model of an exported folder in full precision, to be trained further, and its latents' axes."""
    stored = StableDiffusionPipeline.from_pretrained(folder, dtype=torch.float32)
    vae, encoder, unet = make_vae(), make_text_encoder(stored.tokenizer), make_unet()
    for part, known in ((vae, stored.vae), (encoder, stored.text_encoder), (unet, stored.unet)):
        part.load_state_dict(known.state_dict())
    return make_pipeline(vae, encoder, stored.tokenizer, unet), Axes.load(folder / AXES)


def export(pipeline: StableDiffusionPipeline, axes: Axes, folder: Path) -> None:
    """Replace the shipped folder by this pipeline and its axes."""
    fresh = folder.with_name(folder.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    save_pipeline(pipeline, fresh, vocabulary(), names())
    axes.save(fresh / AXES)
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)


def main(
    run: Annotated[Path, typer.Option(help="Folder of checkpoints, loss logs and samples.")] = Path(
        "data/pocket"
    ),
    out: Annotated[Path, typer.Option(help="Where the finished folder goes.")] = WEIGHTS,
    device: Annotated[str, typer.Option(help="cpu or cuda; chosen by itself if not given.")] = "",
    steps: Annotated[int, typer.Option(help="Denoiser steps in all.")] = Recipe().denoiser_steps,
    rate: Annotated[float, typer.Option(help="The denoiser's learning rate.")] = Recipe().denoiser_rate,
    scenes: Annotated[int, typer.Option(help="Scenes drawn for the denoiser.")] = Recipe().scenes,
    batch: Annotated[int, typer.Option(help="Scenes in a denoiser step.")] = Recipe().batch,
    seed: Annotated[int, typer.Option(help="Equal seeds, equal runs.")] = Recipe().seed,
    as_it_stands: Annotated[bool, typer.Option(help="Train nothing; write out the run's averages.")] = False,
    further: Annotated[
        bool, typer.Option(help="Begin with the shipped model: its denoiser, then the decoder's finish.")
    ] = False,
    with_describer: Annotated[
        bool, typer.Option("--describer/--no-describer", help="Train the describer as well.")
    ] = True,
    with_looks: Annotated[bool, typer.Option("--looks/--no-looks", help="Train the LoRAs as well.")] = True,
    with_control: Annotated[
        bool, typer.Option("--control/--no-control", help="Train the control as well.")
    ] = True,
) -> None:
    """Train the pocket model (or go on with a run) and write it where the engine finds it."""
    torch.set_num_threads(os.cpu_count() or 1)
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    recipe = Recipe(denoiser_steps=steps, denoiser_rate=rate, scenes=scenes, batch=batch, seed=seed)
    if further and as_it_stands:
        raise typer.BadParameter("--further trains, --as-it-stands does not: give one of them.")
    if further:
        pipeline, axes = shipped()
        # A folder of its own: a run from nothing has other axes, and its checkpoints would be taken up.
        pipeline = train_drawing(pipeline, axes, recipe, run / "further", device)
    else:
        pipeline = load_run(run) if as_it_stands else train_all(recipe, run, device)
        axes = axes_of(run, recipe.seed)
    write_samples(pipeline, run / "samples" / "final.png")
    export(pipeline, axes, out)
    typer.echo(f"written to {out}")
    if with_looks and not as_it_stands:
        train_looks(*shipped(out), recipe, run / "looks", device, out.with_name("loras"))
    if with_control and not as_it_stands:
        train_control_of(*shipped(out), recipe, run / "control", device, out.with_name("control"))
    if with_describer and not as_it_stands and not further:
        train_describer_of(recipe, run, device, out.with_name("describer"))


if __name__ == "__main__":
    typer.run(main)
