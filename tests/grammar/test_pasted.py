"""What people paste and what their keyboards make of it: each kind of it, with the right value.

What is certain is taken; what is not certain stays text, and there is a sentence on it.
"""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grammar import GenerationSpec, PromptError, parse, remarks
from grammar.parameters import PARAMETERS
from grammar.typography import MARKS

URL = "https://a.com/x.png"
OTHER = "https://b.com/y.jpg"


def only(prompt: str) -> GenerationSpec:
    """The one job of a prompt, which its canonical text asks for again."""
    (spec,) = parse(prompt)
    assert parse(str(spec)) == [spec]
    return spec


def mend(prompt: str) -> str:
    with pytest.raises(PromptError) as caught:
        parse(prompt)
    (problem,) = caught.value.problems
    return problem.mend


def said(prompt: str) -> dict[str, Any]:
    return dict(only(prompt).to_dict()["params"])


class TestDashesWithSpaces:
    @pytest.mark.parametrize(
        ("prompt", "canonical"),
        [
            ("singer - -ar  9 :16", "singer --ar 9:16"),
            ("singer -- ar 9:16", "singer --ar 9:16"),
            ("singer - - ar 9:16", "singer --ar 9:16"),
            ("singer — ar 9:16", "singer --ar 9:16"),
            ("singer - ar 9:16", "singer --ar 9:16"),
            ("singer — — v 6", "singer --v 6"),
            ("singer -- ar 9:16 -- s 50 - v 6", "singer --ar 9:16 --s 50 --v 6"),
            ("singer --ar 9:16 - s 50", "singer --ar 9:16 --s 50"),
            ("singer --v 6 -- tile", "singer --tile --v 6"),
            (f"{URL} {OTHER}-- v 6", f"{URL} {OTHER} --v 6"),
            ("singer::2--no text - s 50", "singer::2 --s 50 --no text"),
            ("singer - -tile", "singer --tile"),
            ("singer - -no text, frames - - v 6", "singer --no text, frames --v 6"),
            ("singer -- style raw", "singer --style raw"),
            ("singer -- sref 123 random --v 6", "singer --v 6 --sref 123 random"),
            (f"singer -- oref {URL}", f"singer --oref {URL}"),
            ("singer,-- ar 9:16.", "singer, --ar 9:16"),
            ("一只猫-- ar 9:16", "一只猫 --ar 9:16"),
        ],
    )
    def test_a_known_name_and_a_value_that_fits_are_a_parameter(self, prompt: str, canonical: str) -> None:
        assert str(only(prompt)) == canonical

    @pytest.mark.parametrize(
        "text",
        [
            "a cat -- a dog",
            "a cat - - a dog",
            "a view — style of Turner",
            "a cat -- ar wide",
            "a cat -- s many",
            "vitamin - c 100 on a table",
            "Mountain Ranges – Deserts – no people",
            "F - 1 V - Ray",
            "photography-- beta",
            "- - -",
        ],
    )
    def test_anything_else_stays_text(self, text: str) -> None:
        spec = only(text)
        assert (spec.text, spec.to_dict()["params"]) == (text, {})
        assert remarks(spec) == ()

    @pytest.mark.parametrize(
        ("prompt", "piece", "mended"),
        [
            ("a cat - v 6", "`- v 6`", "`--v 6`"),
            ("a cat -- tile --ar 3:2", "`-- tile`", "`--tile`"),
            ("a cat -- v 6 in the rain", "`-- v 6`", "`--v 6`"),
            ("a house -- no people", "`-- no people`", "`--no people`"),
            ("an engine — s 250", "`— s 250`", "`--s 250`"),
        ],
    )
    def test_what_might_have_been_one_is_told(self, prompt: str, piece: str, mended: str) -> None:
        (note,) = remarks(only(prompt))
        assert piece in note
        assert mended in note

    def test_dashes_alone_before_a_parameter_stay_text(self) -> None:
        assert str(only("a cat -- --ar 3:2")) == "a cat -- --ar 3:2"


class TestLinksWithNames:
    @pytest.mark.parametrize(
        ("prompt", "canonical"),
        [
            (f"[x.png](<{URL}>) a cat", f"{URL} a cat"),
            (f"[x.png]({URL}) [y.jpg]({OTHER}) --ar 3:2", f"{URL} {OTHER} --ar 3:2"),
            (f"[image 1](<{URL}>) a cat", f"{URL} a cat"),
            (r"[my\_cat.png](<https://a.com/my_cat.png>) a cat", "https://a.com/my_cat.png a cat"),
            (f"**[x.png](<{URL}>) a cat --iw 2** - <@123> (fast)", f"{URL} a cat --iw 2"),
            (f"a cat --sref [x.png](<{URL}>)", f"a cat --sref {URL}"),
        ],
    )
    def test_a_title_of_ours_is_the_link_again(self, prompt: str, canonical: str) -> None:
        assert str(only(prompt)) == canonical

    @pytest.mark.parametrize("text", ["a cat [x.png](y.png)", "[a, b](c) cat", "a [x.png] cat"])
    def test_brackets_without_a_link_stay_text(self, text: str) -> None:
        assert only(text).text == text


class TestGluedLinks:
    @pytest.mark.parametrize(
        ("prompt", "text"),
        [
            (f"{URL}，一只猫", "一只猫"),
            (f"{URL}。一只猫", "一只猫"),
            (f"{URL}、一只猫", "一只猫"),
            (f"{URL}；一只猫", "一只猫"),
            (f"{URL}：一只猫", "一只猫"),
            (f"{URL}！一只猫", "一只猫"),
            (f"{URL}）一只猫", "一只猫"),
            (f"{URL}」一只猫", "一只猫"),
            (f"{URL}一只猫", "一只猫"),
            (f"{URL}のねこ", "のねこ"),
            (f"{URL},a cat", "a cat"),
            (f"{URL}) a cat", "a cat"),
            (f'{URL}." a cat', "a cat"),
            (f"{URL}; a cat", "a cat"),
            (f"{URL}: a cat", "a cat"),
            (f"{URL}... a cat", "a cat"),
            (f"{URL}(a cat)", "a cat"),
            (f"{URL}?ex=66f&is=66e&,a cat", "a cat"),
            (f"{URL}(a) cat", "(a) cat"),
            (f"<{URL}>，一只猫", "一只猫"),
        ],
    )
    def test_a_link_ends_before_what_is_glued_to_it(self, prompt: str, text: str) -> None:
        spec = only(prompt)
        assert ([image.partition("?")[0] for image in spec.images], spec.text) == ([URL], text)

    def test_midjourneys_short_links_are_letters_and_digits(self) -> None:
        spec = only("https://s.mj.run/q8HtwyV8l2A,a cat")
        assert (spec.images, spec.text) == (("https://s.mj.run/q8HtwyV8l2A",), "a cat")

    @pytest.mark.parametrize(
        "url",
        [
            "https://zh.wikipedia.org/wiki/猫",
            "https://a.com/猫.png",
            "https://en.wikipedia.org/wiki/Cat_(animal)",
            "https://a.com/x?a=1,2&b=%20#c",
            "https://a.com/w_400,h_300/x.png",
            "https://a.com/x.jpg!large",
            "https://a.com/x.jpg:large",
            "https://a.com/x.png.webp",
            "https://cdn.discordapp.com/attachments/1/2/x.png?ex=66f&is=66e&hm=abc&",
            "https://a.com/the--ar-3x2.png",
        ],
    )
    def test_what_belongs_to_a_link_stays_in_it(self, url: str) -> None:
        assert only(f"{url} a cat").images == (url,)
        assert [part.text for part in only(f"a cat --sref {url} --v 6").sref] == [url]

    @pytest.mark.parametrize(
        "list_",
        [
            f"{URL}，{OTHER}",
            f"{URL}、{OTHER}",
            f"{URL},{OTHER}",
            f"{URL}， {OTHER}。",
            f'"{URL}, {OTHER}"',
            f"[{URL},{OTHER}]",
            f"({URL} {OTHER})",
            f"「{URL}，{OTHER}」",
            f"“{URL}” “{OTHER}”",
            f"<{URL}>，<{OTHER}>",
        ],
    )
    @pytest.mark.parametrize("name", ["sref", "cref", "edit"])
    def test_lists_of_links_split(self, name: str, list_: str) -> None:
        assert said(f"a cat --{name} {list_} --v 6") == {"v": "6", name: [URL, OTHER]}

    def test_in_front_they_split_too(self) -> None:
        assert only(f"{URL}，{OTHER}，一只猫").images == (URL, OTHER)

    def test_behind_the_file_a_parameter_may_follow(self) -> None:
        assert str(only(f"{URL} {OTHER}--ar 3:2")) == f"{URL} {OTHER} --ar 3:2"

    @given(
        st.sampled_from(list("，。、；：！？）」』】》,;)")),
        st.sampled_from(["", " "]),
        st.sampled_from(["a cat", "一只猫", "Ein Haus"]),
    )
    @settings(max_examples=60)
    def test_beside_any_punctuation(self, sign: str, space: str, words: str) -> None:
        spec = only(f"{URL}{sign}{space}{words}")
        assert (spec.images, spec.text) == ((URL,), words)

    @given(st.text(st.sampled_from("。！？.!?)]」』\"'”’…*"), min_size=1, max_size=4))
    @settings(max_examples=60)
    def test_before_a_space_beside_any_run_of_it(self, signs: str) -> None:
        assert only(f"{URL}{signs} a cat").images == (URL,)


class TestLinksBehindWords:
    @pytest.mark.parametrize(
        "text",
        [
            f"a cat like {URL}",
            f"[{URL}] a cat",
            f"({URL}) a cat",
            f"a cat, {URL}, in snow",
            f"一只猫，{URL}",
            f"a cat (see {URL})",
        ],
    )
    def test_they_are_text_and_that_is_told(self, text: str) -> None:
        spec = only(text)
        assert (spec.text, spec.images) == (text, ())
        (note,) = remarks(spec)
        assert f"`{URL}`" in note
        assert "only in front of the words" in note

    def test_a_link_in_front_is_nothing_to_tell(self) -> None:
        assert remarks(only(f"{URL} a cat")) == ()


class TestEastAsianPunctuation:
    @pytest.mark.parametrize(
        ("prompt", "canonical"),
        [
            ("a cat --ar 3∶2", "a cat --ar 3:2"),
            ("a cat --ar：16：9", "a cat --ar 16:9"),
            ("a cat --ar：16∶9，--tile", "a cat --ar 16:9 --tile"),
            ("a cat --s：250", "a cat --s 250"),
            ("a cat --s ：250", "a cat --s 250"),
            ("a cat ──ar 16:9", "a cat --ar 16:9"),
            ("a cat ━━ar 16:9", "a cat --ar 16:9"),
            ("a cat ㅡㅡar 16:9", "a cat --ar 16:9"),
            ("a cat ㅡv 6", "a cat --v 6"),
            ("a cat ─tile", "a cat --tile"),
            ("a cat －ar 3:2", "a cat --ar 3:2"),
            ("a cat --no：text，frames", "a cat --no text, frames"),
            ("a cat --no text、frames﹐dogs。", "a cat --no text, frames, dogs"),
            ("a cat －－ａｒ　１６：９　－－ＴＩＬＥ", "a cat --ar 16:9 --tile"),
            ("a cat --style ｒａｗ --q ．５", "a cat --q 0.5 --style raw"),
            ("a cat --sref 123，456", "a cat --sref 123 456"),
            ("a cat --style 「raw」", "a cat --style raw"),
        ],
    )
    def test_it_counts_around_names_and_values(self, prompt: str, canonical: str) -> None:
        assert str(only(prompt)) == canonical

    @pytest.mark.parametrize(
        "prompt", ["猫：：2 狗：：1", "猫:：2 狗∶∶1", "猫∷2 狗﹕﹕1", "猫：：２ 狗：：１"]
    )
    def test_double_colons_part_the_words(self, prompt: str) -> None:
        assert [(part.text, part.weight) for part in only(prompt).parts] == [("猫", 2), ("狗", 1)]

    @pytest.mark.parametrize(
        ("prompt", "jobs"),
        [
            ("{red，green} bird", ["red bird", "green bird"]),
            ("｛red，green｝ bird", ["red bird", "green bird"]),
            ("｛红，绿}鸟", ["红鸟", "绿鸟"]),
            ("{红、绿}鸟", ["红鸟", "绿鸟"]),
            ("{红、白，黑}鸟", ["红、白鸟", "黑鸟"]),
            ("a cat --ar {3：2，1：1}", ["a cat --ar 3:2", "a cat --ar 1:1"]),
            ("{red \\， pink，green} bird", ["red， pink bird", "green bird"]),
        ],
    )
    def test_it_counts_in_permutations(self, prompt: str, jobs: list[str]) -> None:
        specs = parse(prompt)
        assert [str(spec) for spec in specs] == jobs
        assert [again for spec in specs for again in parse(str(spec))] == specs

    @pytest.mark.parametrize(
        "text",
        [
            "比例：3：2 的猫，好",
            "猫，狗、鸟。",
            "ㅡㅡ 라고 말하는 고양이",
            "コーヒー 3∶2",
            "《猫》：一",
            "─ a line ─",
        ],
    )
    def test_inside_words_it_is_only_words(self, text: str) -> None:
        assert only(text) == GenerationSpec(text=text, parts=only(text).parts)

    def test_full_width_braces_that_are_text_stay_so(self) -> None:
        assert only("a \\｛curly\\｝ sign").text == "a ｛curly｝ sign"


ONE_MARK = st.characters(
    codec=None, categories=("Cf", "Mn"), include_characters="\ufe0f\u200e\u2068\u2069\u200b\u200d\ufeff"
).filter(lambda char: char in MARKS or "\ufe00" <= char <= "\ufe0f")
VALUE = st.sampled_from(
    [
        ("ar", "16:9", (16, 9)),
        ("s", "250", 250),
        ("q", ".5", 0.5),
        ("v", "6.1", "6.1"),
        ("style", "raw", "raw"),
        ("seed", "7", 7),
        ("oref", URL, URL),
        ("no", "text", ("text",)),
        ("motion", "low", "low"),
    ]
)


class TestInvisibleMarks:
    @pytest.mark.parametrize(
        ("prompt", "canonical"),
        [
            ("a cat --ar 16:9\u200e", "a cat --ar 16:9"),
            ("\u2068https://a.com/x.png\u2069 a cat", "https://a.com/x.png a cat"),
            ("a cat --s 250\ufe0f --v 6", "a cat --s 250 --v 6"),
            ("a cat --\u200ear\u200e \u206616:9\u2069", "a cat --ar 16:9"),
            ("a cat -\u200b-ar 16:9", "a cat --ar 16:9"),
            ("a cat --\u200btile", "a cat --tile"),
            ("a cat --tile\u200f", "a cat --tile"),
            ("\u202aa cat --no text\u202c, frames\u200e", "a cat --no text, frames"),
            ("a cat --sref \u2068https://a.com/x.png\u2069", "a cat --sref https://a.com/x.png"),
            ("\ufeff/imagine prompt: a cat\u200e", "a cat"),
            ("a cat\u2800\u2800--ar 16:9", "a cat --ar 16:9"),
        ],
    )
    def test_they_are_ignored_around_names_values_and_links(self, prompt: str, canonical: str) -> None:
        assert str(only(prompt)) == canonical

    @pytest.mark.parametrize(
        "text",
        ["👩\u200d🚀 on the moon", "a ❤\ufe0f cat", "می\u200cخواهم", "2\ufe0f\u20e3 cats", "co\u00adoperate"],
    )
    def test_inside_emoji_and_words_they_stay(self, text: str) -> None:
        assert only(text).text == text

    def test_a_joiner_behind_a_wide_letter_goes_as_it_goes_behind_a_narrow_one(self) -> None:
        for name in ("ar", "ａｒ"):
            assert only(f"a cat --no ٣–{name}\u200d\u20689").no == ("٣–ar9",)

    def test_so_they_do_in_a_list_of_things(self) -> None:
        assert only("a cat --no 👩\u200d🚀, ❤\ufe0f, می\u200cخواهم").no == (
            "👩\u200d🚀",
            "❤\ufe0f",
            "می\u200cخواهم",
        )

    @given(VALUE, ONE_MARK, ONE_MARK)
    @settings(max_examples=150)
    def test_any_of_them_around_any_value(self, value: tuple[str, str, Any], left: str, right: str) -> None:
        name, typed, meant = value
        assert only(f"a cat --{name} {left}{typed}{right} --tile").get(name) == meant


THINGS = st.lists(
    st.sampled_from(["blurry", "low quality", "dog's ear", "文字", "a b c"]), min_size=1, max_size=4
)
PAIRS = st.sampled_from(['""', "''", "“”", "„“", "«»", "‘’", "()", "[]", "（）", "「」", "【】", "``"])


class TestQuotesAndBrackets:
    @pytest.mark.parametrize(
        "list_",
        [
            '"blurry, low quality"',
            "“blurry, low quality”",
            "(blurry, low quality)",
            "[blurry, low quality]",
            "'blurry, low quality'",
            '"blurry", "low quality"',
            '["blurry", "low quality"]',
            "(blurry), (low quality)",
            '"blurry, low quality',
            'blurry, low quality"',
            "「blurry，low quality」",
        ],
    )
    def test_around_a_list_or_its_things_they_go(self, list_: str) -> None:
        assert said(f"a cat --no {list_} --v 6") == {"v": "6", "no": ["blurry", "low quality"]}

    @pytest.mark.parametrize("thing", ['a sign with "no" on it', "dogs'", "cats :)", "cats (big)", "f(x)"])
    def test_inside_a_thing_they_stay(self, thing: str) -> None:
        assert only(f"a cat --no {thing}, text").no == (thing, "text")

    @given(THINGS, PAIRS)
    @settings(max_examples=100)
    def test_any_pair_around_any_list(self, things: list[str], pair: str) -> None:
        typed = ", ".join(things)
        assert only(f"a cat --no {pair[0]}{typed}{pair[1]} --v 6").no == only(f"a cat --no {typed}").no

    @pytest.mark.parametrize(
        "prompt",
        [
            '"a cat --ar 3:2"',
            "“a cat --ar 3:2”",
            "'a cat --ar 3:2'",
            "(a cat --ar 3:2)",
            "[a cat --ar 3:2]",
            "（a cat --ar 3:2）",
            "«a cat --ar 3:2»",
            "`a cat --ar 3:2`",
            "```\na cat --ar 3:2\n```",
            "**a cat --ar 3:2**",
            "||a cat --ar 3:2||",
            '  "a cat --ar 3:2" , ',
            '("a cat --ar 3:2").',
            "<a cat --ar 3:2>",
        ],
    )
    def test_around_everything_both_halves_go(self, prompt: str) -> None:
        assert str(only(prompt)) == "a cat --ar 3:2"

    @pytest.mark.parametrize(
        ("prompt", "text"),
        [
            ('"a cat saying "hello" --ar 3:2"', 'a cat saying "hello"'),
            ("'a dog's life --ar 3:2'", "a dog's life"),
            ("(a (big) cat --ar 3:2)", "a (big) cat"),
            ('"a cat" and "a dog" --ar 3:2', '"a cat" and "a dog"'),
            ("(a cat) and (a dog) --ar 3:2", "(a cat) and (a dog)"),
            ('"OPEN" --ar 3:2', '"OPEN"'),
            ("\"a sign\" that says 'x' --ar 3:2", "\"a sign\" that says 'x'"),
        ],
    )
    def test_only_a_pair_around_everything_goes(self, prompt: str, text: str) -> None:
        assert (only(prompt).text, only(prompt).aspect) == (text, (3, 2))

    def test_of_two_pairs_one_stays(self) -> None:
        assert only('""OPEN""').text == '"OPEN"'
        assert [str(spec) for spec in parse('"OPEN" --r 2')] == ['""OPEN""'] * 2

    def test_behind_links_they_go_too(self) -> None:
        assert str(only(f'{URL} "a cat --ar 3:2"')) == f"{URL} a cat --ar 3:2"

    def test_before_a_suffix_they_go_too(self) -> None:
        assert [str(spec) for spec in parse('"a cat --ar 3:2"', suffix="--v 6")] == ["a cat --ar 3:2 --v 6"]

    @given(
        st.lists(st.sampled_from(["a", "cat", "it's", "猫", "x.", "(b)"]), min_size=1, max_size=5).map(
            " ".join
        ),
        st.sampled_from(['""', "“”", "()", "[]", "「」", "``", "（）"]),
    )
    @settings(max_examples=80)
    def test_any_pair_around_any_prompt(self, words: str, pair: str) -> None:
        assert str(only(f"{pair[0]}w {words} --v 6{pair[1]}")) == f"w {words} --v 6"


class TestWholeCommands:
    @pytest.mark.parametrize(
        "command",
        [
            "/imagine prompt: ",
            "/imagine prompt:",
            "/imagine prompt ",
            "/imagine ",
            "/Imagine Prompt: ",
            "/imagine prompt：",
            "／imagine ",
            "!imagine ",
            "/mj prompt: ",
            "/dream prompt:",
            "prompt: ",
            "Prompt：",
            "</imagine:938956540159881230> prompt: ",
            "@Easel /imagine prompt: ",
            "<@123> /imagine ",
            "> /imagine prompt: ",
            "/imagine prompt: /imagine prompt: ",
            "imagine prompt: ",
            "/imagine: ",
            "/imagine/prompt: ",
        ],
    )
    def test_the_words_behind_it_are_the_prompt(self, command: str) -> None:
        assert str(only(f"{command}an astronaut --ar 3:2")) == "an astronaut --ar 3:2"

    @pytest.mark.parametrize(
        "prompt",
        [
            "`/imagine prompt: an astronaut --ar 3:2`",
            '"/imagine prompt: an astronaut --ar 3:2"',
            '/imagine prompt: "an astronaut --ar 3:2"',
            "**an astronaut --ar 3:2** - <@123> (fast)",
            "**an astronaut --ar 3:2** - Variations (Strong) by <@123> (relaxed, stealth)",
            "an astronaut --ar 3:2 - @Ada (fast)",
            "an astronaut --ar 3:2 - Image #2 <@123>",
        ],
    )
    def test_so_they_are_with_what_else_was_copied(self, prompt: str) -> None:
        assert str(only(prompt)) == "an astronaut --ar 3:2"

    def test_links_and_permutations_may_follow(self) -> None:
        assert str(only(f"/imagine prompt: {URL} a cat")) == f"{URL} a cat"
        assert str(only(f"{URL} /imagine prompt: a cat")) == f"{URL} a cat"
        assert [spec.text for spec in parse("/imagine prompt: {a, b} cat")] == ["a cat", "b cat"]

    @pytest.mark.parametrize("prompt", ["/imagine", "/imagine prompt:", '""', "prompt:"])
    def test_nothing_behind_it_is_no_prompt(self, prompt: str) -> None:
        if prompt == '""':
            assert only(prompt).text == '""'
            return
        with pytest.raises(PromptError, match="Empty prompt"):
            parse(prompt)

    @pytest.mark.parametrize(
        "text",
        ["a sign that says /imagine", "/imagined worlds", "prompt delivery", "imagine a cat", "prompt::2 a"],
    )
    def test_other_words_are_words(self, text: str) -> None:
        assert only(text).text == text

    def test_an_error_points_at_what_was_typed(self) -> None:
        prompt = '/imagine prompt: "a cat --s 5000"'
        with pytest.raises(PromptError) as caught:
            parse(prompt)
        (problem,) = caught.value.problems
        assert prompt[problem.start : problem.end] == "--s 5000"


class TestOtherPrograms:
    @pytest.mark.parametrize(
        ("prompt", "canonical"),
        [
            (
                "a fox, in snow Negative prompt: blurry Steps: 20, Seed: 123, CFG scale: 7",
                "a fox, in snow --seed 123 --no blurry",
            ),
            (
                "a fox\nNegative prompt: blurry, low quality,\nSteps: 20, Sampler: Euler a, CFG scale: 7,"
                " Seed: 123, Size: 512x768, Model hash: ab, Clip skip: 2",
                "a fox --ar 2:3 --seed 123 --no blurry, low quality",
            ),
            ("a fox Steps: 20, Sampler: DPM++ 2M, Seed: 5, Size: 640x640", "a fox --ar 1:1 --seed 5"),
            ("a fox negative prompt： blurry，frames", "a fox --no blurry, frames"),
            ("a fox Negative prompt: Steps: 20, Seed: -1, Size: 512x512", "a fox --ar 1:1"),
            (
                "a fox Negative prompt: (bad:1.4), ((worse)), [ugly], <lora:x:1> Steps: 9",
                "a fox --no bad, worse, ugly",
            ),
            ("Prompt: a fox Negative prompt: blurry --ar 3:2", "a fox --ar 3:2 --no blurry"),
            ('a fox Steps: 20, Seed: 7, Hashes: {"vae": "a", "model": "b"}, Version: v1.6', "a fox --seed 7"),
            ("a fox Steps: 20, Seed: 99999999999999", "a fox"),
            ("a fox Negative prompt: blurry. Seed: 7", "a fox --seed 7 --no blurry"),
            ("a fox steps: 20, sampler: Euler, seed: 7, cfg scale: 7", "a fox --seed 7"),
            ("a fox Sampler: Euler a, Steps: 20\nSeed: 7\nSize: 512x768", "a fox --ar 2:3 --seed 7"),
        ],
    )
    def test_a_block_of_stable_diffusion_is_taken(self, prompt: str, canonical: str) -> None:
        assert str(only(prompt)) == canonical

    def test_what_does_nothing_of_it_is_told(self) -> None:
        (note,) = remarks(only("a fox Negative prompt: blurry Steps: 20, Seed: 123, CFG scale: 7"))
        assert "`Steps: 20`, `CFG scale: 7`" in note
        assert "Seed" not in note

    def test_so_are_weights_of_what_is_not_wanted(self) -> None:
        (note,) = remarks(only("a fox Negative prompt: (bad:1.4), ugly, <lora:x:1>"))
        assert note.startswith("`(bad:1.4)`, `<lora:x:1>`: no effect")

    @pytest.mark.parametrize(
        "text",
        ["two steps: up, down", "a sign: negative prompts", "Steps: 20 of them", "Size: small, Model: Kate"],
    )
    def test_words_like_its_are_words(self, text: str) -> None:
        assert only(text).text == text

    @pytest.mark.parametrize(
        ("prompt", "jobs"),
        [
            ("{male|female} elf", ["male elf", "female elf"]),
            ("{red | green|blue} bird", ["red bird", "green bird", "blue bird"]),
            ("a {red|{dark, light} green} bird", ["a red bird", "a dark green bird", "a light green bird"]),
            ("{0.5::red|2::blue} bird", ["red bird", "blue bird"]),
            ("{a|b, c} bird", ["a|b bird", "c bird"]),
            ("{red\\|pink|blue} bird", ["red|pink bird", "blue bird"]),
            ("a | b", ["a | b"]),
        ],
    )
    def test_bars_are_permutations(self, prompt: str, jobs: list[str]) -> None:
        assert [str(spec) for spec in parse(prompt)] == jobs

    @pytest.mark.parametrize(
        ("text", "piece", "hint"),
        [
            ("a (red fox:1.3) in snow", "`(red fox:1.3)`", "`red fox::1.3`"),
            ("(red fox:1.3)", "`(red fox:1.3)`", "`red fox::1.3`"),
            ("a ((red)) fox", "`((red))`", "`red fox::1.3`"),
            ("a fox++ in snow", "`fox++`", "`red fox::1.3`"),
            ("a (red fox)1.3 in snow", "`(red fox)1.3`", "`red fox::1.3`"),
            ("a [red|green] fox", "`[red|green]`", "`{red, green}`"),
            ("a [red:green:0.5] fox", "`[red:green:0.5]`", "`{red, green}`"),
            ("a __colour__ fox", "`__colour__`", "`{red, green}`"),
            ("a fox BREAK snow", "`BREAK`", "`::`"),
        ],
    )
    def test_what_is_written_otherwise_here_stays_text_and_is_told(
        self, text: str, piece: str, hint: str
    ) -> None:
        spec = only(text)
        (note,) = remarks(spec)
        assert spec.text == text
        assert piece in note
        assert hint in note

    @pytest.mark.parametrize(
        "text", ["a cat (big) [old]", "at 12:30 (noon)", "C++ code", "a AND GATE", "snake_case_name"]
    )
    def test_ordinary_words_are_nothing_to_tell(self, text: str) -> None:
        assert not [note for note in remarks(only(text)) if "C++" not in note]

    def test_a_hypernetwork_has_no_effect_and_that_is_told(self) -> None:
        spec = only("a fox <hypernet:x:.5> in snow")
        assert spec.text == "a fox <hypernet:x:.5> in snow"
        assert [part.text for part in spec.parts] == ["a fox in snow"]
        (note,) = remarks(spec)
        assert "`<hypernet:x:.5>`: no effect" in note

    def test_several_things_of_a_kind_are_told_in_one_sentence(self) -> None:
        spec = only("a fox, <hypernet:foo:0.8>, <hypernet:bar:1>, (snow:1.2), (ice:.8)")
        assert [part.text for part in spec.parts] == ["a fox, (snow:1.2), (ice:.8)"]
        networks, weights = remarks(spec)
        assert networks.startswith("`<hypernet:foo:0.8>`, `<hypernet:bar:1>`: no effect")
        assert weights.startswith("Read as words: `(snow:1.2)`, `(ice:.8)`;")

    @pytest.mark.parametrize(
        ("prompt", "mended"),
        [
            ("a --neg blurry", "Write `--no`."),
            ("a --negative blurry", "Write `--no`."),
            ("a --ratio 3:2", "Write `--ar`."),
        ],
    )
    def test_names_of_other_programs_are_told_theirs(self, prompt: str, mended: str) -> None:
        assert mend(prompt) == mended


class TestRatiosAndSeeds:
    @pytest.mark.parametrize(
        ("typed", "mended"),
        [
            ("1.5", "3:2"),
            ("0.75", "3:4"),
            ("1.91", "191:100"),
            (".5", "1:2"),
            ("1,25", "5:4"),
            ("2", "2:1"),
            ("2.39", "239:100"),
            ("1.5:1", "3:2"),
            ("1:1.5", "2:3"),
            ("1.85x1", "37:20"),
            ("16.9", "16:9"),
            ("1.777", "16:9"),
            ("0.5625", "9:16"),
            ("1.33", "133:100"),
            ("16x9", "16:9"),
            ("16×9", "16:9"),
            ("16 x 9", "16:9"),
            ("16 / 9", "16:9"),
            ("1920x1080", "16:9"),
            ("16比9", "16:9"),
            ("１．５", "3:2"),
        ],
    )
    def test_a_ratio_in_another_notation_is_offered_in_whole_numbers(self, typed: str, mended: str) -> None:
        assert mend(f"a cat --ar {typed}") == f"Write `{mended}`."
        assert only(f"a cat --ar {mended}").aspect

    @pytest.mark.parametrize("typed", ["wide", "0", "0:0", "1.5.5"])
    def test_nothing_is_offered_for_what_is_none(self, typed: str) -> None:
        assert mend(f"a cat --ar {typed}") == ""

    @pytest.mark.parametrize("typed", ["-1", "−1", "random", "any", "?", "-5", "RANDOM"])
    @pytest.mark.parametrize("name", ["seed", "sameseed"])
    def test_a_seed_that_means_any_is_to_be_left_out(self, name: str, typed: str) -> None:
        assert mend(f"a cat --{name} {typed}") == f"Leave `--{name}` out for a random one."


class TestEdits:
    def test_pictures_to_be_edited(self) -> None:
        spec = only(f"a fox --edit {URL} {OTHER} --v 8.1")
        assert (spec.edit, spec.version, spec.text) == ((URL, OTHER), "8.1", "a fox")
        assert GenerationSpec.from_dict(spec.to_dict()) == spec

    def test_alone_it_means_the_image_prompts(self) -> None:
        spec = only(f"{URL} a fox --edit")
        assert (spec.edit, spec.images) == ((), (URL,))
        assert GenerationSpec.from_dict(spec.to_dict()) == spec

    @pytest.mark.parametrize("count", [1, 4])
    def test_up_to_four(self, count: int) -> None:
        urls = [f"https://a.com/{at}.png" for at in range(count)]
        assert only(f"a fox --edit {' '.join(urls)}").edit == tuple(urls)

    @pytest.mark.parametrize(
        "said", [f"--edit {' '.join([URL] * 5)}", f"--edit {URL} {URL} {URL} --edit {URL} {URL}"]
    )
    def test_a_fifth_is_too_much(self, said: str) -> None:
        with pytest.raises(PromptError, match="up to 4 links, not 5"):
            parse(f"a fox {said}")

    @pytest.mark.parametrize("said", ["--edit fox", "--edit https://", "--edit 5"])
    def test_anything_else_is_no_picture(self, said: str) -> None:
        with pytest.raises(PromptError, match="must be a link"):
            parse(f"a fox {said}")


def test_every_name_is_read_with_dashes_apart_or_glued_by_east_asian_signs() -> None:
    for row in PARAMETERS:
        if row.kind.shape == "value" and row.kind.numeric:
            value = {"W:H": "3:2"}.get(row.kind.allowed, "1" if row.short not in ("stop",) else "50")
            plain = only(f"a cat --{row.short} {value}") if not row.needs else None
            if plain and row.short != "r":
                assert only(f"a cat - -{row.short} {value}") == plain
                assert only(f"a cat －－{row.short}：{value}") == plain
