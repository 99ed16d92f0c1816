"""What the drawn world looks like, pixel by pixel."""

from itertools import pairwise
from random import Random

import numpy as np
import pytest
from PIL import Image

from pocket.judging.judge import lab_of, mask_of_things, matches
from pocket.world.draw import draw, draw_placed
from pocket.world.layouts import Placed, arrange, layouts
from pocket.world.palettes import palette_of
from pocket.world.scenes import (
    COLOURS,
    KINDS,
    NATURAL,
    SETTINGS,
    SIZES,
    SIZES_OF_PICTURES,
    Scene,
    Thing,
    held_out,
    random_scene,
    visible,
)


def _share(pixels: np.ndarray, colour: str, within: int = 40) -> float:
    distance = np.abs(pixels.astype(int) - np.array(COLOURS[colour])).max(-1)
    return float((distance < within).mean())


def anywhere(scene: Scene, size: tuple[int, int], rng: Random) -> list[Placed]:
    """The scene's things in any of its layouts."""
    return arrange(scene, *size, rng, rng.randrange(layouts(scene, *size)))


def test_the_world_is_as_large_as_promised() -> None:
    assert len(KINDS) >= 24
    assert len(COLOURS) == 12
    assert len(SETTINGS) >= 10
    assert set(NATURAL) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_thing_shows_in_its_colour(kind: str) -> None:
    picture = draw(Scene((Thing(kind, "purple", 1, "big"),), "plain", "yellow"), 128, 128, Random(1))
    assert _share(np.asarray(picture), "purple") > 0.05


@pytest.mark.parametrize("kind", KINDS)
def test_most_of_a_thing_has_its_colour(kind: str) -> None:
    lab = lab_of(draw(Scene((Thing(kind, "purple"),), "plain", "yellow"), 256, 256, Random(1)))
    thing = lab[mask_of_things(lab)]
    tones = [lab_of(Image.new("RGB", (1, 1), tone), scaled=False)[0, 0] for tone in COLOURS.values()]
    nearest = np.linalg.norm(thing[:, None] - np.stack(tones), axis=-1).argmin(1)
    assert (nearest == list(COLOURS).index("purple")).mean() > 0.6


@pytest.mark.parametrize("setting", SETTINGS)
def test_settings_differ_from_one_another(setting: str) -> None:
    thing = (Thing("circle", "red", 1, "small"),)
    mine = np.asarray(draw(Scene(thing, setting, "white"), 64, 64, Random(1)), dtype=float)
    for other in SETTINGS:
        if other != setting:
            theirs = np.asarray(draw(Scene(thing, other, "white"), 64, 64, Random(1)), dtype=float)
            assert np.abs(mine - theirs).mean() > 4


def test_equal_seeds_give_equal_pictures_and_other_seeds_other_ones() -> None:
    scene = Scene((Thing("fox", "red", 2),), "snow")
    first, again, other = (np.asarray(draw(scene, 96, 64, Random(s))) for s in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("size", SIZES_OF_PICTURES.values())
def test_every_thing_stays_inside_the_picture(size: tuple[int, int]) -> None:
    rng = Random(5)
    width, height = size
    assert width % 16 == height % 16 == 0
    assert 0.9 < width * height / 256**2 < 1.1
    for _ in range(200):
        scene = random_scene(rng)
        for placed in anywhere(scene, size, rng):
            reach = placed.radius * min(size)
            assert reach * 0.9 <= placed.x * width <= width - reach * 0.9
            assert reach * 0.9 <= placed.y * height <= height - reach * 0.9


@pytest.mark.parametrize("size", SIZES_OF_PICTURES.values())
@pytest.mark.parametrize(
    "scene",
    [
        Scene((Thing("heart", "red"),)),
        Scene((Thing("house", "white"),), "grass"),
        Scene((Thing("cat", "black"), Thing("star", "red")), "plain", "blue", "above"),
        Scene((Thing("fox", "red", 4),)),
    ],
)
def test_layouts_differ_by_where_things_stand_or_by_what_is_behind_them(
    scene: Scene, size: tuple[int, int]
) -> None:
    n = layouts(scene, *size)
    pictures = [np.asarray(draw(scene, *size, Random(7), layout=k), dtype=float) for k in range(n)]
    assert n >= 4
    for i, one in enumerate(pictures):
        for other in pictures[i + 1 :]:
            assert np.abs(one - other).mean() > 5


@pytest.mark.parametrize("size", [(256, 256), (320, 208), (208, 320)])
def test_relations_hold_in_the_arrangement(size: tuple[int, int]) -> None:
    rng = Random(6)
    above = Scene((Thing("star", "red"), Thing("boat", "blue")), "night", relation="above")
    for _ in range(50):
        first, second = anywhere(above, size, rng)
        assert first.y + 0.2 < second.y
        for relation in ("left", "beside"):
            row = Scene((Thing("star", "red"), Thing("boat", "blue")), "night", relation=relation)
            first, second = anywhere(row, size, rng)
            assert first.x + 0.2 < second.x


@pytest.mark.parametrize(
    ("colour", "setting"), [(c, s) for c in COLOURS for s in SETTINGS if visible(c, s, None)]
)
def test_a_thing_stands_out_from_its_ground(colour: str, setting: str) -> None:
    (tone,) = lab_of(Image.new("RGB", (1, 1), COLOURS[colour]), scaled=False)[0]
    scene = Scene((Thing("circle", colour),), setting)
    for seed in range(6):
        lab = lab_of(draw_placed(scene, (), 128, 128, Random(seed), palette=palette_of(scene, seed)))
        ground = lab[~mask_of_things(lab)]
        # ΔE; white has snow, clouds and pale tones for neighbours, and is shaded where others are not
        assert np.percentile(np.linalg.norm(ground - tone, axis=-1), 5) > (19 if colour == "white" else 26)


def test_equal_things_do_not_overlap() -> None:
    rng = Random(8)
    for count in (2, 3, 4):
        for width, height in SIZES_OF_PICTURES.values():
            placed = anywhere(Scene((Thing("circle", "red", count),)), (width, height), rng)
            assert len(placed) == count
            for i, a in enumerate(placed):
                for b in placed[i + 1 :]:
                    apart = ((a.x - b.x) * width) ** 2 + ((a.y - b.y) * height) ** 2
                    assert apart**0.5 > 2.15 * a.radius * min(width, height)


@pytest.mark.parametrize("size", SIZES_OF_PICTURES.values())
@pytest.mark.parametrize("setting", ["plain", "grass"])
def test_a_single_thing_has_few_places_and_they_are_well_apart(size: tuple[int, int], setting: str) -> None:
    for of in SIZES:
        scene = Scene((Thing("fox", "red", 1, of),), setting)
        places = [arrange(scene, *size, Random(0), k)[0] for k in range(layouts(scene, *size))]
        across = {round(p.x * size[0]) for p in places}
        down = {round(p.y * size[1]) for p in places}
        assert 1 <= len(across) <= 3
        assert 1 <= len(down) <= 2
        assert all(b - a >= 3 * 16 - 1 for a, b in pairwise(sorted(across)))
        assert all(b - a >= 16 - 1 for a, b in pairwise(sorted(down)))


@pytest.mark.parametrize("size", SIZES_OF_PICTURES.values())
@pytest.mark.parametrize("relation", ["above", "left", "beside"])
def test_two_things_are_large_and_keep_clear_of_each_other_in_every_ratio(
    size: tuple[int, int], relation: str
) -> None:
    rng = Random(10)
    pair = Scene((Thing("circle", "red"), Thing("square", "blue")), "grass", relation=relation)
    for _ in range(20):
        first, second = anywhere(pair, size, rng)
        radius = first.radius * min(size)
        assert radius >= 40  # pixels: below that a sun's rays and a fox's ears are lost
        away = max(abs(first.x - second.x) * size[0], abs(first.y - second.y) * size[1])
        assert away >= 2 * radius + 16


@pytest.mark.parametrize("size", SIZES_OF_PICTURES.values())
def test_a_small_thing_is_smaller_than_others_and_still_has_its_parts(size: tuple[int, int]) -> None:
    def radius(of: str) -> float:
        (placed,) = anywhere(Scene((Thing("fox", "red", 1, of),), "grass"), size, Random(12))
        return placed.radius * min(size)

    assert 40 <= radius("small") < radius("medium") < radius("big")


@pytest.mark.parametrize("kind", ["mountain", "umbrella", "house", "boat", "fox"])
@pytest.mark.parametrize(("setting", "backdrop"), [("snow", None), ("plain", "grey"), ("night", None)])
def test_a_white_thing_is_told_by_its_parts(kind: str, setting: str, backdrop: str | None) -> None:
    scene = Scene((Thing(kind, "white", 2),), setting, backdrop)
    assert all(matches(draw(scene, 320, 208, Random(11)), scene).values())


def test_training_never_shows_the_held_out_pairs() -> None:
    rng = Random(9)
    scenes = [random_scene(rng) for _ in range(3000)]
    assert not any(held_out(t.kind, t.colour) for s in scenes for t in s.things)
    assert 8 <= sum(held_out(k, c) for k in KINDS for c in COLOURS) <= 30
    assert not held_out("house", "red")
    assert not held_out("fox", "red")
