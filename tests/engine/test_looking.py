"""Models that look at pictures beside the words without an adapter: what becomes of a prompt."""

import pytest

from engine import Plan, Registry, plan_imagine
from engine.planning.abilities import can
from engine.planning.references import Reference, starting_links
from grammar import parse

ONE, TWO = "https://x.org/one.png", "https://x.org/two.png"


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry.load()


def planned(registry: Registry, said: str, model: str = "flux2-klein-4b") -> Plan:
    return plan_imagine(parse(said)[0], registry, model=model, seed=1)


@pytest.mark.parametrize(
    ("said", "role", "words"),
    [
        (f"{ONE} a fox", "image", "a fox"),
        (f"a fox --oref {ONE}", "oref", "a fox, with the same thing as in the image"),
        (f"a fox --cref {ONE}", "cref", "a fox, with the same character as in the image"),
    ],
)
def test_it_is_shown_and_the_words_say_what_is_taken(
    registry: Registry, said: str, role: str, words: str
) -> None:
    plan = planned(registry, said)
    assert plan.references == (Reference(role, "", 1.0, link=ONE),)
    assert plan.conditionings[0].text == words
    assert plan.links == (ONE,)
    assert plan.strength is None
    assert not plan.unmet
    assert starting_links(parse(said)[0], plan.references) == ()


def test_several_are_told_apart_by_their_numbers(registry: Registry) -> None:
    plan = planned(registry, f"{ONE} a fox --oref {TWO}")
    assert plan.links == (ONE, TWO)
    assert plan.conditionings[0].text == "a fox, with the same thing as in image 2"


def test_more_than_it_looks_at_are_left_out_and_told(registry: Registry) -> None:
    plan = planned(registry, f"{ONE} {TWO} a fox", "flux-kontext")
    assert plan.links == (ONE,)
    assert any("looks at one picture" in note for note in plan.notes)


def test_a_number_that_changes_nothing_is_told(registry: Registry) -> None:
    notes = planned(registry, f"a fox --oref {ONE} --ow 300").notes
    assert any("`--ow` changes nothing" in note for note in notes)
    assert not any("changes nothing" in note for note in planned(registry, f"a fox --oref {ONE}").notes)


def test_a_style_is_not_told_apart_from_the_things_and_is_left_out(registry: Registry) -> None:
    plan = planned(registry, f"a fox --sref {ONE}")
    assert plan.references == ()
    assert plan.unmet


def test_without_weight_an_image_prompt_is_left_out(registry: Registry) -> None:
    assert planned(registry, f"{ONE} a fox --iw 0").references == ()


def test_what_is_not_wanted_keeps_its_words(registry: Registry) -> None:
    plan = planned(registry, f"a fox --oref {ONE} --no snow")
    assert [part.text for part in plan.conditionings if part.weight < 0] == ["snow"]


def test_a_second_guidance_goes_along_where_a_model_has_one(registry: Registry) -> None:
    assert planned(registry, f"{ONE} a fox", "omnigen").likeness == registry.get("omnigen").likeness
    assert planned(registry, "a fox", "omnigen").likeness == 0.0


def test_the_list_says_who_can(registry: Registry) -> None:
    for name in ("flux-kontext", "flux2-dev", "flux3-klein", "omnigen"):
        able = can(registry.get(name))
        assert (able["cref"], able["oref"], able["sref"]) == (True, True, False), name
    assert not can(registry.get("qwen-image-edit"))["oref"]
