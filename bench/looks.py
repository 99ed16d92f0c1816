"""What the embedded model's LoRAs bring, by the judge: `python -m bench.looks`.

For each look and prompt pictures of the same seed at the weights 0, 0.5 and 1. The look is *found* where
a picture is more like drawings in that look than like those in the plain style or in another look. *Half-way*
is how far the picture at 0.5 lies between the other two, by the light of its ground (0: as the plain one, 1:
as the whole look). *Right* is whether every thing has the colour, the kind and the number that was asked for.
"""

from collections import defaultdict
from pathlib import Path
from random import Random
from typing import Annotated

import torch
import typer
from PIL import Image
from rich.progress import track

from bench.pictures import DRAWN, interval, scenes_of
from bench.sheet import Sheet
from pocket.judging.judge import matches
from pocket.judging.surroundings import look_apart, look_of
from pocket.model.adapter import Adapter
from pocket.model.samples import render
from pocket.train import LORAS, shipped
from pocket.words.captions import plain_caption
from pocket.world.looks import LOOKS
from pocket.world.scenes import SIZES_OF_PICTURES, Scene

GROUPS = (DRAWN[0], DRAWN[2], DRAWN[3])
RATIOS = ("1:1", "3:2", "2:3")  # in turn
WEIGHTS = (0.0, 0.5, 1.0)


def right(picture: Image.Image, scene: Scene) -> bool:
    """Whether what was asked for is there."""
    found = matches(picture, scene)
    return found["colour"] and found["kind"] and found["count"]


def main(
    prompts: Annotated[int, typer.Option(help="Prompts for a look and a group.")] = 40,
    folder: Annotated[Path, typer.Option(help="Where the LoRAs lie.")] = LORAS,
    only: Annotated[str, typer.Option(help="One look; all if not given.")] = "",
    seed: Annotated[int, typer.Option(help="Which prompts.")] = 2024,
) -> None:
    """Print the table."""
    torch.set_num_threads(1)
    pipeline, _ = shipped()
    columns = ("", "n", "found at 1", "found at 0", "half-way at 0.5", "right at 0", "right at 1")
    table = Sheet("What the LoRAs bring", columns, "In per cent (95 % interval); half-way is a mean.")
    for look in [only] if only else LOOKS:
        adapter = Adapter.load(pipeline.unet, folder / f"{look}.safetensors")
        count: dict[str, int] = defaultdict(int)
        half: list[float] = []
        for group in GROUPS:
            scenes = scenes_of(group, Random(f"{seed}/{look}/{group}"))
            for number in track(range(prompts), f"{look}, {group}", transient=True):
                scene, size = next(scenes), SIZES_OF_PICTURES[RATIOS[number % len(RATIOS)]]
                prompt = plain_caption(scene, Random(number))
                pictures = []
                for weight in WEIGHTS:
                    with torch.no_grad(), adapter.beside(pipeline.unet, torch.tensor([weight])):
                        pictures += render(pipeline, prompt, [3_000_017 + number], size)
                plain, middle, whole = pictures
                near, far = look_apart(middle, plain), look_apart(middle, whole)
                half.append(near / (near + far))
                count["found at 1"] += look_of(whole, scene) == look
                count["found at 0"] += look_of(plain, scene) == look
                count["right at 0"] += right(plain, scene)
                count["right at 1"] += right(whole, scene)
        n = prompts * len(GROUPS)
        shares = {name: interval(count[name], n) for name in columns[2:]}
        table.add(look, n, *(shares | {columns[4]: f"{sum(half) / n:.2f}"}).values())
    table.show()


if __name__ == "__main__":
    typer.run(main)
