"""What references bring to the embedded model's pictures, by the judge: `python -m bench.references`.

Drawn by the engine's own path, one picture a case. *Styles*: the words name a thing, `--sref` a drawing of
other things in a style or in surroundings of its own; judged is whether that one shows (*brought*), and
whether the thing that was asked for is there in its colour, as a drawing of it in the picture's style would
be (*asked*). *Characters* and *things*: the words
name surroundings, `--cref` or `--oref` a drawing of a thing elsewhere; judged is whether its kind and its
colour show (*brought*), and whether the surroundings are those of the words (*asked*). No case is of the
training: scenes are drawn from other seeds. With `--growth` the share brought at several weights.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Annotated

import torch
import typer
from PIL import Image
from rich.progress import track

from bench.pictures import interval
from bench.sheet import Sheet
from engine import Registry, drawing, plan_imagine
from engine.pictures.decoding import to_png
from engine.planning.plan import Plan
from grammar import parse
from pocket.judging.styled import look_in
from pocket.judging.surroundings import setting_of, style_of
from pocket.model.samples import pairs
from pocket.words.captions import plain_caption
from pocket.world.draw import draw
from pocket.world.scenes import (
    COLOURS,
    SETTINGS,
    SIZES_OF_PICTURES,
    STYLES,
    Scene,
    Thing,
    random_scene,
    visible,
)

LINK = "https://example.com/reference.png"
RATIOS = ("1:1", "3:2", "2:3")  # in turn
WEIGHTS = {"sref": (0, 25, 50, 100, 300, 1000), "cref": (0, 25, 50, 75, 100), "oref": (1, 25, 50, 100, 300)}
SHOWN = 12  # cases on a sheet
WEIGHT = {"sref": "sw", "cref": "cw", "oref": "ow"}
_GROUNDS = tuple(name for name in SETTINGS if name != "plain")


@dataclass(frozen=True, slots=True)
class Case:
    """A prompt, the reference's picture, and what is judged of what comes of both."""

    words: str
    reference: Image.Image
    size: tuple[int, int]
    brought: Callable[[Image.Image], bool]
    asked: Callable[[Image.Image], bool]


def _alone(rng: Random) -> Thing:
    first = random_scene(rng, train=False).things[0]
    return Thing(first.kind, first.colour)


def _fits(scene: Scene) -> bool:
    return all(visible(t.colour, scene.setting, scene.backdrop, scene.style) for t in scene.things)


def _shows(picture: Image.Image, thing: Thing, style: str = "flat") -> bool:
    seen = look_in(picture, style)
    return bool(seen) and (seen[0].kind, seen[0].colour) == (thing.kind, thing.colour)


def _placed(picture: Image.Image, scene: Scene) -> bool:
    setting, backdrop = setting_of(picture)
    return setting == scene.setting and (scene.backdrop is None or backdrop == scene.backdrop)


def style_cases(seed: int) -> Iterator[Case]:
    """In turn a style on a plain ground, and surroundings in the plain style."""
    rng, number = Random(f"references/style/{seed}"), 0
    while True:
        thing, other = _alone(rng), _alone(rng)
        if number % 2:
            place = Scene((thing,), rng.choice(_GROUNDS))
        else:
            place = Scene((thing,), "plain", rng.choice(list(COLOURS)), style=rng.choice(STYLES[1:]))
        shown = replace(place, things=(other,))
        if other.kind == thing.kind or not _fits(place) or not _fits(shown):
            continue
        size = SIZES_OF_PICTURES[RATIOS[number % len(RATIOS)]]
        number += 1
        yield Case(
            plain_caption(Scene((thing,)), rng),
            draw(shown, *SIZES_OF_PICTURES[rng.choice(RATIOS)], rng),
            size,
            _brings(place),
            _has_in(thing, place),
        )


def _brings(place: Scene) -> Callable[[Image.Image], bool]:
    if place.style == "flat":
        return lambda picture: _placed(picture, place)
    return lambda picture: style_of(picture, place) == place.style


def _has(thing: Thing) -> Callable[[Image.Image], bool]:
    return lambda picture: _shows(picture, thing)


def _has_in(thing: Thing, place: Scene) -> Callable[[Image.Image], bool]:
    """The thing as it looks in the style that the picture has, be it the one to be brought or not."""
    if place.style == "flat":
        return _has(thing)
    return lambda picture: _shows(picture, thing, style_of(picture, place))


def _lies(place: Scene) -> Callable[[Image.Image], bool]:
    return lambda picture: _placed(picture, place)


def thing_cases(seed: int, role: str) -> Iterator[Case]:
    """Surroundings in words, and a drawing of a thing in others."""
    rng, number = Random(f"references/{role}/{seed}"), 0
    while True:
        thing = _alone(rng)
        place, elsewhere = Scene((thing,), rng.choice(_GROUNDS)), Scene((thing,), rng.choice(SETTINGS))
        if place.setting == elsewhere.setting or not _fits(place) or not _fits(elsewhere):
            continue
        where = plain_caption(place, rng).removeprefix(plain_caption(Scene((thing,)), rng)).strip()
        size = SIZES_OF_PICTURES[RATIOS[number % len(RATIOS)]]
        number += 1
        yield Case(where, draw(elsewhere, *size, rng), size, _has(thing), _lies(place))


def cases_of(role: str, seed: int) -> Iterator[Case]:
    """The cases of `--sref`, `--cref` or `--oref`."""
    return style_cases(seed) if role == "sref" else thing_cases(seed, role)


class Painter:
    """The embedded model with its adapters, drawn with as in a job."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._model = drawing.load(registry.get("pocket"), "cpu")
        for entry in registry.adapters:
            if entry.fits(self._model.entry) and entry.on_this_machine():
                adapter = drawing.load_reference_adapter(entry, self._model)
                self._model.references.adapters[entry.name] = adapter

    def paint(self, case: Case, role: str, seed: int, weight: int | None = None) -> Image.Image:
        """The case's picture."""
        said = f"{case.words} --{role} {LINK}" + (f" --{WEIGHT[role]} {weight}" if weight is not None else "")
        (spec,) = parse(said)
        plan: Plan = plan_imagine(spec, self._registry, model="pocket", seed=seed)
        width, height = case.size
        plan = replace(plan, seeds=plan.seeds[:1], width=width, height=height)
        inputs = [to_png(case.reference)] * plan.referred
        (picture,) = drawing.run(self._model, plan, inputs, lambda *_: None)
        return picture


def measured(painter: Painter, roles: Sequence[str], count: int, seed: int, keep: Path | None) -> Sheet:
    """Shares with their intervals."""
    table = Sheet("What references bring", ("", "n", "brought", "asked"), "In per cent (95 % interval).")
    for role in roles:
        brought, asked, shown = 0, 0, list[tuple[Case, Image.Image]]()
        cases = cases_of(role, seed)
        for number in track(range(count), f"--{role}", transient=True):
            case = next(cases)
            picture = painter.paint(case, role, 5_000_011 + number)
            brought += case.brought(picture)
            asked += case.asked(picture)
            if number < SHOWN:
                shown.append((case, picture))
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
            pairs([(case.reference, picture, case.words) for case, picture in shown]).save(
                keep / f"{role}.png"
            )
        table.add(f"--{role}", count, interval(brought, count), interval(asked, count))
    return table


def grown(painter: Painter, roles: Sequence[str], count: int, seed: int) -> Sheet:
    """The share brought at each weight."""
    table = Sheet("What a weight brings", ("", "weight", "n", "brought"), "In per cent (95 % interval).")
    for role in roles:
        cases = cases_of(role, seed)
        some = [next(cases) for _ in range(count)]
        for weight in WEIGHTS[role]:
            found = sum(
                case.brought(painter.paint(case, role, 7_000_003 + number, weight))
                for number, case in enumerate(track(some, f"--{WEIGHT[role]} {weight}", transient=True))
            )
            table.add(f"--{WEIGHT[role]}", weight, count, interval(found, count))
    return table


def main(
    count: Annotated[int, typer.Option(help="Cases of each kind.")] = 200,
    only: Annotated[str, typer.Option(help="sref, cref or oref; all if not given.")] = "",
    growth: Annotated[int, typer.Option(help="Cases at each weight; 0: not measured.")] = 0,
    keep: Annotated[
        Path | None, typer.Option(help="A folder for a sheet of the first cases of each kind.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Which cases.")] = 2026,
) -> None:
    """Print the tables."""
    torch.set_num_threads(1)
    roles = [only] if only else list(WEIGHT)
    painter = Painter(Registry.load())
    if count:
        measured(painter, roles, count, seed, keep).show()
    if growth:
        grown(painter, roles, growth, seed).show()


if __name__ == "__main__":
    typer.run(main)
