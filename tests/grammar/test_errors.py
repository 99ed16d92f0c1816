"""Errors that a person can act on: the piece, its place, the mend, the caret line."""

import pickle

import pytest

from grammar import Problem, PromptError, caret, parse


def refused(prompt: str) -> PromptError:
    with pytest.raises(PromptError) as caught:
        parse(prompt)
    return caught.value


@pytest.mark.parametrize(
    ("prompt", "mend"),
    [
        ("a --stylise 250", "Did you mean `--stylize`?"),
        ("a --stlye raw", "Did you mean `--style`?"),
        ("a --apsect 3:2", "Did you mean `--aspect`?"),
        ("a --weirdness 5", "Did you mean `--weird`?"),
        ("a --seeds 5", "Did you mean `--seed`?"),
        ("a --no-text", "Write `--no text`."),
        ("a --v 5 -ar", "Write `--ar`."),
        ("a --v 5 -- ar wide", "Write `--ar` without a space."),
        ("a --v 5 a dog", "Words go before the parameters."),
        ("a --- b", "Leave the dashes out."),
        ("a --v v6", "Write `6`."),
        ("a --v 5,2", "Write `5.2`."),
        ("a --s 1,000", "Write `1000`."),
        ("a --c 12.4", "Write `12`."),
        ("a --iw 0,5", "Write `0.5`."),
        ("a --ar 2.39:1", "Write `239:100`."),
        ("a --ar 16/9", "Write `16:9`."),
        ("https://a.com/x.png", "Add words or a second image."),
    ],
)
def test_the_mend_is_told(prompt: str, mend: str) -> None:
    assert [problem.mend for problem in refused(prompt).problems] == [mend]


def test_nothing_is_suggested_for_a_name_like_no_other() -> None:
    assert "Did you mean" not in str(refused("a cat --qqxz 1"))


@pytest.mark.parametrize(
    ("prompt", "typed"),
    [
        ("a cat --s 5000", "--s 5000"),
        ("a cat --s5000", "--s5000"),
        ("a cat —S   5000, --ar 3:2", "—S   5000"),
        ("a cat --ar 3:2 and more, --v 6", "and more,"),
        ("a cat --foo, --v 6", "--foo"),
        ("a cat --tile yes", "yes"),
        ("a cat --sref 1 two 3", "two"),
        ("a::1\nb::-3 c", "::-3"),
        ("a cat --sw 5 --ar 3:2", "--sw"),
        ("https:// cat", "https://"),
    ],
)
def test_the_place_is_that_of_the_piece_as_typed(prompt: str, typed: str) -> None:
    (problem,) = refused(prompt).problems
    assert prompt[problem.start : problem.end] == problem.piece == typed
    assert problem.column == prompt.index(typed) + 1
    assert all(word in problem.message for word in typed.split())


def test_the_sentence_has_message_column_and_mend() -> None:
    error = refused("a cat --stylise 5")
    assert str(error) == "Unrecognized parameter(s): `--stylise`, `5` (column 7). Did you mean `--stylize`?"


def test_many_problems_are_counted_in_the_sentence_and_kept_in_the_error() -> None:
    error = refused("a " + "--s 5000 " * 30)
    assert len(error.problems) == 30
    assert str(error).endswith("… and 20 more.")


def test_long_pieces_are_cut() -> None:
    error = refused("a " + "-" * 5998)
    assert error.problems[0].piece == "-" * 80
    assert error.problems[0].end == 6000
    assert len(str(error)) < 200


def test_an_error_travels_between_processes() -> None:
    error = refused("a cat --foo --s 5000")
    assert pickle.loads(pickle.dumps(error)).problems == error.problems


def drawn(prompt: str) -> list[str]:
    return caret(prompt, refused(prompt)).split("\n")


def test_the_caret_stands_under_the_place() -> None:
    assert drawn("a cat --s 5000") == ["a cat --s 5000", "      ^^^^^^^^"]


def test_each_problem_of_a_line_has_its_carets() -> None:
    assert drawn("a --foo --s 5000") == ["a --foo --s 5000", "  ^^^^^ ^^^^^^^^"]


def test_only_the_lines_with_problems_are_shown() -> None:
    assert drawn("one\ntwo --foo\nthree\n--s 5000") == [
        "two --foo",
        "    ^^^^^",
        "three",
        "^^^^^",
        "--s 5000",
        "^^^^^^^^",
    ]


def test_wide_characters_move_the_caret_by_two_columns() -> None:
    assert drawn("猫🦊 --foo") == ["猫🦊 --foo", "     ^^^^^"]


def test_accents_of_their_own_move_it_by_none() -> None:
    assert drawn("cafe\u0301 --foo") == ["cafe\u0301 --foo", "     ^^^^^"]


def test_of_a_long_line_an_excerpt_is_shown_for_each_place() -> None:
    lines = drawn("word " * 100 + "--s 5000 --no " + "thing " * 100 + "--foo")
    assert len(lines) == 4
    for line, carets, piece in ((lines[0], lines[1], "--s 5000"), (lines[2], lines[3], "--foo")):
        assert len(line) <= 102
        assert line[carets.index("^") : carets.rindex("^") + 1] == piece


def test_an_empty_prompt_has_a_caret_too() -> None:
    assert drawn("") == ["", "^"]


def test_problems_are_sorted_and_told_once() -> None:
    first = Problem("Invalid parameter", "--foo", 2, 7, "Unrecognized parameter(s): `--foo`")
    second = Problem("Invalid prompt", "{", 9, 10, "This brace is never closed: `{`")
    error = PromptError([second, first, second])
    assert error.problems == (first, second)
    assert error.title == "Invalid parameter"
