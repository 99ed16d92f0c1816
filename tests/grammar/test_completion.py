"""Completion of an unfinished prompt: names with what they mean, values, nothing that is there already."""

import pytest

from grammar import PARAMETERS, Parameter, complete, help_line, parse
from grammar.help import find


def ends(text: str, before: str) -> list[str]:
    found = complete(text)
    assert all(whole.startswith(before) for whole, _ in found)
    return [whole[len(before) :] for whole, _ in found]


def test_names_come_with_what_they_mean() -> None:
    row = find("stylize")
    assert row
    assert complete("a cat --sty")[0] == ("a cat --stylize ", help_line(row))
    assert all(meaning for _, meaning in complete("a cat --"))


def test_what_has_no_effect_yet_says_so_and_comes_later() -> None:
    meanings = [meaning for _, meaning in complete("a cat --p")]
    idle = ["(no effect yet)" in meaning for meaning in meanings]
    assert any(idle)
    assert idle[0] is False


@pytest.mark.parametrize(
    ("text", "before", "first"),
    [
        ("a cat --ar ", "a cat --ar ", "1:1"),
        ("a cat --aspect 16", "a cat --aspect ", "16:9"),
        ("a cat —ar 9", "a cat —ar ", "9:16"),
        ("a cat --tile --v ", "a cat --tile --v ", "8.2"),
        ("a cat --v 6", "a cat --v ", "6.1"),
        ("a cat --niji ", "a cat --niji ", "7"),
        ("a cat --style ", "a cat --style ", "raw"),
        ("a cat --STYLE C", "a cat --STYLE ", "cute"),
        ("a cat --s ", "a cat --s ", "0"),
        ("a cat --q .", "a cat --q ", ".25"),
        ("a cat --motion ", "a cat --motion ", "low"),
        ("a cat --sref r", "a cat --sref ", "random"),
    ],
)
def test_behind_a_name_come_its_values(text: str, before: str, first: str) -> None:
    assert ends(text, before)[0] == first
    assert all(meaning for _, meaning in complete(text))


@pytest.mark.parametrize(
    "text", ["a cat --ar 16:9", "a cat --ar 7", "a cat --tile ", "a cat --seed ", "--foo ", ""]
)
def test_where_nothing_goes_on_there_is_nothing(text: str) -> None:
    assert complete(text) == []


@pytest.mark.parametrize("row", [row for row in PARAMETERS if row.offers], ids=lambda row: row.name)
def test_every_value_that_is_offered_parses(row: Parameter) -> None:
    found = complete(f"https://a.com/x.png a cat --sref 1 --cref https://a.com/x.png --{row.name} ")
    assert found
    assert all(parse(whole) for whole, _ in found)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("--ar 3:2", "ar"),
        ("--aspect 3:2", "ar"),
        ("--AR3:2", "aspect"),
        ("—ar 3:2", "aspect"),
        ("--tile", "tile"),
        ("--fast", "relax"),
        ("--wallpaper", "ar"),
    ],
)
def test_what_is_there_already_is_not_offered(said: str, name: str) -> None:
    assert f"{name} " not in ends(f"a cat {said} --{name[:2]}", f"a cat {said} --")
    assert f"{name} " in ends(f"a cat --{name[:2]}", "a cat --")


def test_lists_may_be_said_twice() -> None:
    assert "no " in ends("a cat --no dogs --n", "a cat --no dogs --")


def test_a_weight_is_offered_once_there_is_something_to_weigh() -> None:
    assert "sw " not in ends("a cat --sw", "a cat --")
    assert "sw " in ends("a cat --sref 7 --sw", "a cat --sref 7 --")


def test_names_of_the_past_are_not_offered() -> None:
    assert ends("a cat --upb", "a cat --") == []


def test_long_prompts_are_completed_like_short_ones() -> None:
    text = "a quiet word, " * 400
    assert complete(f"{text}--ar 16")[0] == (f"{text}--ar 16:9", "as wide as a screen")


def test_what_only_the_program_knows_is_offered_as_well() -> None:
    models = {"version": [("6.1", "sdxl"), ("1", "pocket")]}
    assert complete("a cat --v ", values=models) == [("a cat --v 6.1", "sdxl"), ("a cat --v 1", "pocket")]
    assert complete("a cat --min", options={"mine": "hdr --ar 7:4"}) == [
        ("a cat --mine ", "your own: hdr --ar 7:4")
    ]


def test_there_are_never_more_than_discord_shows() -> None:
    assert len(complete("a cat --")) == 25
    assert len(complete("a cat --v ", values={"version": [(str(at), "x") for at in range(99)]})) == 25
