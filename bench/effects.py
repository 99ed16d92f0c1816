"""What the parameters do to the pocket model's pictures, measured on pixels through the engine's own path.

Knows nothing of how a parameter works, only how it is written in a prompt.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from bench.measures import Pixels, apart, red, seam, spread
from bench.sheet import Sheet
from engine import Plan, Registry, drawing, plan_imagine, plan_vary
from engine.drawing import LoadedModel
from engine.pictures.decoding import to_png
from grammar import parse

PROMPTS = (
    "a red house on grass",
    "a blue fish under water",
    "a yellow star at night",
    "a green tree on a white background",
    "an orange cat in the snow",
    "a purple flower on a yellow background",
)
REDDISH = (
    "an apple",
    "a heart",
    "a mushroom on grass",
    "a red house on grass",
    "a balloon in the sky",
    "a house",
)


class Studio:
    """Renders prompts with the loaded model, four pictures each."""

    def __init__(self, weights: Path) -> None:
        self.registry = Registry.load()
        entry = replace(self.registry.get("pocket"), folder=weights.resolve())
        self.model: LoadedModel = drawing.load(entry, "cpu")

    def plan(self, prompt: str, seed: int = 5) -> Plan:
        """The prompt's plan, a given seed."""
        (spec,) = parse(prompt)
        return plan_imagine(spec, self.registry, seed=seed)

    def render(self, plan: Plan | str, source: Pixels | None = None) -> list[Pixels]:
        """The pictures as pixels."""
        plan = self.plan(plan) if isinstance(plan, str) else plan
        inputs = [] if source is None else [to_png(Image.fromarray(source.astype(np.uint8)))]
        with drawing.forward_mode(plan).applied(self.model):
            pictures = drawing.run(self.model, plan, inputs, lambda *_: None)
        return [np.asarray(picture, dtype=np.float32) for picture in pictures]


def sheets(weights: Path) -> list[Sheet]:
    """A table for each parameter."""
    studio = Studio(weights)
    return [_no(studio), _by_value(studio), _tile(studio), _variations(studio), _image_weight(studio)]


def _no(studio: Studio) -> Sheet:
    table = Sheet(
        "--no red", ("prompt", "red without it, %", "red with it, %"), "Share of plainly red pixels."
    )
    for prompt in REDDISH:
        without, with_it = (studio.render(f"{prompt} --s 0{tail}") for tail in ("", " --no red"))
        table.add(prompt, 100 * red(without), 100 * red(with_it))
    return table


def _by_value(studio: Studio) -> Sheet:
    table = Sheet(
        "Chaos, stylize, weird by value",
        ("parameter", *("",) * 5),
        "Mean difference of pixels, levels of 255: of the four (chaos), from the bare prompt (others).",
    )
    chaos = {c: [spread(studio.render(f"{p} --s 0 --c {c}")) for p in PROMPTS] for c in (0, 25, 50, 100)}
    table.add("--c", *(f"{c}: {np.mean(v):.1f}" for c, v in chaos.items()))
    bare = {p: studio.render(f"{p} --s 0") for p in PROMPTS}
    for name, values in (("s", (0, 100, 250, 500, 1000)), ("w", (0, 250, 500, 1000, 3000))):
        rest = "" if name == "s" else " --s 0"
        cells = [
            f"{v}: {np.mean([apart(bare[p], studio.render(f'{p}{rest} --{name} {v}')) for p in PROMPTS]):.1f}"
            for v in values
        ]
        table.add(f"--{name}", *cells)
    return table


def _tile(studio: Studio) -> Sheet:
    table = Sheet(
        "Seam of --tile",
        ("", "median", "worst"),
        "Jump across the border over the differences of neighbours (1: cannot be seen); 24 pictures.",
    )
    for name, tail in (("without", ""), ("with --tile", " --tile")):
        found = [seam(p) for prompt in PROMPTS for p in studio.render(f"{prompt} --s 0{tail}")]
        table.add(name, float(np.median(found)), max(found))
    return table


def _variations(studio: Studio) -> Sheet:
    table = Sheet(
        "Variations",
        ("subtle", "strong", "re-roll"),
        "Mean difference from the picture varied, levels of 255.",
    )
    near: list[list[float]] = []
    for prompt in PROMPTS:
        parent = studio.plan(f"{prompt} --s 0")
        source = studio.render(parent)[1]
        plans = [plan_vary(parent, 2, studio.registry, strong=strong, seed=9) for strong in (False, True)]
        made = [studio.render(plan, source) for plan in plans]
        made.append(studio.render(studio.plan(f"{prompt} --s 0", seed=6)))
        near.append([apart(pictures, [source] * 4) for pictures in made])
    table.add(*(float(v) for v in np.mean(near, axis=0)))
    return table


def _image_weight(studio: Studio) -> Sheet:
    values = (0, 0.5, 1, 2, 3)
    table = Sheet(
        "Image prompts: --iw",
        tuple(str(v) for v in values),
        "Mean difference from the image prompt, a yellow circle on blue (levels of 255).",
    )
    source = studio.render("a yellow circle on a blue background --s 0")[0]
    prompts = [f"https://example.org/a.png {PROMPTS[0]} --s 0 --iw {v}" for v in values]
    table.add(*(apart(studio.render(studio.plan(p), source), [source] * 4) for p in prompts))
    return table
