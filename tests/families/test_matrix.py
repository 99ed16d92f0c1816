"""Every family, every kind of job: what the table in docs/models.md says is what happens on tiny pipelines.

A family that cannot do a thing says so in one sentence before it draws; that is tested in the thing's stead.
"""

import functools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from engine import Cancelled, Conditioning, Direction, Finished, plan_pan, plan_region, plan_vary
from engine.drawing.latents import draws_films, vae_of
from engine.drawing.seamless import wrapping_vae
from engine.families import FAMILIES, Ability
from grammar.values import Part
from tests.families.studio import Drawn, Studio, a_picture, apart, few
from tests.families.tiny import NEEDS, SIDE, TINY

UNLIKE_STOCK = {
    "kandinsky22": "its prior takes a text, not a seed, to draw what the picture is of",
    "glm-image": "the model that outlines the picture draws its tokens by chance",
}
"""Families whose text to picture is not the stock pipeline's to the pixel, and why."""


@pytest.fixture(scope="session")
def studios(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Studio]]:
    """The studio of a family, opened when first asked for; one at a time is kept in memory."""
    opened: dict[str, Studio] = {}

    def studio(name: str) -> Studio:
        if name not in opened:
            for other in opened.values():
                other.close()
            opened.clear()
            opened[name] = Studio(name, tmp_path_factory.mktemp(name))
            opened[name].pictures(opened[name].plan())
        return opened[name]

    yield studio
    for other in opened.values():
        other.close()


def text_to_picture(studio: Studio) -> None:
    plan = studio.plan(pictures=2)
    first, second = studio.pictures(plan)
    assert first.shape == (plan.height, plan.width, 3)
    assert first.std() > 4
    assert apart(first, second) > 8
    assert apart(studio.pictures(studio.plan("a blue boat in the snow")), [first]) > 1
    assert apart(studio.pictures(few(plan, 1)), [first]) <= 1
    if studio.name not in UNLIKE_STOCK:
        assert apart(studio.stock("a red house", plan), first) <= 2


def several_texts(studio: Studio) -> None:
    alone = studio.pictures(studio.plan("a red house"))
    parts = [(Part("a red house", 1.0 * k), Part("blue boat", 2.0 * k)) for k in (1, 3)]
    both = [studio.pictures(studio.plan(parts=each)) for each in parts]
    assert apart(both[0], both[1]) <= 1
    assert apart(alone, both[0]) > 1
    itself = (Conditioning("a red house", 3.0), Conditioning("a red house", 1.0))
    assert apart(alone, studio.pictures(replace(studio.plan(), conditionings=itself))) <= 2


def without(studio: Studio) -> None:
    assert apart(studio.pictures(studio.plan()), studio.pictures(studio.plan(no=("blue boat",)))) > 1


def effects(studio: Studio) -> None:
    bare = studio.pictures(studio.plan())
    for said in ({"stylize": 900}, {"chaos": 60}, {"weird": 2000}):
        assert apart(bare, studio.pictures(studio.plan(**said))) > 0, said


def variation(studio: Studio) -> None:
    parent, source = studio.plan(), a_picture()
    plans = [few(plan_vary(parent, 1, studio.registry, strong=s, seed=1), 1) for s in (False, True)]
    drawn = [studio.draw(plan, source) for plan in plans]
    for plan, each in zip(plans, drawn, strict=True):
        assert isinstance(each.event, Finished), each.event
        assert each.steps == [(step, plan.running) for step in range(1, plan.running + 1)]
    subtle, strong = (each.pictures for each in drawn)
    assert apart(subtle, studio.pictures(plans[0], a_picture("red"))) > 8
    near, far = (_distance(each[0], _through_the_vae(studio, plans[0])) for each in (subtle, strong))
    assert 0 < near < far


def region(studio: Studio) -> None:
    source = a_picture()
    plan = plan_region(studio.plan(), 1, studio.registry, parts=frozenset({4}), seed=5)
    (picture,) = studio.pictures(few(plan, 1), source)
    pixels, third = np.asarray(source, dtype=np.int16), SIDE // 3
    outside = np.ones((SIDE, SIDE), dtype=bool)
    outside[third - 8 : 2 * third + 8, third - 8 : 2 * third + 8] = False
    assert apart(picture[outside], pixels[outside]) <= 2
    assert apart(picture[third + 4 : 2 * third - 4], pixels[third + 4 : 2 * third - 4]) > 8


def pan(studio: Studio) -> None:
    source = a_picture()
    plan = plan_pan(studio.plan(), 1, studio.registry, direction=Direction.RIGHT, seed=5)
    plan = few(plan, 1)
    (picture,) = studio.pictures(plan, source)
    box = plan.canvas.picture
    assert picture.shape == (plan.height, plan.width, 3)
    right = box.left + box.width
    kept = np.asarray(source.resize((box.width, box.height)), dtype=np.int16)[:, : box.width - 12]
    assert _distance(picture[box.top : box.top + box.height, box.left : right - 12], kept) < 4
    assert picture[:, right:].std() > 4


def tile(studio: Studio) -> None:
    plan = studio.plan()
    plain, tiled = studio.pictures(plan), studio.pictures(replace(plan, tile=True))
    assert apart(plain, tiled) > 1
    vae = vae_of(studio.model.pipe)
    if vae is not None:
        (wrapped, moved), (bare, bare_moved) = (_decoded(each) for each in (wrapping_vae(vae), vae))
        assert (wrapped - moved).abs().max() < 1e-3 * wrapped.std()
        assert (bare - bare_moved).abs().max() > 1e-2 * bare.std()


def _decoded(vae: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """Pixels of latents, and of the same latents rolled by two cells, rolled back."""
    films, draw = draws_films(vae), torch.Generator().manual_seed(0)
    channels = next(c for c in (getattr(vae.config, n, None) for n in ("latent_channels", "z_dim")) if c)
    latents = torch.randn(1, channels, *([1] if films else []), 8, 8, generator=draw)
    with torch.no_grad():
        whole, moved = (vae.decode(each).sample for each in (latents, torch.roll(latents, (2, -2), (-2, -1))))
    cell = whole.shape[-1] // 8
    return whole, torch.roll(moved, (-2 * cell, 2 * cell), (-2, -1))


def stop(studio: Studio) -> None:
    whole, half = replace(studio.plan(), steps=4, stop_step=4), replace(studio.plan(), steps=4, stop_step=2)
    drawn = studio.draw(half)
    assert isinstance(drawn.event, Finished), drawn.event
    assert drawn.steps == [(1, 2), (2, 2)]
    assert drawn.pictures[0].std() > 2
    assert apart(drawn.pictures, studio.pictures(whole)) > 1


def image_prompt(studio: Studio) -> None:
    near, far = (
        few(studio.plan(images=("https://example.org/a.png",), iw=weight), 1) for weight in (3.0, 0.5)
    )
    source = a_picture()
    close, loose = studio.pictures(near, source), studio.pictures(far, source)
    assert apart(close, studio.pictures(near, a_picture("red"))) > 8
    through = _through_the_vae(studio, near)
    assert _distance(close[0], through) < _distance(loose[0], through)


def long_prompt(studio: Studio) -> None:
    words = ["a", "red", "house", "on", "the", "grass"] * 34
    one, other = (" ".join([*words[:199], last]) for last in ("neon", "boat"))
    drawn = [studio.draw(studio.plan(text)) for text in (one, other)]
    changed = apart(drawn[0].pictures, drawn[1].pictures) > 0
    assert changed or any("neon" in note for note in drawn[0].notes)


def cancelled_midway(studio: Studio) -> None:
    six = replace(studio.plan("two foxes"), steps=6, stop_step=6)
    stays = studio.plan("a red house", pictures=2)

    def on_step(job: str, step: int) -> None:
        if job == "gone" and step == 2:
            studio.renderer.cancel("gone")

    both = studio.draw_all({"gone": (six, ()), "stays": (stays, ())}, on_step)
    assert isinstance(both["gone"].event, Cancelled)
    assert both["gone"].steps == [(1, 6), (2, 6)]
    assert apart(both["stays"].pictures, studio.pictures(stays)) == 0


def one_forward(studio: Studio) -> None:
    assert _company(studio).shared > 0


def equal_in_company(studio: Studio) -> None:
    company = _company(studio)
    for name, alone in company.alone.items():
        assert apart(alone, company.together[name].pictures) == 0, name


class Company:
    """Two people's jobs, the second of which begins when the first has made a step: together, and alone.

    Their texts, numbers of pictures and steps are others. ``shared`` is how many calls found a place in
    another one's forward.
    """

    def __init__(self, studio: Studio) -> None:
        plans = {
            "early": replace(studio.plan(pictures=1), steps=4, stop_step=4),
            "late": studio.plan("a blue boat in the snow at night", pictures=2),
        }
        self.alone = {name: studio.pictures(plan) for name, plan in plans.items()}
        batcher = studio.renderer.batcher
        before = batcher.calls - batcher.forwards
        self.together: dict[str, Drawn] = studio.draw_all(
            {name: (plan, ()) for name, plan in plans.items()},
            lambda job, step: "late" if (job, step) == ("early", 1) else None,
            first=["early"],
        )
        self.shared = batcher.calls - batcher.forwards - before


@functools.lru_cache(maxsize=1)
def _company(studio: Studio) -> Company:
    return Company(studio)


def _distance(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).mean())


def _through_the_vae(studio: Studio, plan: object) -> np.ndarray:
    """The source as nearly as the model can show it: re-noised a little, at the end of many steps."""
    nearly = replace(plan, strength=0.02, steps=100, stop_step=2, seeds=plan.seeds[:1])  # type: ignore[type-var, attr-defined]
    (picture,) = studio.pictures(nearly, a_picture())
    return picture


CELLS: dict[str, tuple[Callable[[Studio], None], Ability | None]] = {
    "text": (text_to_picture, None),
    "several texts": (several_texts, Ability.TEXTS),
    "--no": (without, Ability.WITHOUT),
    "--s --c --w": (effects, Ability.EFFECTS),
    "variation": (variation, Ability.PICTURE),
    "region": (region, Ability.PICTURE),
    "pan": (pan, Ability.PICTURE),
    "tile": (tile, Ability.TILE),
    "stop": (stop, Ability.STOP),
    "image prompt": (image_prompt, Ability.PICTURE),
    "long prompt": (long_prompt, None),
    "cancel": (cancelled_midway, None),
    "one forward": (one_forward, None),
    "company": (equal_in_company, None),
}


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("family", sorted(TINY.keys() & FAMILIES.keys()))
def test_matrix(family: str, cell: str, studios: Callable[[str], Studio]) -> None:
    if family in NEEDS:
        pytest.importorskip(NEEDS[family], reason=f"{family} needs {NEEDS[family]}")
    shown, ability = CELLS[cell]
    if ability in FAMILIES[family].cannot:
        pytest.skip("cannot")
    shown(studios(family))
