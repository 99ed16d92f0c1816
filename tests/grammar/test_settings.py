"""Custom options, suffix and settings join the prompt visibly; what the prompt says goes before them."""

from typing import Any

import pytest

from grammar import GenerationSpec, PromptError, check_option, check_suffix, join, parse
from grammar.values import UnfitError

OPTIONS = {"mine": "hdr, film grain --ar 7:4", "palette": "{teal, rust} tones", "q9": "--q 2"}


def canonical(prompt: str, **settings: Any) -> list[str]:
    return [str(spec) for spec in parse(prompt, **settings)]


class TestOptions:
    @pytest.mark.parametrize(
        ("prompt", "jobs"),
        [
            ("rubber ducks --mine", ["rubber ducks hdr, film grain --ar 7:4"]),
            ("rubber ducks —Mine --v 6", ["rubber ducks hdr, film grain --ar 7:4 --v 6"]),
            ("ducks --palette --tile", ["ducks teal tones --tile", "ducks rust tones --tile"]),
            ("ducks {--q9, --tile}", ["ducks --q 2", "ducks --tile"]),
            ("ducks --q9 --q 1", ["ducks --q 1"]),
        ],
    )
    def test_an_option_stands_for_its_text(self, prompt: str, jobs: list[str]) -> None:
        assert canonical(prompt, options=OPTIONS) == jobs

    def test_an_option_that_was_never_set_is_unrecognized(self) -> None:
        with pytest.raises(PromptError, match="--mine"):
            parse("rubber ducks --mine")

    def test_what_an_option_says_wrong_is_told_at_its_name(self) -> None:
        prompt = "rubber ducks --bad in a row --foo"
        with pytest.raises(PromptError) as caught:
            parse(prompt, options={"bad": "--s 5000"})
        said, stray, foo = caught.value.problems
        assert prompt[said.start : said.end] == "--bad"
        assert said.piece == "--s 5000"
        assert prompt[stray.start : stray.end] == "in a row"
        assert prompt[foo.start : foo.end] == "--foo"

    def test_options_cannot_make_a_prompt_of_any_length(self) -> None:
        with pytest.raises(PromptError, match="500100 long"):
            parse("--mine " * 100, options={"mine": "x" * 5000})

    def test_an_option_may_hold_parameters_and_words(self) -> None:
        check_option("mine", "hdr --ar 7:4")

    @pytest.mark.parametrize(
        ("name", "value"),
        [("ar", "--tile"), ("two words", "--tile"), ("", "--tile"), ("mine", "--s 5000"), ("mine", "{a")],
    )
    def test_an_option_that_could_never_work_is_refused(self, name: str, value: str) -> None:
        with pytest.raises(PromptError):
            check_option(name, value)


class TestSuffix:
    @pytest.mark.parametrize(
        ("prompt", "suffix", "jobs"),
        [
            ("a cat", "--ar 3:2 --v 6", ["a cat --ar 3:2 --v 6"]),
            ("a cat --ar 1:1", "--ar 3:2 --v 6", ["a cat --ar 1:1 --v 6"]),
            ("a cat --niji 5", "--v 6", ["a cat --niji 5"]),
            ("a cat --raw", "--style cute", ["a cat --raw"]),
            ("a cat --fast", "--relax", ["a cat --fast"]),
            ("a cat --no dog", "--no text", ["a cat --no dog, text"]),
            ("a cat --sref 1", "--sref 2 --sw 50", ["a cat --sref 1 --sw 50"]),
            (
                "a {cat, dog}",
                "--chaos {5, 10}",
                ["a cat --c 5", "a cat --c 10", "a dog --c 5", "a dog --c 10"],
            ),
            ("a {cat, dog --ar 1:1}", "--ar 3:2", ["a cat --ar 3:2", "a dog --ar 1:1"]),
            ("a cat", "  ", ["a cat"]),
        ],
    )
    def test_it_says_what_the_prompt_does_not(self, prompt: str, suffix: str, jobs: list[str]) -> None:
        assert canonical(prompt, suffix=suffix) == jobs

    def test_a_wrong_suffix_is_told_at_the_end_of_the_prompt(self) -> None:
        with pytest.raises(PromptError) as caught:
            parse("a cat", suffix="--s 5000")
        assert [(p.piece, p.start) for p in caught.value.problems] == [("--s 5000", 5)]

    def test_what_is_wrong_with_a_suffix_is_told_with_its_place(self) -> None:
        with pytest.raises(PromptError) as caught:
            check_suffix("--ar 3:2 --s 5000")
        assert [(problem.piece, problem.column) for problem in caught.value.problems] == [("--s 5000", 10)]

    @pytest.mark.parametrize("suffix", ["--ar 3:2", "--no text, frames --v {5, 6}", "—ar 3:2"])
    def test_parameters_make_a_suffix(self, suffix: str) -> None:
        check_suffix(suffix)

    @pytest.mark.parametrize("suffix", ["very nice --ar 3:2", "--s 5000", "--foo", "nice", ":: b"])
    def test_nothing_else_does(self, suffix: str) -> None:
        with pytest.raises(PromptError):
            check_suffix(suffix)


class TestJoin:
    @pytest.mark.parametrize(
        ("prompt", "defaults", "job"),
        [
            ("a cat", {"s": 250, "v": "6.1", "style": "raw"}, "a cat --s 250 --v 6.1 --style raw"),
            ("a cat --s 50", {"s": 250}, "a cat --s 50"),
            ("a cat --s 0", {"s": 250}, "a cat --s 0"),
            ("a cat --niji", {"v": "6.1"}, "a cat --niji"),
            ("a cat --test", {"v": "6.1"}, "a cat --test"),
            ("a cat --raw", {"style": "cute"}, "a cat --raw"),
            ("a cat --turbo", {"relax": True}, "a cat --turbo"),
            ("a cat", {"relax": True, "stealth": True}, "a cat --relax --stealth"),
            ("a cat", {"stylize": "750", "ar": "6:4", "q": 0.5}, "a cat --ar 3:2 --s 750 --q 0.5"),
            ("a cat", {"p": True, "sref": ["7::2"]}, "a cat --sref 7::2 --p"),
            ("a cat", {"s": None, "tile": False}, "a cat"),
        ],
    )
    def test_settings_fill_in_what_is_not_said(self, prompt: str, defaults: dict[str, Any], job: str) -> None:
        assert canonical(prompt, defaults=defaults) == [job]
        assert [str(join(spec, defaults)) for spec in parse(prompt)] == [job]

    def test_the_suffix_goes_before_settings(self) -> None:
        assert canonical("a cat", suffix="--s 50", defaults={"s": 250, "c": 5}) == ["a cat --c 5 --s 50"]

    def test_nothing_to_join_changes_nothing(self) -> None:
        spec = GenerationSpec(text="a cat")
        assert join(spec, {}) is spec

    @pytest.mark.parametrize(("name", "error"), [("banana", KeyError), ("s", UnfitError)])
    def test_a_setting_that_makes_no_sense_is_the_callers_mistake(
        self, name: str, error: type[Exception]
    ) -> None:
        with pytest.raises(error):
            join(GenerationSpec(text="a cat"), {name: "banana"})
