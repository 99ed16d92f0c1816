"""How often the pocket model draws what it is asked, by classical vision: `python -m bench.pictures`."""

import math
import time
from collections import defaultdict
from pathlib import Path
from random import Random
from typing import Annotated

import torch
import typer
from diffusers import StableDiffusionPipeline
from rich.console import Console
from rich.progress import track
from rich.table import Table

from pocket.captions import plain_caption
from pocket.draw import draw
from pocket.judge import matches
from pocket.samples import render, sheet
from pocket.scenes import COLOURS, KINDS, SIZES_OF_PICTURES, Scene, Thing, held_out, random_scene
from pocket.train import WEIGHTS

GROUPS = ("one thing", "one thing, unseen pair", "several", "two in a relation")


def scenes_of(group: str, n: int, rng: Random) -> list[Scene]:
    """`n` scenes of a group, with seeds that training did not use."""
    found: list[Scene] = []
    while len(found) < n:
        scene = random_scene(rng)
        single = len(scene.things) == 1
        if scene.setting == "plain" and scene.backdrop is None:
            continue
        if group == "one thing, unseen pair" and single and scene.things[0].count == 1:
            kind, colour = rng.choice([(k, c) for k in KINDS for c in COLOURS if held_out(k, c)])
            if colour != scene.backdrop and (colour, scene.setting) != ("black", "space"):
                found.append(Scene((Thing(kind, colour),), scene.setting, scene.backdrop))
        elif (
            (group == "one thing" and single and scene.things[0].count == 1)
            or (group == "several" and single and scene.things[0].count > 1)
            or (group == "two in a relation" and not single)
        ):
            found.append(scene)
    return found


def interval(right: int, n: int) -> str:
    """Share and its 95 % Wilson interval, in per cent."""
    z, p = 1.96, right / n
    middle = (p + z * z / 2 / n) / (1 + z * z / n)
    reach = z * math.sqrt(p * (1 - p) / n + z * z / 4 / n / n) / (1 + z * z / n)
    return f"{100 * p:.0f} ({100 * max(0, middle - reach):.0f}–{100 * min(1, middle + reach):.0f})"


def main(
    prompts: Annotated[int, typer.Option(help="Prompts in a group.")] = 50,
    each: Annotated[int, typer.Option(help="Pictures of a prompt.")] = 4,
    steps: Annotated[int, typer.Option(help="Denoising steps.")] = 12,
    guidance: Annotated[float, typer.Option(help="Guidance scale.")] = 6.0,
    weights: Annotated[Path, typer.Option(help="A pocket model's folder.")] = WEIGHTS,
    truth: Annotated[bool, typer.Option(help="Judge drawn scenes instead: the judge's own error.")] = False,
    sheets: Annotated[Path | None, typer.Option(help="Folder for a sheet of every group.")] = None,
    seed: Annotated[int, typer.Option(help="Which prompts.")] = 2024,
) -> None:
    """Print the table."""
    pipeline = None if truth else StableDiffusionPipeline.from_pretrained(weights, dtype=torch.float32)
    table = Table(
        "", "n", "colour", "kind", "colour+kind", "count", "relation", title="right, % (95 % interval)"
    )
    started = time.monotonic()
    for group in GROUPS:
        rng = Random(f"{seed}/{group}")
        right: dict[str, int] = defaultdict(int)
        kept = []
        scenes = scenes_of(group, prompts, rng)
        for i, scene in enumerate(track(scenes, group, transient=True)):
            size = SIZES_OF_PICTURES[rng.choice(("1:1", "1:1", "3:2", "2:3"))]
            seeds = [seed + 1000 * i + j for j in range(each)]
            if pipeline is None:
                pictures = [draw(scene, *size, Random(s)) for s in seeds]
            else:
                pictures = render(pipeline, plain_caption(scene, rng), seeds, size, steps, guidance)
            kept.append(pictures[0].resize((128, 128)))
            for picture in pictures:
                found = matches(picture, scene)
                found["both"] = found["colour"] and found["kind"]
                for name, yes in found.items():
                    right[name] += yes
        n = prompts * each
        relation = interval(right["relation"], n) if "relation" in right else ""
        table.add_row(
            group, str(n), *(interval(right[k], n) for k in ("colour", "kind", "both", "count")), relation
        )
        if sheets:
            sheets.mkdir(parents=True, exist_ok=True)
            sheet(kept, 10).save(sheets / f"{group.replace(' ', '-').replace(',', '')}.png")
    console = Console()
    console.print(table)
    console.print(f"{steps} steps, guidance {guidance}, {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    typer.run(main)
