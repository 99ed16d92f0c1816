"""What phones and people do to prompts, and how parameters join."""

import pytest

from grammar import PARAMETERS, GenerationSpec, Language, Parameter, Part, PromptError, parse
from grammar.values import whole


def only(prompt: str) -> GenerationSpec:
    (spec,) = parse(prompt)
    return spec


def refused(prompt: str) -> PromptError:
    with pytest.raises(PromptError) as caught:
        parse(prompt)
    return caught.value


@pytest.mark.parametrize(
    "dashes", ["--", "—", "–", "―", "−", "—-", "-–", "–-", "––", "——", "---", "－－", "ーー", "‑‑"]
)
def test_any_run_of_dashes_before_a_known_name_opens_a_parameter(dashes: str) -> None:
    assert only(f"a cat {dashes}ar 3:2 {dashes}tile").to_dict()["params"] == {"ar": "3:2", "tile": True}


def test_a_single_hyphen_opens_a_parameter_that_has_its_number() -> None:
    assert str(only("a cat -ar 3:2 -v 6.1")) == "a cat --ar 3:2 --v 6.1"


@pytest.mark.parametrize(
    "text",
    [
        "photography--beta",
        "colossal arms--three stacked",
        "a semi-no-op",
        "Mountain Ranges – Deserts – no people",
        "sea—no land in sight",
        "a view — style of Turner",
        "an old -style lamp",
        "a cat -- a dog",
        "a cat -ar",
        "F - 1 V - Ray",
        "8k--ar",
        "rock & roll - v",
        "an em—dash",
        "—",
        "a b:c d: e",
        "http is a word, https://a.com/x.png comes too late",
        "5 > 3 < 4",
        "back\\slash",
        "tag <#1746004002#>/i here",
    ],
)
def test_it_is_all_text(text: str) -> None:
    assert only(text) == GenerationSpec(text=text, parts=(Part(text),))


@pytest.mark.parametrize(
    ("prompt", "canonical"),
    [
        ("a cat --ar16:9 --v5 --s150 --niji6", "a cat --ar 16:9 --s 150 --v 5 --niji 6"),
        ("a cat --AR 3:2 --Stylize 50 --STYLE RAW", "a cat --ar 3:2 --s 50 --style raw"),
        ("a cat --ar 1:2--seed 1234", "a cat --ar 1:2 --seed 1234"),
        ("a cat --tile--no dog", "a cat --no dog --tile"),
        ("a cat --style raw—v 6", "a cat --v 6 --style raw"),
        ("a::2--tile", "a::2 --tile"),
        ("a cat,--ar 3:2, --v 6,", "a cat, --ar 3:2 --v 6"),
        ("a cat --ar 3:2 , --v 6 .", "a cat --ar 3:2 --v 6"),
        ("a cat --ar 3:2. --v 6.", "a cat --ar 3:2 --v 6"),
        ("超清，--ar 1:1 --v 6", "超清， --ar 1:1 --v 6"),
        ("一只猫--ar 16:9", "一只猫 --ar 16:9"),
        ("一只猫 --ar 16：9", "一只猫 --ar 16:9"),
        ("猫 --no 文字，水印、狗", "猫 --no 文字, 水印, 狗"),
        ("猫 --no文字", "猫 --no 文字"),
        ("ネコ ーーar ３：２", "ネコ --ar 3:2"),
        ("قط --ar ٣:٢", "قط --ar 3:2"),
        ("🐉🔥 --ar 1:1", "🐉🔥 --ar 1:1"),
        ("a\tcat\n\nasleep\r\n--ar\n3:2", "a cat asleep --ar 3:2"),
        ("a cat\u00a0--ar\u00a03:2", "a cat --ar 3:2"),
        ("a cat\u200b--ar 3:2", "a cat --ar 3:2"),
        ("a cat --style “raw” --ar ‘3:2’", "a cat --ar 3:2 --style raw"),
        ("“a cat” in a hat --v 6", "“a cat” in a hat --v 6"),
        ('"a raven, details --v 4",', "a raven, details --v 4"),
        ("a note (default --q 1).", "a note (default --q 1"),
        ("a cat --ar=3:2 --v:6", "a cat --ar 3:2 --v 6"),
        ("a cat --ar 16 : 9 --v 5", "a cat --ar 16:9 --v 5"),
        ("a cat --ar 6:4", "a cat --ar 3:2"),
        ("a cat --video 1 --s 50", "a cat --s 50 --video"),
        ("a cat --v 05 --s 0100", "a cat --s 100 --v 5"),
        ("a cat --s 250.0", "a cat --s 250"),
        ("a cat --iw 1.50", "a cat --iw 1.5"),
    ],
)
def test_what_people_type_is_understood(prompt: str, canonical: str) -> None:
    assert str(only(prompt)) == canonical


@pytest.mark.parametrize(
    ("prompt", "canonical"),
    [
        ("a cat --s 50 --s 100 --stylize 250", "a cat --s 250"),
        ("a cat --ar 1:1 --aspect 3:2", "a cat --ar 3:2"),
        ("a cat --no dog --ar 1:1 --no bird, fish", "a cat --ar 1:1 --no dog, bird, fish"),
        ("a cat --sref 1 --sref 2", "a cat --sref 1 2"),
        ("a cat --fast --relax", "a cat --relax"),
        ("a cat --tile --tile", "a cat --tile"),
        ("a cat --niji 5 --v 5", "a cat --v 5 --niji 5"),
    ],
)
def test_of_doubled_parameters_the_last_wins_and_lists_add_up(prompt: str, canonical: str) -> None:
    assert str(only(prompt)) == canonical


@pytest.mark.parametrize(
    ("prompt", "parts"),
    [
        ("a, b::3, c::2", [("a, b", 3), (", c", 2)]),
        ("a::3, b::5, --niji", [("a", 3), (", b", 5)]),
        ("a::2 ::3 b", [("a", 2), ("b", 1)]),
        (":: a", [("a", 1)]),
        ("a::::b", [("a", 1), ("b", 1)]),
        ("a::3d render", [("a", 1), ("3d render", 1)]),
        ("a:: 3 cats", [("a", 1), ("3 cats", 1)]),
        ("a :: 6 b :: 10 c :: 5", [("a", 6), ("b", 10), ("c", 5)]),
        ("x :: y:: 0.25 z:: 0.5", [("x", 1), ("y", 0.25), ("z", 0.5)]),
        ("a::+2 b::−1", [("a", 2), ("b", -1)]),
        ("猫::2狗", [("猫", 2), ("狗", 1)]),
        ("a::1.5", [("a", 1.5)]),
        ("a::2.", [("a", 2)]),
        ("a:b::2", [("a:b", 2)]),
        ("a::99999999999 b", [("a", 1), ("99999999999 b", 1)]),
    ],
)
def test_double_colons_part_and_weigh(prompt: str, parts: list[tuple[str, float]]) -> None:
    assert [(part.text, part.weight) for part in only(prompt).parts] == parts


def test_the_text_keeps_the_double_colons() -> None:
    assert only("space::2  ship --ar 3:2").text == "space::2 ship"


@pytest.mark.parametrize(
    ("prompt", "images", "text"),
    [
        (
            "https://a.com/x.png, https://a.com/y.png, a cat",
            ["https://a.com/x.png", "https://a.com/y.png"],
            "a cat",
        ),
        (
            "https://a.com/x.png,https://a.com/y.png cat",
            ["https://a.com/x.png", "https://a.com/y.png"],
            "cat",
        ),
        ("<https://a.com/x.png>cat", ["https://a.com/x.png"], "cat"),
        ("HTTPS://A.com/X.PNG cat", ["HTTPS://A.com/X.PNG"], "cat"),
        ("https://a.com/x?a=1,2&b=%20#c cat", ["https://a.com/x?a=1,2&b=%20#c"], "cat"),
        ("http://[::1]/x.png cat", ["http://[::1]/x.png"], "cat"),
        ("https://a.com/page cat", ["https://a.com/page"], "cat"),
        ("https://a.com/x.png:: cat::2", ["https://a.com/x.png"], "cat::2"),
        ("https://a.com/a--no-b.png cat", ["https://a.com/a--no-b.png"], "cat"),
    ],
)
def test_links_in_front_are_image_prompts(prompt: str, images: list[str], text: str) -> None:
    spec = only(prompt)
    assert (list(spec.images), spec.text) == (images, text)


def test_the_weight_of_a_link_is_the_image_weight() -> None:
    assert str(only("https://a.com/x.png::2 a cat")) == "https://a.com/x.png a cat --iw 2"


def test_parameters_take_links_with_dashes_in_them() -> None:
    url = "https://a.com/the--ar-3x2--v-5.png"
    assert only(f"a cat --sref {url} --ar 3:2").sref == (Part(url),)


@pytest.mark.parametrize(
    ("prompt", "ratio"),
    [
        ("a --w 1080 --h 720", (3, 2)),
        ("a --h 720 --w 1080", (3, 2)),
        ("a --w 5000 --h 5000", (1, 1)),
        ("a --h 512", (1, 2)),
        ("a --h 2000", (1, 4)),
        ("a --width 512", (2, 1)),
        ("a --h 512 --ar 3:2", (3, 2)),
    ],
)
def test_sizes_of_2022_become_an_aspect_ratio(prompt: str, ratio: tuple[int, int]) -> None:
    spec = only(prompt)
    assert (spec.aspect, spec.weird) == (ratio, None)


def test_w_without_a_height_is_weird() -> None:
    assert only("a --w 1080").weird == 1080


@pytest.mark.parametrize("model", ["--v 3", "--v 2", "--v 1.0", "--test", "--vibe", "--beta"])
def test_old_models_take_the_old_range_of_stylize(model: str) -> None:
    assert only(f"a cat --s 4000 {model}").stylize == 4000


@pytest.mark.parametrize("model", ["", "--v 4", "--v 10", "--v 3 --v 6", "--upbeta"])
def test_new_models_do_not(model: str) -> None:
    assert "must be between 0 and 1000" in str(refused(f"a cat --s 4000 {model}"))


def test_repeat_is_told_by_every_job_and_written_by_none() -> None:
    specs = parse("a cat --r 3 --seed 1")
    assert [spec.to_dict()["params"] for spec in specs] == [{"seed": 1, "r": 3}] * 3
    assert [str(spec) for spec in specs] == ["a cat --seed 1"] * 3
    assert parse(str(specs[0])) == [specs[0]]


def test_repeat_and_permutations_multiply_up_to_the_limit() -> None:
    assert len(parse("a {cat, dog} --r 20")) == 40
    assert "42 jobs; at most 40" in str(refused("a {cat, dog} --r 21"))
    with pytest.raises(PromptError, match="4 jobs; at most 3"):
        parse("a {cat, dog} --r 2", limit=3)


def test_all_problems_are_told_at_once_in_order() -> None:
    error = refused("a cat --foo 1 --s 5000 --ar 1:0 --seed x")
    assert [problem.piece for problem in error.problems] == ["--foo 1", "--s 5000", "--ar 1:0", "--seed x"]


def test_a_problem_of_every_permutation_is_told_once() -> None:
    assert len(refused("a {red, green, blue} cat --s 5000").problems) == 1


def test_the_longest_prompt_is_6000_characters() -> None:
    assert len(only("x" * 6000).text) == 6000
    assert "6001" in str(refused("x" * 6001))


def test_a_parameter_is_one_row() -> None:
    foo = Parameter(names=("foo",), kind=whole(0, 10), help="how foo it is")
    language = Language((*PARAMETERS, foo))
    (spec,) = language.parse("a cat --foo 7 --ar 3:2")
    assert spec.get("foo") == 7
    assert spec.to_dict()["params"] == {"ar": "3:2", "foo": 7}
    assert str(spec) == "a cat --ar 3:2 --foo 7"
    assert language.parse(str(spec)) == [spec]
    assert language.parse("a cat --FOO7")[0].get("foo") == 7
    for prompt, words in (("a --foo 11", "`--foo` must be between 0 and 10"), ("a --fooo 1", "`--foo`?")):
        with pytest.raises(PromptError, match=words.replace("?", r"\?")):
            language.parse(prompt)
    assert "Unrecognized" in str(refused("a cat --foo 7"))
