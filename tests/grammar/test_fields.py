"""Fields of other programs as a prompt of this language."""

import pytest

from grammar import Fields, parse, prompt_of


@pytest.mark.parametrize(
    ("fields", "prompt"),
    [
        (Fields("a fox"), "a fox"),
        (Fields("a fox", "blurry, text", 123, (512, 768)), "a fox --ar 2:3 --seed 123 --no blurry, text"),
        (Fields("a fox, {red|blue} coat"), r"a fox, \{red|blue\} coat"),
        (Fields("a fox\nin the snow,\n"), "a fox in the snow,"),
        (Fields("a fox --ar 3:2 --v 6.1", language=True), "a fox --ar 3:2 --v 6.1"),
        (Fields("a fox --seed 1", seed=5, language=True), "a fox --seed 5"),
        (Fields("a fox --sameseed 1", seed=5, language=True), "a fox --seed 5"),
        (Fields("a fox", "", 0, (1024, 1024)), "a fox --ar 1:1 --seed 0"),
        (Fields("a fox <lora:snow:0.8>"), "a fox <lora:snow:0.8>"),
    ],
)
def test_what_is_certain_is_said_and_means_the_same(fields: Fields, prompt: str) -> None:
    said, _ = prompt_of(fields)
    assert parse(said) == parse(prompt)
    assert len(parse(said)) == 1


@pytest.mark.parametrize(
    "words",
    ["a fox --nonsense 5", "a fox {", "a {fox, cat}", "a fox --repeat 4", "--- }} :: 7", "a fox --ar 0:0"],
)
@pytest.mark.parametrize("language", [True, False])
def test_words_that_are_no_prompt_become_one(words: str, language: bool) -> None:
    said, _ = prompt_of(Fields(words, "--no {", 3, language=language))
    [spec] = parse(said)
    assert spec.seed == 3


def test_what_is_left_out_is_told() -> None:
    said, notes = prompt_of(Fields("a fox --nonsense", seed=2**40))
    assert said == "a fox nonsense"
    assert len(notes) == 2
    assert "1099511627776" in notes[0]
    _, notes = prompt_of(Fields("a fox, (red:1.3)"))
    assert "`(red:1.3)`" in notes[0]


@pytest.mark.parametrize("words", ["", "   ", "a" * 7000, "{}{}", "::::"])
def test_what_no_prompt_can_be_made_of_gives_none(words: str) -> None:
    assert prompt_of(Fields(words))[0] == ""


def test_a_lora_that_counts_more_than_one_may_counts_as_much_as_it_may_and_that_is_told() -> None:
    prompt, notes = prompt_of(Fields("a fox <lora:ink:3> <lora:fur:0.5>"))
    assert prompt == "a fox <lora:ink:2> <lora:fur:0.5>"
    assert notes == ("The LoRA `ink` counts 2, not 3: a weight is from -2 to 2.",)
