"""The table: every row is complete, and everything made from it is up to date."""

from pathlib import Path

import pytest

import grammar
from grammar import PARAMETERS, Parameter, PromptError, complete, find, help_line, parse, remarks
from grammar.help import page
from grammar.spec import FIELDS, GenerationSpec

ROOT = Path(__file__).parent.parent.parent
ROWS = pytest.mark.parametrize("row", PARAMETERS, ids=[row.name for row in PARAMETERS])


@ROWS
def test_every_row_says_what_it_is(row: Parameter) -> None:
    assert row.help
    assert not row.help.endswith(".")
    assert row.models
    assert row.legacy.endswith(".") == bool(row.legacy)
    assert all(name == name.lower() and name.isalpha() for name in row.names)


@ROWS
def test_every_row_parses_or_asks_for_its_value(row: Parameter) -> None:
    prompt = f"a cat --{row.short}"
    if row.kind.alone is not None:
        assert parse(prompt)[0].to_dict()["params"]
    else:
        with pytest.raises(PromptError, match="needs a value"):
            parse(prompt)


def test_no_name_stands_twice() -> None:
    names = [name for row in PARAMETERS for name in row.names]
    assert len(names) == len(set(names))


def test_every_attribute_of_a_spec_has_a_row() -> None:
    assert {row.target for row in PARAMETERS} >= FIELDS


def test_what_a_row_needs_is_an_attribute() -> None:
    assert {row.needs for row in PARAMETERS if row.needs} <= FIELDS


def test_the_page_is_up_to_date() -> None:
    assert (ROOT / "docs/parameters.md").read_text(encoding="utf-8") == page(), (
        "run: python -m grammar > docs/parameters.md"
    )


@ROWS
def test_the_page_and_the_help_name_every_row(row: Parameter) -> None:
    for name in row.names:
        assert f"`--{name}`" in page()
        assert f"--{name}" in help_line(row)
        assert find(f"--{name.upper()}") is row


def test_what_has_no_effect_yet_says_so_in_help_and_on_the_page() -> None:
    row = find("motion")
    assert row
    assert row.idle
    assert help_line(row) == "--motion low high (low): how much moves in a film (no effect yet)"
    assert "how much moves in a film (no effect yet)" in page()


def test_help_lines_read_well() -> None:
    row = find("s")
    assert row
    assert help_line(row) == "--stylize, --s 0–1000 (100): how much the house style may take over"


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("a cat --sty", "a cat --stylize "),
        ("a cat --AR", "a cat --ar "),
        ("a cat —se", "a cat --seed "),
        ("--", "--aspect "),
    ],
)
def test_unfinished_names_are_completed(text: str, first: str) -> None:
    found = complete(text)
    assert found[0][0] == first
    assert 1 <= len(found) <= 25


@pytest.mark.parametrize("text", ["a cat", "a cat --zzz", "well-known --ar 3:2 and"])
def test_nothing_else_is(text: str) -> None:
    assert complete(text) == []


def test_names_of_the_past_are_remarked_on() -> None:
    (spec,) = parse("a cat --upbeta --ar 3:2 --hq")
    assert remarks(spec) == (
        "`--upbeta`: Chose an upscaler of 2022; here the U buttons upscale, so it changes nothing.",
        "`--hq`: Has had no meaning since 2022 and changes nothing.",
    )
    assert remarks(GenerationSpec(text="a cat")) == ()


def test_everything_public_is_there() -> None:
    assert all(hasattr(grammar, name) for name in grammar.__all__)
    assert len(set(grammar.__all__)) == len(grammar.__all__)
