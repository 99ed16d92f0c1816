"""Every family, every kind of job: what the table in docs/models.md says is what happens on tiny pipelines.

A family that cannot do a thing says so in one sentence before it draws; that is tested in the thing's stead.
"""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from bench.families import BESIDE, COLUMNS, PAGE, missing, section
from engine import (
    Action,
    Cancelled,
    CannotEdit,
    Conditioning,
    Direction,
    Failed,
    Finished,
    NoControl,
    Plan,
    plan_imagine,
    plan_pan,
    plan_region,
    plan_retexture,
    plan_vary,
)
from engine.drawing.latents import draws_films, vae_of
from engine.drawing.seamless import wrapping_vae
from engine.families import FAMILIES, Ability
from engine.planning.controls import Control
from engine.planning.looking import looks
from engine.planning.references import Reference
from grammar.spec import GenerationSpec
from grammar.values import Part
from tests.families.studio import Drawn, Studio, a_picture, apart, few
from tests.families.tiny import NEEDS, SIDE, TINY

UNLIKE_STOCK = {
    "kandinsky22": "its prior takes a text, not a seed, to draw what the picture is of",
    "glm-image": "the model that outlines the picture draws its tokens by chance",
}
"""Families whose text to picture is not the stock pipeline's to the pixel, and why."""

FAR = 1e9  # further apart than any two answers lie


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
    parts = [(Part("a red house", 3.0 * k), Part("blue boat", 2.0 * k)) for k in (1, 3)]
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
    plans = [few(plan_vary(parent, 1, studio.registry, strong=s, seed=1), 2) for s in (False, True)]
    drawn = [studio.draw(plan, source) for plan in plans]
    for plan, each in zip(plans, drawn, strict=True):
        assert isinstance(each.event, Finished), each.event
        assert each.steps == [(step, plan.running) for step in range(1, plan.running + 1)]
    subtle, strong = (each.pictures for each in drawn)
    assert apart(subtle, strong) > 8
    assert apart(subtle, studio.pictures(plans[0], a_picture("red"))) > 8
    faint = studio.pictures(replace(plans[0], strength=0.025, steps=40, stop_step=1), source)
    assert _distance(*faint) < 0.5 * _distance(*strong)


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
    assert drawn.steps == studio.steps(half)
    assert drawn.pictures[0].std() > 2
    assert apart(drawn.pictures, studio.pictures(whole)) > 1


def image_prompt(studio: Studio) -> None:
    url = ("https://example.org/a.png",)
    near, far = (studio.plan(images=url, iw=weight, pictures=2) for weight in (3.0, 0.5))
    close, loose = studio.pictures(near, a_picture()), studio.pictures(far, a_picture())
    assert apart(close, studio.pictures(near, a_picture("red"))) > 8
    if looks(studio.name):  # the model looks at it, and no number says how much it counts
        assert any("`--iw` changes nothing" in note for note in near.notes)
    else:
        assert _distance(*close) < _distance(*loose)


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
    assert both["gone"].steps == studio.steps(six, 2)
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
        # Two pictures that are guided twice would be more rows than a forward takes before it has learnt.
        pictures = 1 if studio.family.rows(1, studio.entry.guidance) > 2 else 2
        plans = {
            "early": replace(studio.plan(), steps=4, stop_step=4),
            "late": studio.plan("a blue boat in the snow at night", pictures=pictures),
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


def refused(studio: Studio, ability: Ability) -> str:
    """What is said to who asks for what the family cannot do: why it failed, or a note."""
    alone = (Ability.TEXT, Ability.PICTURE, Ability.TILE)
    if studio.family.fills is not None and ability in alone:
        return _by_its_drawer(studio, ability)
    if Ability.TEXT in studio.family.cannot and ability in alone:
        with pytest.raises(CannotEdit) as told:
            plan_imagine(
                GenerationSpec(parts=(Part("a red house"),)), studio.registry, model=studio.entry.name
            )
        return str(told.value)
    asked: dict[Ability, dict[str, Any]] = {
        Ability.TEXTS: {"parts": (Part("a red house"), Part("blue boat"))},
        Ability.WITHOUT: {"no": ("blue boat",)},
        Ability.EFFECTS: {"stylize": 900},
        Ability.TILE: {"tile": True},
        Ability.STOP: {"stop": 50},
        Ability.PICTURE: {"images": ("https://example.org/a.png",)},
    }
    drawn = studio.draw(studio.plan(**asked[ability]), a_picture())
    return drawn.event.reason if isinstance(drawn.event, Failed) else " ".join(drawn.notes)


def _by_its_drawer(studio: Studio, ability: Ability) -> str:
    """What a model that only fills is asked for, the one that draws for it does, and it is said."""
    spec = GenerationSpec(parts=(Part("a red house"),), tile=ability is Ability.TILE or None)
    if ability is Ability.TEXT:
        plan = plan_imagine(spec, studio.registry, model=studio.entry.name)
        return " ".join(plan.notes) if plan.model == studio.entry.drawer else ""
    parent = plan_imagine(spec, studio.registry, model=studio.entry.drawer)
    if ability is Ability.PICTURE:
        later = plan_vary(studio.plan(), 1, studio.registry, strong=True)
    else:
        later = plan_region(parent, 1, studio.registry, parts=frozenset({4}))
    return studio.entry.title if later.model == studio.entry.drawer else later.model


def refused_beside(studio: Studio, column: str) -> str:
    """What is said to who wants a picture changed, referred to, or kept in structure, and cannot have it."""
    spec = GenerationSpec(parts=(Part("a red house"),), oref="https://example.org/a.png")
    if column == "edit":
        with pytest.raises(CannotEdit, match="No model on this machine") as told:
            studio.edit(spec)
        return f"{studio.entry.title}: {told.value}"
    if Ability.TEXT in studio.family.cannot and studio.family.fills is None:
        if column == "reference":
            assert any("An edit refers to nothing else" in note for note in studio.edit(spec).notes)
            return studio.entry.title
        with pytest.raises(CannotEdit) as told:
            plan_retexture(spec, studio.registry, (SIDE, SIDE), model=studio.entry.name)
        return str(told.value)
    if column == "reference":
        plan = plan_imagine(spec, studio.registry, model=studio.entry.name)
        assert plan.unmet
        return " ".join(plan.notes)
    with pytest.raises(NoControl) as denied:
        plan_retexture(spec, studio.registry, (SIDE, SIDE), model=studio.entry.name)
    return str(denied.value)


def _distance(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).mean())


def beside_each_other(studio: Studio, jobs: Mapping[str, tuple[Plan, Sequence[Image.Image]]]) -> None:
    """They share forwards, and each is drawn as it is alone."""
    alone = {name: studio.pictures(plan, *inputs) for name, (plan, inputs) in jobs.items()}
    batcher = studio.renderer.batcher
    before = batcher.calls - batcher.forwards
    together = studio.draw_all(jobs)
    assert batcher.calls - batcher.forwards > before
    for name, pictures in alone.items():
        assert apart(pictures, together[name].pictures) == 0, name


def edit(studio: Studio) -> None:
    """The words and the pictures count, as in the stock pipeline; strangers' edits share forwards."""
    edits = studio.family.edits
    assert edits is not None
    gradient, red = a_picture(), a_picture("red")
    first = "a blue house" if Ability.LENGTHS in studio.family.cannot else "blue"
    blue, boat = (few(studio.edit(GenerationSpec(parts=(Part(text),))), 1) for text in (first, "a red boat"))
    shown = studio.pictures(blue, gradient)
    assert apart(shown, studio.pictures(blue, red)) > 8
    assert apart(shown, studio.pictures(boat, gradient)) > 0
    if edits.most > 1:
        assert apart(shown, studio.pictures(blue, gradient, red)) > 0
    if not edits.nested:
        told = {edits.likeness: blue.likeness} if edits.likeness else {}
        stock = studio.stock(first, blue, **{edits.argument: gradient}, **told)
        assert apart(stock, shown) <= 2
    beside_each_other(studio, {"one": (blue, (gradient,)), "other": (boat, (red,))})
    if edits.likeness and not edits.nested:
        held, other = (replace(plan, relevance=FAR) for plan in (blue, replace(boat, seeds=blue.seeds)))
        assert apart(studio.pictures(held, gradient), studio.pictures(other, gradient)) == 0
        assert apart(studio.pictures(held, gradient), shown) > 1
        named = replace(blue, relevance=1e-9)
        assert apart(studio.pictures(named, gradient), shown) == 0
        beside_each_other(studio, {"held": (held, (gradient,)), "named": (named, (red,))})


def reference(studio: Studio) -> None:
    """The picture counts; jobs that refer to others, and to none, share forwards."""
    seen = "" if looks(studio.name) else studio.adapter().name
    bare = few(studio.plan(), 1)
    likeness = studio.entry.likeness if studio.family.edits is not None else 0.0
    after = replace(bare, references=(Reference("oref", seen, 1.0),), likeness=likeness)
    gradient, red = a_picture(), a_picture("red")
    shown = studio.pictures(after, gradient)
    assert apart(shown, studio.pictures(after, red)) > 1
    assert apart(shown, studio.pictures(bare)) > 1
    jobs = {"one": (after, (gradient,)), "other": (replace(after, seeds=(8,)), (red,))}
    beside_each_other(studio, jobs if not seen else jobs | {"none": (bare, ())})


def control(studio: Studio) -> None:
    """The structure counts; jobs that are held to others share forwards."""
    held = replace(bare := few(studio.plan(), 1), control=Control(studio.control().name, 2.0))
    held = replace(held, action=Action.RETEXTURE)
    square, circle = _drawn_shape("rectangle"), _drawn_shape("ellipse")
    shown = studio.pictures(held, square)
    assert apart(shown, studio.pictures(held, circle)) > 0
    assert apart(shown, studio.pictures(bare)) > 1
    beside_each_other(studio, {"one": (held, (square,)), "other": (replace(held, seeds=(8,)), (circle,))})


def _drawn_shape(kind: str) -> Image.Image:
    made = Image.new("RGB", (SIDE, SIDE), "white")
    getattr(ImageDraw.Draw(made), kind)((16, 16, 47, 47), fill="blue")
    return made


CELLS: dict[str, Callable[[Studio], None]] = {
    "text to picture": text_to_picture,
    "several texts": several_texts,
    "`--no`": without,
    "`--s --c --w`": effects,
    "variation": variation,
    "region": region,
    "pan": pan,
    "`--tile`": tile,
    "`--stop`": stop,
    "image prompt": image_prompt,
    "long prompt": long_prompt,
    "cancelled midway": cancelled_midway,
    "shared forwards": one_forward,
    "equal in company": equal_in_company,
    "edit": edit,
    "reference": reference,
    "control": control,
}


@pytest.mark.parametrize("column", [*COLUMNS, *BESIDE])
@pytest.mark.parametrize("family", [name for name in sorted(FAMILIES) if name in TINY])
def test_what_the_table_says_is_so(family: str, column: str, studios: Callable[[str], Studio]) -> None:
    if family in NEEDS:
        pytest.importorskip(NEEDS[family], reason=f"{family} needs {NEEDS[family]}")
    studio = studios(family)
    if missing(family, column) is None:
        CELLS[column](studio)
    elif COLUMNS.get(column) is Ability.LENGTHS:
        assert _company(studio).shared == 0
    elif column in BESIDE:
        assert studio.entry.title in refused_beside(studio, column)
    else:
        assert studio.entry.title in refused(studio, COLUMNS[column])


def test_every_family_is_in_the_matrix() -> None:
    assert FAMILIES.keys() <= TINY.keys()


def test_the_page_has_the_table_of_the_data() -> None:
    assert section() in PAGE.read_text(encoding="utf-8"), "write it with `python -m bench families`"
