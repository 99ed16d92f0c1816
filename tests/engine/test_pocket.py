"""What each parameter does to real pictures: the shipped model, few steps, asserted on pixels."""

import io
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
import torch
from PIL import Image

from bench.effects import PROMPTS
from bench.measures import Pixels, apart, red, seam, sharpness, spread
from engine import Plan, Registry, drawing, plan_imagine, plan_upscale, plan_vary
from engine.drawing import LoadedModel, preview
from engine.pictures.decoding import to_png
from engine.pictures.psnr import psnr
from engine.pictures.upscale import double
from grammar import parse

REGISTRY = Registry.load()
Draw = Callable[[str], list[Pixels]]


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    entry = REGISTRY.get("pocket")
    if not entry.on_this_machine():
        pytest.fail("the embedded model's weights are part of the repository")
    return drawing.load(entry, "cpu")


def planned(prompt: str, seed: int = 5) -> Plan:
    (spec,) = parse(prompt if " --q " in prompt else prompt + " --q .5")
    return plan_imagine(spec, REGISTRY, seed=seed)


def rendered(model: LoadedModel, plan: Plan, source: Pixels | None = None) -> list[Pixels]:
    inputs = [] if source is None else [to_png(Image.fromarray(source.astype(np.uint8)))]
    with drawing.forward_mode(plan).applied(model):
        pictures = drawing.run(model, plan, inputs, lambda *_: None)
    return [np.asarray(picture, dtype=np.float32) for picture in pictures]


@pytest.fixture(scope="module")
def draw(model: LoadedModel) -> Draw:
    @cache
    def drawn(prompt: str) -> list[Pixels]:
        return rendered(model, planned(prompt))

    return drawn


def yellow(pictures: list[Pixels]) -> float:
    return float(
        np.mean([((p[..., 0] > 190) & (p[..., 1] > 160) & (p[..., 2] < 120)).mean() for p in pictures])
    )


def blue(pictures: list[Pixels]) -> float:
    return float(
        np.mean([((p[..., 2] > 150) & (p[..., 0] < 110) & (p[..., 1] < 140)).mean() for p in pictures])
    )


def test_it_draws_what_is_asked(draw: Draw) -> None:
    house = draw("a red house on grass --s 0")
    assert red(house) > 0.03
    for picture in house:
        below = picture[-20:].mean(axis=(0, 1))
        assert below[1] > below[0] + 20
        assert below[1] > below[2] + 20


def test_the_same_seed_gives_the_same_pixels(model: LoadedModel, draw: Draw) -> None:
    assert (
        apart(draw("a red house on grass --s 0"), rendered(model, planned("a red house on grass --s 0"))) == 0
    )


@pytest.mark.parametrize("prompt", ["a house on grass", "a red house on grass", "a heart", "an apple"])
def test_no_red_halves_the_red(draw: Draw, prompt: str) -> None:
    """At full effort: in half the steps a heart that is no longer red may still be a reddish orange."""
    assert red(draw(f"{prompt} --s 0 --q 1 --no red")) <= red(draw(f"{prompt} --s 0 --q 1")) / 2


def test_the_heavier_part_shows_more(draw: Draw) -> None:
    gold = draw("a yellow circle::3 a blue circle::1 --s 0")
    azure = draw("a yellow circle::1 a blue circle::3 --s 0")
    assert yellow(gold) > yellow(azure)
    assert blue(azure) > blue(gold)


@pytest.mark.parametrize("prompt", ["a red house on grass", "a blue fish"])
def test_the_house_style_takes_over_step_by_step(draw: Draw, prompt: str) -> None:
    bare = draw(f"{prompt} --s 0")
    distances = [apart(bare, draw(f"{prompt} --s {s}")) for s in (0, 100, 250, 500, 1000)]
    assert distances[0] == 0
    assert distances == sorted(distances)
    assert distances[-1] > 3 * distances[1]


def test_the_house_style_grows_as_one_moves_the_slider(draw: Draw) -> None:
    prompts = ("a red house", "a yellow star above a boat", "a green tree", "a white cat at night")
    bare = [draw(f"{prompt} --s 0") for prompt in prompts]

    def reached(stylize: int) -> float:
        styled = [draw(f"{prompt} --s {stylize}") for prompt in prompts]
        return float(np.mean([apart(*pair) for pair in zip(bare, styled, strict=True)]))

    whole = reached(1000)
    assert 0.2 * whole < reached(250) < 0.6 * whole
    assert 0.5 * whole < reached(500) < 0.95 * whole


def test_chaos_parts_the_pictures_step_by_step(draw: Draw) -> None:
    spreads = [np.mean([spread(draw(f"{p} --s 0 --c {c}")) for p in PROMPTS]) for c in (0, 25, 50, 100)]
    assert spreads == sorted(spreads)
    assert spreads[-1] >= 1.5 * spreads[0]


def test_weird_is_unlike_the_bare_prompt_step_by_step(draw: Draw) -> None:
    bare = draw("a blue fish --s 0")
    distances = [apart(bare, draw(f"a blue fish --s 0 --w {w}")) for w in (0, 500, 3000)]
    assert distances == sorted(distances)
    assert distances[-1] > 20


@pytest.mark.parametrize("prompt", ["two yellow stars on a blue background", "a red house on grass"])
def test_a_tile_has_no_seam(draw: Draw, prompt: str) -> None:
    assert max(seam(picture) for picture in draw(f"{prompt} --tile --s 0")) <= 1.2
    assert min(seam(picture) for picture in draw(f"{prompt} --s 0")) > 1.2


def test_stopping_early_is_softer_never_noise(draw: Draw) -> None:
    prompt = "a red house on grass --s 0"
    stopped = [draw(f"{prompt} --stop {stop}") for stop in (34, 50, 75)]
    sharp = [sharpness(pictures) for pictures in (*stopped, draw(prompt))]
    assert sharp == sorted(sharp)
    assert sharp[0] < 0.75 * sharp[-1]
    assert red(stopped[0]) > 0.03


def test_proportions_are_the_pictures(draw: Draw) -> None:
    for ratio in ("3:2", "9:16"):
        width, height = (int(side) for side in ratio.split(":"))
        shape = draw(f"a red house on grass --s 0 --ar {ratio}")[0].shape
        assert shape[1] / shape[0] == pytest.approx(width / height, rel=0.03)


def test_variations_are_nearer_when_subtle_and_nearer_than_another_roll(
    model: LoadedModel, draw: Draw
) -> None:
    parent = planned("a red house on grass --s 0")
    source = draw("a red house on grass --s 0")[1]
    subtle, strong = (
        rendered(model, plan_vary(parent, 2, REGISTRY, strong=strong, seed=9), source)
        for strong in (False, True)
    )
    again = [
        picture
        for seed in (6, 7, 8)
        for picture in rendered(model, planned("a red house on grass --s 0", seed))
    ]
    near = [apart(pictures, [source] * len(pictures)) for pictures in (subtle, strong, again)]
    assert near[0] < near[1] < near[2] * 1.1
    assert spread(subtle) > 0


def test_image_prompts_weigh_step_by_step(model: LoadedModel, draw: Draw) -> None:
    source = draw("a yellow circle on a blue background --s 0")[0]
    prompts = (f"https://example.org/a.png a red house --s 0 --iw {iw}" for iw in (0, 0.5, 1, 2, 3))
    distances = [apart(rendered(model, planned(p), source), [source] * 4) for p in prompts]
    assert distances == sorted(distances, reverse=True)


def test_an_upscale_is_the_very_picture(model: LoadedModel, draw: Draw) -> None:
    tile = draw("a red house on grass --s 0")[2]
    (large,) = rendered(model, plan_upscale(planned("a red house on grass --s 0"), 3), tile)
    assert large.shape[:2] == (2 * tile.shape[0], 2 * tile.shape[1])
    small = np.asarray(
        Image.fromarray(large.astype(np.uint8)).resize(tile.shape[1::-1], Image.Resampling.LANCZOS)
    )
    assert psnr(small, tile) >= 30
    assert np.array_equal(large, np.asarray(double(Image.fromarray(tile.astype(np.uint8)))))


def test_the_last_preview_is_the_picture_in_small(model: LoadedModel) -> None:
    seen: list[torch.Tensor] = []
    plan = planned("a red house on grass --s 0")
    pictures = drawing.run(model, plan, [], lambda step, steps, latents: seen.append(latents))
    data = preview.render(model, seen[-1])
    assert len(data) <= 30_000
    shown = (
        Image.open(io.BytesIO(data))
        .convert("RGB")
        .crop((0, 0, 256, 256))
        .resize((16, 16), Image.Resampling.BOX)
    )
    small = pictures[0].resize((16, 16), Image.Resampling.BOX)
    likeness = np.corrcoef(np.asarray(shown, float).ravel(), np.asarray(small, float).ravel())[0, 1]
    assert likeness > 0.9
