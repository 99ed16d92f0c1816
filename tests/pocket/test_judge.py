"""The judge is right about pictures whose truth is known."""

from random import Random

import pytest
from PIL import Image

from pocket.judging.judge import look, matches
from pocket.judging.styled import look_in
from pocket.world.draw import draw
from pocket.world.scenes import COLOURS, SIZES_OF_PICTURES, Scene, Thing, random_scene


@pytest.mark.parametrize("colour", COLOURS)
def test_every_colour_is_read(colour: str) -> None:
    backdrop = "white" if colour != "white" else "blue"
    seen = look(draw(Scene((Thing("heart", colour),), "plain", backdrop), 256, 256, Random(1)), kinds=False)
    assert [s.colour for s in seen] == [colour]


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_things_are_counted(count: int) -> None:
    scene = Scene((Thing("fox", "red", count),), "snow")
    assert len(look(draw(scene, 320, 208, Random(2)), kinds=False)) == count


def test_an_empty_picture_holds_nothing() -> None:
    assert look(Image.new("RGB", (256, 256), "white")) == []


def test_a_wrong_picture_is_called_wrong() -> None:
    rng = Random(3)
    picture = draw(Scene((Thing("house", "red"),), "grass"), 256, 256, rng)
    assert all(matches(picture, Scene((Thing("house", "red"),), "grass")).values())
    assert not matches(picture, Scene((Thing("house", "blue"),), "grass"))["colour"]
    assert not matches(picture, Scene((Thing("fish", "red"),), "grass"))["kind"]
    assert not matches(picture, Scene((Thing("house", "red", 2),), "grass"))["count"]


def test_things_are_read_in_a_style_that_hides_their_colour() -> None:
    rng = Random(6)
    things = [Thing("fox", "red"), Thing("boat", "blue"), Thing("star", "green"), Thing("cactus", "purple")]
    scenes = [Scene((thing,), "plain", "pink", style="line art") for thing in things]
    pictures = [draw(scene, 256, 256, rng) for scene in scenes]
    assert [[(s.kind, s.colour) for s in look_in(picture, "line art")] for picture in pictures] == [
        [(thing.kind, thing.colour)] for thing in things
    ]


def test_a_relation_the_wrong_way_round_is_called_wrong() -> None:
    star, boat = Thing("star", "yellow"), Thing("boat", "blue")
    picture = draw(Scene((star, boat), "night", relation="above"), 256, 256, Random(4))
    assert matches(picture, Scene((star, boat), "night", relation="above"))["relation"]
    assert not matches(picture, Scene((boat, star), "night", relation="above"))["relation"]


def test_nearly_all_random_scenes_are_read_right() -> None:
    rng = Random(5)
    scenes = [random_scene(rng, train=False) for _ in range(60)]
    sizes = [SIZES_OF_PICTURES[rng.choice(("1:1", "3:2", "2:3"))] for _ in scenes]
    read = [matches(draw(s, *size, rng), s) for s, size in zip(scenes, sizes, strict=True)]
    assert sum(r["colour"] for r in read) >= 0.93 * len(read)
    assert sum(r["count"] for r in read) >= 0.93 * len(read)
    assert sum(r["kind"] for r in read) >= 0.85 * len(read)
