"""How often the pocket model draws what it is asked, by classical vision: `python -m bench.pictures`.

Prompts and seeds are drawn anew, none was trained on. Prints tables; `--keep` writes them to
`docs/pictures.md`, with a sheet of each group beside it.
"""

import math
import multiprocessing
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from random import Random
from typing import Annotated

import torch
import typer
from diffusers import StableDiffusionPipeline
from PIL import Image
from rich.progress import track

from bench import effects
from bench.sheet import ROOT, Sheet, keep
from pocket.judging.judge import matches
from pocket.judging.surroundings import setting_of, style_of
from pocket.model.samples import GUIDANCE, STEPS, render, sheet
from pocket.train import WEIGHTS
from pocket.words.captions import LANGUAGES, plain_caption
from pocket.world.draw import draw
from pocket.world.scenes import (
    COLOURS,
    KINDS,
    SIZES_OF_PICTURES,
    STYLES,
    Scene,
    Thing,
    held_out,
    random_scene,
    visible,
)

DRAWN = ("one thing", "one thing, a pair never seen", "two to four of a kind", "two in a relation")
RATIOS = ("1:1", "3:2", "1:1", "2:3")  # in turn
PAGE = ROOT / "docs" / "pictures.md"
OPENING = """How often the embedded model draws what it is asked. Prompts are put together by chance from what
the model knows, in a plain wording, with seeds that training did not use; the combinations of colour and kind
called "never seen" are kept out of training (`held_out` in `pocket/world/scenes.py`). A judge of classical
vision looks at the pictures (`pocket/judging/`: flood fill, connected parts, nearest named
colour, comparison of outlines; no learning): *every* thing in a picture must have the right colour and the
right outline, or the picture counts as wrong. Made by `make bench-pictures`."""


@dataclass
class Tally:
    """What was right among how many."""

    pictures: int = 0
    right: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, found: dict[str, bool]) -> None:
        """One more picture."""
        self.pictures += 1
        for name, yes in found.items():
            self.right[name] += yes

    def share(self, name: str) -> str:
        """Per cent and 95 % interval, empty where nothing was asked."""
        return interval(self.right[name], self.pictures) if name in self.right else ""


@dataclass(frozen=True, slots=True)
class Painter:
    """Makes a scene's pictures: the model's, or with no `weights` drawn ones, to measure the judge itself."""

    weights: Path | None
    steps: int
    guidance: float

    def paint(self, scene: Scene, prompt: str, seeds: list[int], size: tuple[int, int]) -> list[Image.Image]:
        """One picture a seed."""
        if self.weights is None:
            return [draw(scene, *size, Random(seed)) for seed in seeds]
        return render(_loaded(self.weights), prompt, seeds, size, self.steps, self.guidance)


@dataclass(frozen=True, slots=True)
class Asked:
    """A prompt to paint and to judge; `style` is whether the style alone is judged."""

    scene: Scene
    prompt: str
    seeds: list[int]
    size: tuple[int, int]
    style: bool


@cache
def _loaded(weights: Path) -> StableDiffusionPipeline:
    return StableDiffusionPipeline.from_pretrained(weights, dtype=torch.float32)


def answer(painter: Painter, asked: Asked) -> tuple[Image.Image, list[dict[str, bool]]]:
    """The first picture of a prompt, and what is right about each."""
    pictures = painter.paint(asked.scene, asked.prompt, asked.seeds, asked.size)
    if asked.style:
        return pictures[0], [{"style": style_of(p, asked.scene) == asked.scene.style} for p in pictures]
    return pictures[0], [verdict(p, asked.scene) for p in pictures]


def interval(right: int, n: int) -> str:
    """Share and its 95 % Wilson interval, in per cent."""
    z, p = 1.96, right / n
    middle = (p + z * z / 2 / n) / (1 + z * z / n)
    reach = z * math.sqrt(p * (1 - p) / n + z * z / 4 / n / n) / (1 + z * z / n)
    return f"{100 * p:.0f} ({100 * max(0, middle - reach):.0f}–{100 * min(1, middle + reach):.0f})"


def scenes_of(group: str, rng: Random) -> Iterator[Scene]:
    """Endless flat scenes of a group, each with its surroundings named."""
    while True:
        scene = replace(random_scene(rng), style="flat")
        single = len(scene.things) == 1
        alone = single and scene.things[0].count == 1
        if scene.setting == "plain" and scene.backdrop is None:
            continue
        if group == DRAWN[1] and alone:
            kind, colour = rng.choice([(k, c) for k in KINDS for c in COLOURS if held_out(k, c)])
            if visible(colour, scene.setting, scene.backdrop):
                yield Scene((Thing(kind, colour),), scene.setting, scene.backdrop)
        elif (
            (group == DRAWN[0] and alone)
            or (group == DRAWN[2] and single and not alone)
            or (group == DRAWN[3] and not single)
        ):
            yield scene


def styled(style: str, rng: Random) -> Iterator[Scene]:
    """Endless single things in a style."""
    for scene in scenes_of(DRAWN[0], rng):
        if visible(scene.things[0].colour, scene.setting, scene.backdrop, style):
            yield replace(scene, style=style)


def verdict(picture: Image.Image, scene: Scene) -> dict[str, bool]:
    """What is right about the picture."""
    found = matches(picture, scene)
    found["both"] = found["colour"] and found["kind"]
    setting, backdrop = setting_of(picture)
    found["setting"] = (setting, backdrop) == (scene.setting, scene.backdrop)
    return found


def main(
    prompts: Annotated[int, typer.Option(help="Prompts in a group.")] = 200,
    each: Annotated[int, typer.Option(help="Pictures of a prompt.")] = 4,
    others: Annotated[int, typer.Option(help="Prompts in a style or language.")] = 50,
    steps: Annotated[int, typer.Option(help="Denoising steps.")] = STEPS,
    guidance: Annotated[float, typer.Option(help="Guidance scale.")] = GUIDANCE,
    weights: Annotated[Path, typer.Option(help="A pocket model's folder.")] = WEIGHTS,
    truth: Annotated[bool, typer.Option(help="Judge drawn scenes instead: the judge's own error.")] = False,
    parameters: Annotated[bool, typer.Option(help="Measure the parameters' effects as well.")] = True,
    write: Annotated[bool, typer.Option("--keep", help="Write docs/pictures.md and its sheets.")] = False,
    seed: Annotated[int, typer.Option(help="Which prompts.")] = 2024,
) -> None:
    """Print the tables."""
    started = time.monotonic()
    painter = Painter(None if truth else weights, steps, guidance)
    samples: dict[str, list[Image.Image]] = {}
    settings = f"{steps} steps, guidance {guidance:g}; right in per cent (95 % interval)."

    read = ("colour", "kind", "both", "count", "relation", "setting")
    # A process a core, each with one thread: so small a model gains little from two.
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(mp_context=spawned, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        drawn = Sheet("What is drawn", ("", "n", *read), settings)
        for group in DRAWN:
            scenes = scenes_of(group, Random(f"{seed}/{group}"))
            tally, samples[group] = _measure(pool, painter, group, scenes, prompts, each)
            drawn.add(group, tally.pictures, *(tally.share(name) for name in read))
        drawn.show()

        languages = Sheet("Languages", ("", "n", *read[:3]), "One thing. " + settings)
        for language in LANGUAGES:
            scenes = scenes_of(DRAWN[0], Random(f"{seed}/languages"))
            tally, _ = _measure(pool, painter, language, scenes, others, each, language)
            languages.add(language, tally.pictures, *(tally.share(name) for name in read[:3]))
        languages.show()

        styles = Sheet("Styles", ("", "n", "style"), "One thing. " + settings)
        for style in STYLES:
            tally, samples[style] = _measure(
                pool, painter, style, styled(style, Random(f"{seed}/{style}")), others, each, styles=True
            )
            styles.add(style, tally.pictures, tally.share("style"))
        styles.show()

    further = effects.sheets(weights) if parameters and not truth else []
    for one in further:
        one.show()
    typer.echo(f"{time.monotonic() - started:.0f} s")
    if write:
        _keep([drawn, languages, styles, *further], samples)


def _measure(
    pool: Executor,
    painter: Painter,
    name: str,
    scenes: Iterator[Scene],
    prompts: int,
    each: int,
    language: str = "en",
    styles: bool = False,
) -> tuple[Tally, list[Image.Image]]:
    """Paint and judge; also the first picture of every prompt."""
    tally, first, rng, asked = Tally(), [], Random(name), []
    for i in range(prompts):
        scene = next(scenes)
        size = SIZES_OF_PICTURES[RATIOS[i % len(RATIOS)]]
        seeds = [1_000_003 + 1000 * i + j for j in range(each)]
        asked.append(Asked(scene, plain_caption(scene, rng, language), seeds, size, styles))
    answers = pool.map(partial(answer, painter), asked)
    for picture, found in track(answers, name, total=prompts, transient=True):
        first.append(picture)
        for right in found:
            tally.add(right)
    return tally, first


def _keep(sheets: list[Sheet], samples: dict[str, list[Image.Image]]) -> None:
    """Write the page and its sample sheets."""
    folder = PAGE.parent / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    shown = []
    for name, pictures in samples.items():
        square = [p for p in pictures if p.width == p.height][:16]
        if len(square) >= 8:
            file = folder / f"{name.replace(' ', '-').replace(',', '')}.png"
            page = sheet([p.resize((128, 128), Image.Resampling.LANCZOS) for p in square], 8)
            page.quantize(256, dither=Image.Dither.NONE).save(file, optimize=True)
            shown.append(f"**{name}**\n\n![{name}](pictures/{file.name})")
    keep(PAGE, "What the embedded model draws, and how often right", OPENING, sheets)
    with PAGE.open("a", encoding="utf-8") as page_file:
        page_file.write("\n## Samples\n\nThe first square pictures of each group, none left out.\n\n")
        page_file.write("\n\n".join(shown) + "\n")


if __name__ == "__main__":
    typer.run(main)
