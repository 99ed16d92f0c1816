"""Whether Retexture keeps a structure and brings a look, on the embedded model: `python -m bench.control`.

Each case is a drawn scene that training never showed, its edges, and the same things in other colours and
surroundings, in a style of their own, by the plainest caption. *Kind*, *colour*, *count*: every thing is what
the structure and the words say, by the judge. *Place*: every thing stands within a tenth of the picture of
where it stood. *Edges*: the share of the edges of a drawing of the wanted scene that the picture has within
two pixels. *Setting*: the surroundings that the words name. The same seeds without control are compared.
"""

from collections import defaultdict
from pathlib import Path
from random import Random
from typing import Annotated

import numpy as np
import torch
import typer
from diffusers import ControlNetModel, StableDiffusionControlNetPipeline
from PIL import Image, ImageFilter
from rich.progress import track

from bench.pictures import interval
from bench.sheet import Sheet
from engine.pictures.edges import edges
from pocket.judging.judge import look, matches
from pocket.judging.surroundings import setting_of
from pocket.model.samples import GUIDANCE, STEPS, sheet
from pocket.train import CONTROL, shipped
from pocket.training.control import another_look
from pocket.words.captions import plain_caption
from pocket.world.draw import draw
from pocket.world.layouts import layouts
from pocket.world.scenes import SIZES_OF_PICTURES, Scene, random_scene

RATIOS = ("1:1", "3:2", "1:1", "2:3")  # in turn
NEAR = 0.1  # of a side: how far a thing may have moved
REACH = 5  # pixels of the square in which an edge is met: two to each side
READ = ("kind", "colour", "count", "place", "setting")


def cases(seed: int, n: int) -> list[tuple[Scene, Scene, int, int]]:
    """Structures, the looks that are asked for, layouts, and seeds of the small chance in drawing."""
    rng, found = Random(f"control/{seed}/held out"), []
    while len(found) < n:
        scene = random_scene(rng, train=False)
        wanted = another_look(scene, rng)
        if wanted.setting == "plain" and wanted.backdrop is None:
            continue
        width, height = SIZES_OF_PICTURES[RATIOS[len(found) % len(RATIOS)]]
        found.append((scene, wanted, rng.randrange(layouts(scene, width, height)), rng.getrandbits(32)))
    return found


def placed(picture: Image.Image, truth: Image.Image) -> bool:
    """Whether every thing of the drawing stands at its place in the picture."""
    here, there = look(picture, kinds=False), look(truth, kinds=False)
    return bool(there) and all(
        any(abs(one.x - other.x) < NEAR and abs(one.y - other.y) < NEAR for one in here) for other in there
    )


def met(picture: Image.Image, truth: Image.Image) -> float:
    """The share of the drawing's edges that the picture has too."""
    wanted = np.asarray(edges(truth))[..., 0] > 0
    wide = np.asarray(edges(picture).filter(ImageFilter.MaxFilter(REACH)))[..., 0] > 0
    return float((wanted & wide).sum() / max(1, wanted.sum()))


def main(
    n: Annotated[int, typer.Option(help="Cases.")] = 200,
    folder: Annotated[Path, typer.Option(help="The control.")] = CONTROL,
    strength: Annotated[float, typer.Option(help="How closely the structure is kept.")] = 1.0,
    out: Annotated[Path | None, typer.Option(help="A sheet: structure, edges, picture.")] = None,
    seed: Annotated[int, typer.Option(help="Which cases.")] = 2024,
) -> None:
    """Print the table."""
    torch.set_num_threads(1)
    stock, _ = shipped()
    control = ControlNetModel.from_pretrained(folder, dtype=torch.float32)
    pipeline = StableDiffusionControlNetPipeline(**stock.components, controlnet=control)
    pipeline.set_progress_bar_config(disable=True)
    table = Sheet(
        "Retexture", ("", "n", *READ, "edges"), "In per cent (95 % interval); edges: mean share that is met."
    )
    shown: list[Image.Image] = []
    for name, held in (("held", strength), ("without control", 0.0)):
        count: dict[str, int] = defaultdict(int)
        agreed: list[float] = []
        for number, (scene, wanted, layout, chance) in enumerate(track(cases(seed, n), name, transient=True)):
            size = SIZES_OF_PICTURES[RATIOS[number % len(RATIOS)]]
            source = draw(scene, *size, Random(chance), 2, layout)
            truth = draw(wanted, *size, Random(chance), 2, layout, scene)
            picture = pipeline(
                plain_caption(wanted, Random(number)),
                image=edges(source),
                width=size[0],
                height=size[1],
                num_inference_steps=STEPS,
                guidance_scale=GUIDANCE,
                controlnet_conditioning_scale=held,
                generator=torch.Generator().manual_seed(4_000_037 + number),
            ).images[0]
            found = matches(picture, wanted)
            setting = setting_of(picture) == (wanted.setting, wanted.backdrop)
            for key, right in {**found, "place": placed(picture, truth), "setting": setting}.items():
                count[key] += right
            agreed.append(met(picture, truth))
            if held and size == (256, 256) and len(shown) < 48:
                shown += [source, edges(source), picture]
        table.add(name, n, *(interval(count[key], n) for key in READ), f"{100 * sum(agreed) / n:.0f}")
    table.show()
    if out is not None:
        sheet(shown, 6).save(out)


if __name__ == "__main__":
    typer.run(main)
