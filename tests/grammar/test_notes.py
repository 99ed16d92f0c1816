"""What is read otherwise than it was meant, or not at all, has a sentence about it."""

import pytest

from grammar import GenerationSpec, PromptError, parse, remarks


def only(text: str) -> GenerationSpec:
    [spec] = parse(text)
    return spec


class TestNearParameters:
    @pytest.mark.parametrize(
        ("text", "typed", "meant"),
        [
            ("a cat--ar 16:9", "cat--ar 16:9", "--ar 16:9"),
            ("a cat—ar 16:9", "cat—ar 16:9", "--ar 16:9"),
            ("a cat -tile", "-tile", "--tile"),
            ("a cat -tile --ar 3:2", "-tile", "--tile"),
            ("a cat -no dogs, cats", "-no", "--no"),
            ("a cat -style raw", "-style raw", "--style raw"),
            ("a cat -ar16:9", "-ar16:9", "--ar16:9"),
            ("a cat -sref 123", "-sref 123", "--sref 123"),
            ("a cat —stylise 250", "—stylise 250", "--stylize 250"),
            ("photography--beta", "photography--beta", "--beta"),
        ],
    )
    def test_stay_words_and_are_told(self, text: str, typed: str, meant: str) -> None:
        spec = only(text)
        assert typed in spec.text
        (note,) = remarks(spec)
        assert f"`{typed}`" in note
        assert f"`{meant}`" in note

    def test_among_unwanted_things_too(self) -> None:
        spec = only("a cat --no dogs, text--ar 3:2")
        assert spec.no == ("dogs", "text--ar 3:2")
        assert "`--ar 3:2`" in remarks(spec)[0]

    @pytest.mark.parametrize(
        ("text", "same"),
        [
            ("x --ar 1:2--seed 5", "x --ar 1:2 --seed 5"),
            ("x --ar 3:2—v 6--tile", "x --ar 3:2 --tile --v 6"),
            ("x --style raw--seed 5", "x --seed 5 --style raw"),
            ("x --v 6--no people", "x --no people --v 6"),
            ("x::2.5--tile", "x::2.5 --tile"),
            ("x::7—ar 16:9", "x::7 --ar 16:9"),
        ],
    )
    def test_what_is_read_as_a_parameter_is_not_said_to_be_words(self, text: str, same: str) -> None:
        spec = only(text)
        assert (str(spec), remarks(spec)) == (same, ())

    @pytest.mark.parametrize(
        "text", ["a cat --s 250--ar 3:2", "a cat —s 250—ar 3:2", "a cat --s 250 --tile--ar 3:2"]
    )
    def test_behind_a_value_are_parameters_and_not_remarked_on(self, text: str) -> None:
        spec = only(text)
        assert (spec.aspect, spec.stylize, spec.text) == ((3, 2), 250, "a cat")
        assert remarks(spec) == ()

    def test_behind_a_value_may_name_things_with_what_looks_like_one(self) -> None:
        spec = only("a cat --s 250--no dogs--tile")
        assert spec.no == ("dogs--tile",)
        (note,) = remarks(spec)
        assert note.startswith("Read as words: `dogs--tile`;")

    def test_what_is_glued_to_an_unwanted_thing_behind_a_value_is_told(self) -> None:
        spec = only("x --v 6--no people, text--ar 3:2")
        assert spec.no == ("people", "text--ar 3:2")
        assert "`text--ar 3:2`" in remarks(spec)[0]
        spec = only("x ::2cats--ar 3:2")
        assert "`::2cats--ar 3:2`" in remarks(spec)[0]

    @pytest.mark.parametrize(
        "text",
        [
            "arms--three of them",
            "sea—no land",
            "a well-known fox - no, really",
            "a t-shirt -v 6",
            "a -loop of time",
            "https://a.com/x--v6.png a cat",
            "one — two — three",
            "the year—2024",
            "a cat —said 3 of them",
        ],
    )
    def test_what_is_written_as_words_is_not_remarked_on(self, text: str) -> None:
        assert remarks(only(text)) == ()


class TestJson:
    def test_is_one_job_of_its_words(self) -> None:
        spec = only(
            '{"prompt": "a {red} fox, snow", "negative_prompt": "blurry, text", "seed": 5, "steps": 30}'
        )
        assert spec == only(r"a \{red\} fox, snow --no blurry, text --seed 5")
        assert remarks(spec) == ("Of the JSON that was pasted, these have no effect here: `steps`.",)

    @pytest.mark.parametrize(
        ("text", "same"),
        [
            ('{"prompt": "a fox", "width": 512, "height": 768}', "a fox --ar 2:3"),
            ('{"prompt": "a fox", "aspect_ratio": "16:9"}', "a fox --ar 16:9"),
            ('{"input": {"prompt": "a fox", "seed": 7}}', "a fox --seed 7"),
            ('[{"prompt": "a fox"}]', "a fox"),
            ('{"prompt": "a fox --s 50"} --ar 3:2', "a fox --s 50 --ar 3:2"),
        ],
    )
    def test_keys_are_parameters(self, text: str, same: str) -> None:
        assert only(text) == only(same)

    @pytest.mark.parametrize(
        "text",
        [
            '{"3": {"inputs": {"seed": 5}, "class_type": "KSampler"}}',
            '{"prompt": ""}',
            '{"prompt": {"3": 1}}',
        ],
    )
    def test_without_words_is_one_error(self, text: str) -> None:
        with pytest.raises(PromptError, match="file of another program") as caught:
            parse(text)
        assert [problem.start for problem in caught.value.problems] == [0]

    def test_braces_that_are_no_object_are_permutations(self) -> None:
        assert [spec.text for spec in parse('{"red", "blue"} fox')] == ['"red" fox', '"blue" fox']


class TestWeights:
    @pytest.mark.parametrize(
        ("text", "typed"),
        [
            ("1girl, {{red hair}}", "{{red hair}}"),
            ("a cat, {smile:1.2}", "{smile:1.2}"),
            ("1girl, [[lowres]]", "[[lowres]]"),
            ("1girl, -2::simple background::", "-2::simple background::"),
            ("2::masterpiece::, 1girl", "2::masterpiece::"),
        ],
    )
    def test_of_other_programs_are_told(self, text: str, typed: str) -> None:
        (note,) = remarks(only(text))
        assert note.startswith(f"Read as words: `{typed}`; here a weight stands behind a part")

    @pytest.mark.parametrize("text", ["red::2 blue::1", "mars::, 2 moons::3", "a::-.5 b::2", "{red, green}"])
    def test_of_this_language_are_not(self, text: str) -> None:
        assert all(remarks(spec) == () for spec in parse(text))

    @pytest.mark.parametrize("typed", ["::1,5", "::1/2", "::50%"])
    def test_a_weight_is_a_number_with_a_point(self, typed: str) -> None:
        (note,) = remarks(only(f"a red fox{typed} snow"))
        assert f"`{typed}" in note
        assert "`::1.5`" in note

    def test_of_unwanted_things_go(self) -> None:
        spec = only("a cat --no (blurry:1.3), red::2, ((text)), <hypernet:foo:1>, cats (big)")
        assert spec.no == ("blurry", "red", "text", "cats (big)")
        same, hypernet = remarks(spec)
        assert same.startswith("`(blurry:1.3)`, `::2`, `((text))`: no effect")
        assert hypernet == "`<hypernet:foo:1>`: no effect, there are no hypernetworks here."


class TestLinks:
    @pytest.mark.parametrize(
        ("text", "weight"),
        [
            ("https://a.com/x.png::-1 a cat", 0),
            ("https://a.com/x.png::5 a cat", 3),
            ("https://a.com/x.png::9 https://a.com/y.png::2 a cat", 2),
        ],
    )
    def test_weights_out_of_range_are_told(self, text: str, weight: float) -> None:
        spec = only(text)
        assert spec.iw == weight
        assert remarks(spec) == (f"An image prompt weighs 0 to 3 here: `--iw {weight}` counts.",)

    def test_weigh_the_same(self) -> None:
        spec = only("https://a.com/x.png::0.5 https://b.com/y.png::2 a cat")
        assert remarks(spec) == ("All image prompts weigh the same here: `--iw 2` counts.",)
        assert remarks(only("https://a.com/x.png::2 https://b.com/y.png::2 a cat")) == ()

    @pytest.mark.parametrize("name", ["oref", "edit"])
    def test_have_no_weight_where_only_one_counts(self, name: str) -> None:
        spec = only(f"a cat --{name} https://a.com/x.png::2")
        assert remarks(spec) == (f"`::2`: no effect, a picture of `--{name}` has no weight here.",)


class TestOverwritten:
    @pytest.mark.parametrize(
        ("text", "note"),
        [
            ("a cat --s 5 --s 7", "`--s` is said more than once: the last one counts."),
            ("a cat --wallpaper --ar 3:2", "`--wallpaper` gives way to `--ar`, which is said behind it."),
            ("a cat --version 5 --vibe", "`--version` gives way to `--vibe`, which is said behind it."),
            (
                "https://a.com/x.png::2 a cat --iw 1",
                "The weight behind a link gives way to `--iw`, which is said behind it.",
            ),
            (
                "a cat --oref https://a.com/a.png --oref https://a.com/b.png",
                "`--oref` is said more than once: the last one counts.",
            ),
        ],
    )
    def test_values_are_told(self, text: str, note: str) -> None:
        assert remarks(only(text)) == (note,)

    @pytest.mark.parametrize("text", ["a cat --s 5 --s 5", "a cat --no a --no b", "a cat --sref 1 --sref 2"])
    def test_what_is_the_same_or_adds_up_is_not(self, text: str) -> None:
        assert remarks(only(text)) == ()

    def test_a_suffix_gives_way_in_silence(self) -> None:
        [spec] = parse("a cat --s 5", suffix="--s 7")
        assert (spec.stylize, remarks(spec)) == (5, ())


def test_a_misspelt_name_behind_another_program_s_settings_is_the_error() -> None:
    with pytest.raises(PromptError) as caught:
        parse("a fox Negative prompt: x Steps: 20, Seed: 5 --stylise 50")
    [problem] = caught.value.problems
    assert problem.piece == "--stylise 50"
    assert "`--stylize`" in problem.mend


def test_brackets_without_end_are_read_in_one_go() -> None:
    assert only("a cat --no " + "(" * 3000 + "x").no == ("x",)
