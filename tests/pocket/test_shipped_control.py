"""The shipped control holds the structure of a picture, and leaves its look to the words."""

from dataclasses import replace
from random import Random

import pytest
from PIL import Image

from bench.control import met, placed
from engine import Registry, drawing, plan_retexture
from engine.drawing import LoadedModel
from engine.pictures.decoding import to_png
from grammar import GenerationSpec, parse
from pocket.judging.judge import matches
from pocket.judging.surroundings import setting_of
from pocket.world.draw import draw
from pocket.world.edits import Stand, View
from pocket.world.scenes import Scene, Thing

REGISTRY = Registry.load()
SHOWN = Scene((Thing("house", "purple", 3),), "plain", "teal")
WANTED = Scene((Thing("house", "yellow", 3),), "night")


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    model = drawing.load(REGISTRY.get("pocket"), "cpu")
    control = next(each for each in REGISTRY.controls if each.name == "pocket-edges")
    model.controls[control.name] = drawing.load_control(control, None, model)
    return model


@pytest.fixture(scope="module")
def source() -> Image.Image:
    return draw(SHOWN, 256, 256, Random(3), 2, 5)


def retextured(
    model: LoadedModel, source: Image.Image, spec: GenerationSpec, strength: float, count: int
) -> list[Image.Image]:
    plan = plan_retexture(spec, REGISTRY, source.size, model="pocket", strength=strength, seed=4)
    plan = replace(plan, seeds=plan.seeds[:count])
    return drawing.run(model, plan, [to_png(source)], lambda *_: None)


def test_everything_stands_where_it_stood_and_looks_as_the_words_say(
    model: LoadedModel, source: Image.Image
) -> None:
    (spec,) = parse("three yellow houses at night --s 0")
    pictures = retextured(model, source, spec, 1.0, 3)
    assert all(placed(picture, source) for picture in pictures)
    assert all(setting_of(picture)[0] == WANTED.setting for picture in pictures)
    assert sum(all(matches(picture, WANTED).values()) for picture in pictures) >= 2


def test_the_closer_it_is_held_the_more_edges_are_met(model: LoadedModel) -> None:
    aside = View((Stand("umbrella", "yellow", 4, 12, 3),), "plain", "pink", "flat", 256, 256, 7).draw()
    (spec,) = parse("a red umbrella on grass --s 0")
    little, much = (met(retextured(model, aside, spec, strength, 1)[0], aside) for strength in (0.1, 1.0))
    assert much > 1.5 * little
