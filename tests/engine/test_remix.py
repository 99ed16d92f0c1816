"""A remix: every part of the prompt in the dialog counts, or a sentence says what the picture has settled."""

from dataclasses import replace

import pytest

from engine import Direction, Plan, Registry, plan_again, plan_imagine, plan_pan, plan_region, plan_vary
from engine.planning.entries import ModelEntry
from grammar import parse
from grammar.spec import GenerationSpec

ENTRY = ModelEntry("small", "Small", "sd", "a/b", 256, 32, 12, 4.0, style="watercolour")
OTHER = replace(ENTRY, name="other", title="Other", versions=("6",))


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    here = tmp_path_factory.mktemp("other")
    (here / "model_index.json").write_text("{}")
    other = replace(OTHER, folder=here)
    gone = replace(OTHER, name="gone", title="Gone", versions=("5",))
    return Registry((replace(ENTRY, styles={"cute": "cute, pastel"}), other, gone))


def spec_of(prompt: str) -> GenerationSpec:
    [spec] = parse(prompt)
    return spec


def varied(registry: Registry, prompt: str, before: str = "a red fox") -> Plan:
    parent = plan_imagine(spec_of(before), registry, model="small", seed=1)
    return plan_vary(parent, 1, registry, strong=True, spec=spec_of(prompt), seed=3)


@pytest.mark.parametrize(
    "said",
    ["--ar 3:2", "--tile", "--stop 50", "--seed 5", "--sameseed 5", "--q 4", "--style raw", "--style cute"],
)
def test_what_is_said_changes_the_variation(registry: Registry, said: str) -> None:
    plain, other = varied(registry, "a blue fox"), varied(registry, f"a blue fox {said}")
    assert replace(other, notes=()) != replace(plain, notes=())
    assert other.notes == ()


def test_each_is_what_it_says(registry: Registry) -> None:
    plan = varied(registry, "a blue fox --ar 3:2 --tile --sameseed 5 --stop 50 --style cute --s 500")
    assert plan.width / plan.height == pytest.approx(1.5, rel=0.03)
    assert plan.tile
    assert set(plan.seeds) == {5}
    assert plan.stop_step == round(plan.running / 2)
    assert (plan.style, plan.style_weight) == ("cute, pastel", 0.5)
    assert varied(registry, "a blue fox --q 4").effort == 4 * ENTRY.steps


def test_what_is_taken_out_of_the_prompt_no_longer_counts(registry: Registry) -> None:
    plan = varied(registry, "a blue fox", before="a red fox --stop 50 --q 2 --style raw --tile --c 50")
    fresh = varied(registry, "a blue fox")
    assert replace(plan, muses=(), oddity="", notes=()) == replace(fresh, muses=(), oddity="", notes=())


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("--v 6", "`--v 6` has no effect here: Small, which drew the picture"),
        ("--v 5", "`--v 5`"),
        ("--iw 2", "`--iw`"),
    ],
)
def test_what_the_picture_has_settled_is_told(registry: Registry, said: str, named: str) -> None:
    plan = varied(registry, f"a blue fox {said}")
    assert plan.model == "small"
    assert any(named in note for note in plan.notes)


def test_so_is_a_picture_in_front_of_the_words(registry: Registry) -> None:
    plan = varied(registry, "https://a.com/x.png a blue fox")
    assert any("An image prompt has no effect here" in note for note in plan.notes)


def test_so_are_the_proportion_and_the_tile_of_a_picture_that_is_continued(registry: Registry) -> None:
    parent = plan_imagine(spec_of("a red fox"), registry, model="small", seed=1)
    spec = spec_of("a blue fox --ar 3:2 --tile")
    for plan in (
        plan_pan(parent, 1, registry, direction=Direction.UP, spec=spec),
        plan_region(parent, 1, registry, parts=frozenset({4}), spec=spec),
    ):
        assert [name for name in ("`--ar`", "`--tile`") if any(name in note for note in plan.notes)] == [
            "`--ar`",
            "`--tile`",
        ]


def test_a_part_is_drawn_anew_with_the_steps_and_seeds_that_are_said(registry: Registry) -> None:
    parent = plan_imagine(spec_of("a red fox"), registry, model="small", seed=1)
    spec = spec_of("a blue fox --sameseed 9 --q 4 --stop 50")
    plan = plan_region(parent, 1, registry, parts=frozenset({4}), spec=spec)
    plain = plan_region(parent, 1, registry, parts=frozenset({4}))
    assert set(plan.seeds) == {9}
    assert plan.steps == 4 * plain.steps
    assert plan.stop_step == round(plan.running / 2)


def test_a_job_done_again_with_another_prompt_takes_its_seed(registry: Registry) -> None:
    plan = varied(registry, "a blue fox")
    assert set(plan_again(plan, registry, spec_of("a green fox --sameseed 9")).seeds) == {9}
