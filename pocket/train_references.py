"""The adapters that let the shipped model refer to pictures: `python -m pocket.train_references`.

One command, to be given again whenever the denoiser is another. Stops and goes on wherever it was.
"""

import os
from pathlib import Path
from typing import Annotated

import torch
import typer
from transformers import VisionEncoderDecoderModel

from pocket.train import WEIGHTS, shipped
from pocket.training import references
from pocket.training.reference_examples import MAKERS

DESCRIBER = Path(__file__).parent / "describer"
REFERENCES = Path(__file__).parent / "references"


def main(
    run: Annotated[Path, typer.Option(help="Folder of checkpoints and loss logs.")] = Path(
        "data/pocket/references"
    ),
    out: Annotated[Path, typer.Option(help="Where the finished files go.")] = REFERENCES,
    weights: Annotated[Path, typer.Option(help="The model that they are for.")] = WEIGHTS,
    describer: Annotated[Path, typer.Option(help="The describer, as which the encoder begins.")] = DESCRIBER,
    only: Annotated[str, typer.Option(help="“style” or “thing”; both if not given.")] = "",
    steps: Annotated[int, typer.Option(help="Steps of each adapter with its tokens as they are.")] = 1500,
    examples: Annotated[int, typer.Option(help="Examples drawn for each adapter.")] = 4000,
    batch: Annotated[int, typer.Option(help="Examples in a step.")] = 24,
    encoder_steps: Annotated[int, typer.Option(help="Steps of the image encoder.")] = 2400,
    encoder_pictures: Annotated[int, typer.Option(help="Pictures drawn for it.")] = 16_000,
    threads: Annotated[int, typer.Option(help="Processor threads; 0: all.")] = 1,
    seed: Annotated[int, typer.Option(help="Equal seeds, equal runs.")] = 0,
) -> None:
    """Train the image encoder and the adapters (or go on with a run), and write them to the folder."""
    torch.set_num_threads(threads or os.cpu_count() or 1)
    reader = VisionEncoderDecoderModel.from_pretrained(describer).float().encoder
    teller = references.train_encoder(run, reader, seed, encoder_steps, encoder_pictures)
    read = ", ".join(f"{name} {share:.1%}" for name, share in references.measure(teller).items())
    typer.echo(f"image encoder: of unseen pictures it reads {read}")
    teller.encoder.half().save_pretrained(out / "image_encoder")
    (out / "image_encoder" / "preprocessor_config.json").write_text(
        '{"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}\n', encoding="utf-8"
    )
    teller.encoder.float()
    pipeline, axes = shipped(weights)
    for name, make in MAKERS.items():
        if only in ("", name):
            adapter = references.train_adapter(
                name, make, pipeline, axes, teller, run, seed, steps, examples, batch
            )
            adapter.save(out / f"{name}.safetensors", references.about(name, steps, batch))
            if name == "style":
                references.style_anchors(teller.encoder, adapter, seed, out / "anchors.safetensors")
            typer.echo(f"{name}: written to {out}")


if __name__ == "__main__":
    typer.run(main)
