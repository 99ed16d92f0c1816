"""What holds for every prompt: no exception but PromptError, and canonical text that means the same."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.fuzz_language import PROMPTS, SHRAPNEL, check, random_prompt
from bench.language import HARD_SHAPES
from grammar import PARAMETERS, GenerationSpec, Language, PromptError, format_prompt, parse

NAMES = st.sampled_from([name for row in PARAMETERS for name in row.names])
DASHES = st.sampled_from(["--", "—", "–", "——", "—-"])
WORDS = st.text(st.characters(exclude_characters="{}\\", exclude_categories=("Cs",)), max_size=40)
WEIGHTS = st.one_of(st.just(""), st.floats(0.01, 20).map(lambda weight: f"{weight:.2f}"), st.just("-0.01"))
LINKS = st.from_regex(r"https://[a-z]{1,8}\.com/[A-Za-z0-9_-]{1,12}\.png", fullmatch=True)
VALUES = st.one_of(
    st.integers(-5, 5000).map(str),
    st.floats(0, 4).map(lambda value: f"{value:.2f}"),
    st.tuples(st.integers(0, 40), st.integers(0, 40)).map(lambda pair: f"{pair[0]}:{pair[1]}"),
    st.sampled_from(["", "raw", "random", "low", "text, frames", "6.1"]),
    LINKS,
    WORDS,
)
PARAMETER = st.tuples(DASHES, NAMES, VALUES).map(lambda said: f"{said[0]}{said[1]} {said[2]}")
PROMPT = st.builds(
    lambda links, parts, parameters: " ".join(
        [*links, *(f"{words}::{weight}" for words, weight in parts), "a cat", *parameters]
    ),
    st.lists(LINKS, max_size=2),
    st.lists(st.tuples(WORDS, WEIGHTS), max_size=3),
    st.lists(PARAMETER, max_size=4),
)
"""Prompts in the shape of the language, a good part of which parse."""


@given(PROMPT)
@settings(max_examples=200)
def test_prompts_come_back_from_their_canonical_text(prompt: str) -> None:
    check(prompt)


@given(st.text(max_size=200))
@settings(max_examples=300)
def test_any_text_parses_or_is_refused(prompt: str) -> None:
    check(prompt)


@given(st.lists(st.one_of(st.sampled_from(SHRAPNEL), NAMES, PARAMETER), max_size=12).map("".join))
@settings(max_examples=200)
def test_any_shrapnel_parses_or_is_refused(prompt: str) -> None:
    check(prompt)


@given(PROMPT, PROMPT)
@settings(max_examples=60)
def test_what_settings_add_comes_back_too(prompt: str, option: str) -> None:
    try:
        specs = parse(
            prompt, options={"mine": option}, suffix="--ar 3:2 --no frames", defaults={"s": 250, "v": "6.1"}
        )
    except PromptError:
        return
    for spec in specs:
        assert spec.aspect
        assert "frames" in spec.no
        assert parse(str(spec)) == [spec]


@given(PROMPT)
@settings(max_examples=60)
def test_json_brings_the_spec_back(prompt: str) -> None:
    try:
        specs = parse(prompt)
    except PromptError:
        return
    assert [GenerationSpec.from_dict(spec.to_dict()) for spec in specs] == specs


def test_thousands_of_accidents_break_no_promise() -> None:
    prompts = PROMPTS.read_text(encoding="utf-8").splitlines()
    chance = random.Random(2022)
    parsed = sum(check(random_prompt(chance, prompts)) for _ in range(1500))
    assert 300 < parsed < 1350


@pytest.mark.parametrize("shape", HARD_SHAPES.values(), ids=HARD_SHAPES.keys())
def test_hard_shapes_of_full_length_are_answered(shape: Callable[[int], str]) -> None:
    check(shape(6000))


def test_a_table_of_its_own_makes_a_language_of_its_own() -> None:
    language = Language(tuple(row for row in PARAMETERS if row.name == "seed"))
    assert language.parse("a cat --seed 7")[0].seed == 7
    with pytest.raises(PromptError):
        language.parse("a cat --ar 3:2")


@pytest.mark.parametrize(
    "text",
    [
        "<https://s.mj.run/a> <https://s.mj.run/b>-ar 16:9 --c 15",
        "https://s.mj.run/a::2-ar 16:9 cat",
        "<https://s.mj.run/a>::2.5-v 6 x",
    ],
)
def test_one_hyphen_behind_a_link_reads_the_same_again(text: str) -> None:
    specs = parse(text)
    assert [again for spec in specs for again in parse(format_prompt(spec))] == specs
