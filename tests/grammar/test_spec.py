"""The spec as a value, as JSON, and as canonical text."""

import dataclasses
import json

import pytest

from grammar import GenerationSpec, Part, format_prompt, parse

FULL = (
    "https://a.com/x.png <https://s.mj.run/q8HtwyV8l2A> a red fox::2 snow::-.5 --ar 1920:1080 --c 5 --s 250"
    " --w 10 --q .5 --seed 7 --sameseed 8 --stop 90 --no text, frames --tile --iw 1.5 --v 6.1 --niji 6"
    " --style raw --raw --turbo --stealth --sref https://a.com/y.png::2 123 random --sw 50 --sv 4"
    " --cref https://a.com/z.png --cw 0 --oref https://a.com/o.png --ow 9 --p hreu13h --exp 5 --draft --hd"
    " --sd --edit --video --motion high --loop --end https://a.com/e.png --bs 2 --zoom 1.5 --upbeta --test"
)
CANONICAL = (
    "https://a.com/x.png https://s.mj.run/q8HtwyV8l2A a red fox::2 snow::-.5 --ar 16:9 --c 5 --s 250"
    " --w 10 --q 0.5 --seed 7 --sameseed 8 --stop 90 --no text, frames --tile --iw 1.5 --v 6.1 --niji 6"
    " --style raw --raw --turbo --stealth --sref https://a.com/y.png::2 123 random --sw 50 --sv 4"
    " --cref https://a.com/z.png --cw 0 --oref https://a.com/o.png --ow 9 --p hreu13h --exp 5 --draft --hd"
    " --sd --edit --video --motion high --loop --end https://a.com/e.png --bs 2 --zoom 1.5 --test --upbeta"
)


def test_a_spec_is_a_frozen_value() -> None:
    (spec,) = parse(FULL)
    assert {spec, parse(FULL)[0]} == {spec}
    with pytest.raises(dataclasses.FrozenInstanceError):
        spec.seed = 1  # type: ignore[misc]


def test_what_is_not_said_is_none_false_or_empty() -> None:
    assert parse("a cat") == [GenerationSpec(text="a cat", parts=(Part("a cat"),))]


def test_replace_gives_another_spec() -> None:
    (spec,) = parse("a cat --seed 7 --ar 3:2")
    assert str(spec.replace(seed=None)) == "a cat --ar 3:2"
    assert dataclasses.replace(spec, seed=8).seed == 8


def test_json_has_the_shape_that_others_rely_on() -> None:
    (spec,) = parse(
        "https://a.com/x.png a fox::2 snow --ar 3:2 --s 250 --no a, b --tile --q .5 --v 6.0 --niji"
    )
    assert json.loads(json.dumps(spec.to_dict())) == {
        "text": "a fox::2 snow",
        "parts": [{"text": "a fox", "weight": 2}, {"text": "snow", "weight": 1}],
        "images": ["https://a.com/x.png"],
        "params": {
            "ar": "3:2",
            "s": 250,
            "q": 0.5,
            "no": ["a", "b"],
            "tile": True,
            "v": "6.0",
            "niji": True,
        },
    }


@pytest.mark.parametrize("prompt", [FULL, "a cat", "a cat --niji --p", "a cat --r 3", "a cat --relax --vibe"])
def test_a_spec_comes_back_from_json(prompt: str) -> None:
    for spec in parse(prompt):
        again = GenerationSpec.from_dict(json.loads(json.dumps(spec.to_dict())))
        assert again == spec
        assert again.repeat == spec.repeat


def test_canonical_text_has_links_words_and_short_names_in_the_order_of_the_table() -> None:
    (spec,) = parse(FULL)
    assert format_prompt(spec) == str(spec) == CANONICAL
    assert parse(CANONICAL) == [spec]


def test_angled_text_hides_the_previews_of_links_and_parses_alike() -> None:
    (spec,) = parse(
        "https://a.com/x.png see https://b.com --sref https://a.com/y.png::2 7 --cref https://c.com/z"
    )
    angled = format_prompt(spec, angled=True)
    assert angled == (
        "<https://a.com/x.png> see <https://b.com> --sref <https://a.com/y.png>::2 7 --cref <https://c.com/z>"
    )
    again = parse(angled)[0]
    assert (again.images, again.sref, again.cref) == (spec.images, spec.sref, spec.cref)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("s", 250),
        ("stylize", 250),
        ("ar", (3, 2)),
        ("upbeta", True),
        ("seed", None),
        ("turbo", True),
        ("fast", None),
    ],
)
def test_get_finds_what_was_said_by_either_name(name: str, value: object) -> None:
    (spec,) = parse("a cat --s 250 --ar 3:2 --upbeta --turbo")
    found = spec.get(name)
    assert (bool(found) if name == "turbo" else found) == value
