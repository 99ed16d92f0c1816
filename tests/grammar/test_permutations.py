"""Braces: what they multiply to, in which order, and what is wrong with them."""

import pytest

from grammar import PromptError, parse
from grammar.permutations import expand


def texts(prompt: str, limit: int = 40) -> list[str]:
    return ["".join(prompt[piece] for piece in slices) for slices in expand(prompt, limit)]


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("no braces, here", ["no braces, here"]),
        ("{a, b}", ["a", "b"]),
        ("x{a,b}y", ["xay", "xby"]),
        ("{a, b} {c, d}", ["a c", "a d", "b c", "b d"]),
        ("{a {b, c}, d} e", ["a b e", "a c e", "d e"]),
        ("{{a, b}, {c, d}}", ["a", "b", "c", "d"]),
        ("{a}", ["a"]),
        ("{}", [""]),
        ("{, a}", ["", "a"]),
        ("{,,}", ["", "", ""]),
        ("{a \\, b, c}", ["a, b", "c"]),
        ("a \\, b", ["a \\, b"]),
        ("\\{a, b\\}", ["{a, b}"]),
        ("{\\{a\\}, b}", ["{a}", "b"]),
        ("{  a  b ,\nc }", ["a  b", "c"]),
        ("{a, a}", ["a", "a"]),
        ("a\\\\{b\\}", ["a\\{b}"]),
    ],
)
def test_groups_expand(prompt: str, expected: list[str]) -> None:
    assert texts(prompt) == expected


@pytest.mark.parametrize(
    ("prompt", "columns", "words"),
    [
        ("a {b, c", [3], "never closed"),
        ("a b} c", [4], "never opened"),
        ("} {", [1, 3], "never opened"),
        ("{a {b, c}", [1], "never closed"),
    ],
)
def test_a_brace_without_a_partner_is_told_with_its_place(
    prompt: str, columns: list[int], words: str
) -> None:
    with pytest.raises(PromptError, match=words) as caught:
        parse(prompt)
    assert [problem.column for problem in caught.value.problems] == columns
    assert caught.value.title == "Invalid prompt"


@pytest.mark.parametrize(
    ("prompt", "count"),
    [
        ("{a,b,c,d,e,f,g} {a,b,c,d,e,f,g}", "49 jobs"),
        ("{a,b}" * 19, "524,288 jobs"),
        ("{a,b}" * 1000, "more than 1,000,000 jobs"),
        ("{" + "," * 40 + "}", "41 jobs"),
    ],
)
def test_too_many_jobs_are_counted_not_made(prompt: str, count: str) -> None:
    with pytest.raises(PromptError, match=count):
        parse(prompt)


def test_the_limit_itself_is_allowed() -> None:
    assert len(texts("{a,b,c,d} {a,b,c,d,e} {a,b}")) == 40


def test_groups_nest_as_deep_as_a_prompt_is_long() -> None:
    assert texts("{" * 2999 + "a" + "}" * 2999) == ["a"]


def test_a_problem_inside_a_group_points_at_what_was_typed() -> None:
    prompt = "a {red, green} cat --ar {3:2, 1:0} --s {50, 5000}"
    with pytest.raises(PromptError) as caught:
        parse(prompt)
    spans = [prompt[problem.start : problem.end] for problem in caught.value.problems]
    assert spans == ["--ar {3:2, 1:0", "--s {50, 5000"]
    assert [problem.piece for problem in caught.value.problems] == ["--ar 1:0", "--s 5000"]


def test_braces_that_are_only_text_stay_so_in_the_canonical_text() -> None:
    (spec,) = parse("a \\{curly\\} sign")
    assert spec.text == "a {curly} sign"
    assert parse(str(spec)) == [spec]
