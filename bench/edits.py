"""How well the embedded model edits, by the judge: `python -m bench.edits`.

Drawn pictures that training has not seen are edited as a person would ask for it, by the engine's own path,
one picture a case. *Done*: the picture shows the change where the drawn world
would have it, that is every thing that should be there at its place, in its colour, of its kind and about
its size, and nothing more; and the setting, the background or the style is the one that was asked for.
*Rest*: what was not named is within 30 dB of the picture before, where anything stays at all. *Three
turns*: what none of three edits in a row named is within 26 dB of the first picture.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Annotated

import numpy as np
import torch
import typer
from PIL import Image, ImageFilter
from rich.progress import track

from bench.pictures import interval
from bench.sheet import ROOT, Sheet, keep
from engine import Registry, drawing, plan_edit
from engine.pictures.decoding import to_png
from engine.pictures.psnr import psnr
from grammar import parse
from pocket.edit import EDITS
from pocket.judging.styled import look_in
from pocket.judging.surroundings import setting_of, texture_apart
from pocket.model.samples import pairs
from pocket.words.instructions import instruction
from pocket.world.edits import ACTS, LOCAL, Edit, View, edited, random_edit, random_view
from pocket.world.scenes import SIZES_OF_PICTURES, STYLES

PAGE = ROOT / "docs" / "edited.md"
RATIOS = ("1:1", "3:2", "1:1", "2:3")  # in turn
NAME = "pocket-edit"  # in the model list
NEAR, ALIKE = 0.1, 0.45  # of the sides; of the area, by its logarithm
AROUND = 25  # pixels: what is so near to a change is no part of the rest
REST, DRIFTED = 30.0, 26.0  # dB
SHOWN = 30  # cases on a sheet
LEAST = 0.02  # of the picture: less of it is no rest


class Changer:
    """The editing model, asked as in a job."""

    def __init__(self, folder: Path = EDITS) -> None:
        listed = Registry.load()
        entry = replace(listed.get(NAME), folder=folder)
        self._registry = replace(listed, entries=(entry,))
        self._model = drawing.load(entry, "cpu")

    def change(self, picture: Image.Image, said: str, seed: int) -> Image.Image:
        """The picture changed as it is said."""
        (spec,) = parse(said)
        plan = plan_edit(spec, self._registry, picture.size, model=NAME, seed=seed)
        plan = replace(plan, seeds=plan.seeds[:1])
        (changed,) = drawing.run(self._model, plan, [to_png(picture)], lambda *_: None)
        return changed


def done(picture: Image.Image, edit: Edit, after: View) -> bool:
    """Whether the picture shows what the drawn one of `after` does."""
    if edit.act == "style":
        styles = {style: replace(after, style=style).draw() for style in STYLES}
        return min(styles, key=lambda style: texture_apart(picture, styles[style])) == edit.style
    wanted = after.draw()
    if edit.act in ("setting", "backdrop") and setting_of(picture) != setting_of(wanted):
        return False
    seen, expected = look_in(picture, after.style), look_in(wanted, after.style)
    return len(seen) == len(expected) and all(
        any(
            (one.kind, one.colour) == (other.kind, other.colour)
            and max(abs(one.x - other.x), abs(one.y - other.y)) < NEAR
            and abs(np.log(one.area / other.area)) < ALIKE
            for one in seen
        )
        for other in expected
    )


def rest(views: Sequence[View]) -> np.ndarray:
    """Where all the drawn pictures are the same (h, w), nothing near it changed."""
    first, *others = (np.asarray(view.draw(), np.int16) for view in views)
    moved = np.zeros(first.shape[:2], bool)
    for other in others:
        moved |= np.abs(other - first).max(-1) > 4
    near = Image.fromarray(moved.astype(np.uint8) * 255).filter(ImageFilter.MaxFilter(AROUND))
    return np.asarray(near) == 0


def likeness(before: Image.Image, after: Image.Image, where: np.ndarray) -> float:
    """PSNR in dB, there."""
    return psnr(np.asarray(before)[where], np.asarray(after)[where])


def turns(rng: Random, size: tuple[int, int]) -> tuple[list[View], list[Edit]]:
    """A picture and three edits of its things, each of what the one before left."""
    while True:
        views, edits = [random_view(rng, *size, train=False)], list[Edit]()
        for _ in range(100):
            edit = random_edit(views[-1], rng, train=False)
            if edit.act in LOCAL:
                edits.append(edit)
                views.append(edited(views[-1], edit))
            if len(edits) == 3:
                if rest(views).mean() > LEAST:
                    return views, edits
                break


def main(
    cases: Annotated[int, typer.Option(help="Edits that are judged.")] = 200,
    chains: Annotated[int, typer.Option(help="Pictures that are edited three times.")] = 40,
    folder: Annotated[Path, typer.Option(help="The model.")] = EDITS,
    seed: Annotated[int, typer.Option(help="Which edits.")] = 2026,
    write: Annotated[bool, typer.Option(help="Write docs/edited.md.")] = False,
    shown: Annotated[Path | None, typer.Option(help="A sheet of before and after, as a file.")] = None,
) -> None:
    """Print the tables."""
    torch.set_num_threads(1)
    changer = Changer(folder)
    rng, counts = Random(f"held out/{seed}"), defaultdict(lambda: [0, 0, 0, 0])
    sheet = list[tuple[Image.Image, Image.Image, str]]()
    for number in track(range(cases), "edits", transient=True):
        view = random_view(rng, *SIZES_OF_PICTURES[RATIOS[number % len(RATIOS)]], train=False)
        edit = random_edit(view, rng, train=False)
        after, before = edited(view, edit), view.draw()
        said = instruction(edit, view, rng)
        picture = changer.change(before, said, 5_000_011 + number)
        where = rest((view, after))
        row = counts[edit.act]
        row[0] += 1
        row[1] += done(picture, edit, after)
        if where.mean() > LEAST:
            row[2] += 1
            row[3] += likeness(before, picture, where) >= REST
        if number < SHOWN:
            sheet.append((before, picture, said))
    table = Sheet("One edit", ("", "n", "done", "n with a rest", "rest"), "In per cent (95 % interval).")
    for act in [act for act in ACTS if counts[act][0]]:
        n, right, some, stays = counts[act]
        table.add(act, n, interval(right, n), some, interval(stays, some) if some else "–")
    n, right, some, stays = (sum(row[i] for row in counts.values()) for i in range(4))
    table.add("all", n, interval(right, n), some, interval(stays, max(1, some)))
    table.show()

    held = 0
    for number in track(range(chains), "turns", transient=True):
        views, edits = turns(rng, SIZES_OF_PICTURES["1:1"])
        first = picture = views[0].draw()
        for turn, (view, edit) in enumerate(zip(views, edits, strict=False)):
            said = instruction(edit, view, rng)
            picture = changer.change(picture, said, 7_000_003 + 10 * number + turn)
        held += likeness(first, picture, rest(views)) >= DRIFTED
    three = Sheet("Three edits in a row", ("n", "rest"), "What none of them named, within 26 dB.")
    three.add(chains, interval(held, max(1, chains)))
    three.show()
    if shown is not None:
        pairs(sheet).save(shown)
    if write:
        keep(PAGE, "How well the embedded model edits", (__doc__ or "").split("\n\n", 1)[1], [table, three])


if __name__ == "__main__":
    typer.run(main)
