"""`<lora:name:0.8>`: read anywhere in the words, kept in every form of the spec, wrong ones told."""

import pytest

from grammar import GenerationSpec, Part, PromptError, caret, format_prompt, parse, remarks


def only(text: str) -> GenerationSpec:
    (spec,) = parse(text)
    return spec


@pytest.mark.parametrize(
    ("tag", "name", "weight"),
    [
        ("<lora:foo:0.8>", "foo", 0.8),
        ("<LoRA:foo bar:1>", "foo bar", 1.0),
        ("<lora:foo>", "foo", 1.0),
        ("<lora:foo:>", "foo", 1.0),
        ("<lyco:foo:-.5>", "foo", -0.5),
        ("< lora: foo : 2 >", None, None),
        ("<lora: foo_v1-2.safetensors : 2 >", "foo_v1-2.safetensors", 2.0),
        ("<lora:foo:-2>", "foo", -2.0),
        ("<lora:水墨:0>", "水墨", 0.0),
    ],
)
def test_a_lora_is_read_and_no_model_reads_it_as_words(
    tag: str, name: str | None, weight: float | None
) -> None:
    spec = only(f"a fox {tag} in snow --ar 3:2")
    if name is None or weight is None:
        assert spec.loras == ()
        return
    assert spec.loras == (Part(name, weight),)
    assert [part.text for part in spec.parts] == ["a fox in snow"]
    assert remarks(spec) == ()


@pytest.mark.parametrize(
    "prompt",
    [
        "<lora:a:1> a fox",
        "a fox <lora:a:1>",
        "a fox<lora:a:1>::2 snow <lora:b:-0.5>::1",
        "https://example.com/a.png <lora:a:0.25> a fox, <lora:b>, snow --no text",
    ],
)
def test_it_survives_canonical_text_and_json(prompt: str) -> None:
    spec = only(prompt)
    assert spec.loras
    assert only(format_prompt(spec)) == spec
    assert only(format_prompt(spec, angled=True)) == spec
    assert GenerationSpec.from_dict(spec.to_dict()).loras == spec.loras
    assert spec.to_dict()["loras"] == [{"name": part.text, "weight": part.weight} for part in spec.loras]


def test_a_prompt_without_loras_has_none_in_its_json() -> None:
    assert "loras" not in only("a fox").to_dict()


def test_permutations_choose_among_loras_and_weights() -> None:
    assert [spec.loras for spec in parse("a fox {<lora:a:1>, <lora:b:{0.5, 2}>}")] == [
        (Part("a", 1.0),),
        (Part("b", 0.5),),
        (Part("b", 2.0),),
    ]


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("<lora:foo:2.5>", "Write `<lora:foo:2>`."),
        ("<lora:foo:-3>", "Write `<lora:foo:-2>`."),
        ("<lora:foo:much>", "Write `<lora:foo:0.8>`."),
        ("<lora:foo:nan>", "Write `<lora:foo:0.8>`."),
        ("<lora:foo:inf>", "Write `<lora:foo:0.8>`."),
        ("<lora: :1>", "Write `<lora:name:0.8>`."),
    ],
)
def test_a_weight_that_cannot_be_is_told_with_its_place(tag: str, said: str) -> None:
    prompt = f"a red fox {tag} in snow"
    with pytest.raises(PromptError) as caught:
        parse(prompt)
    (problem,) = caught.value.problems
    assert (problem.piece, problem.start, problem.end) == (tag, 10, 10 + len(tag))
    assert said in str(problem)
    assert caret(prompt, caught.value).splitlines()[1] == " " * 10 + "^" * len(tag)


def test_a_second_weight_is_told_to_have_no_effect() -> None:
    (note,) = remarks(only("a fox <lora:foo:0.8:0.4>"))
    assert note == "`<lora:foo:0.8:0.4>`: of a LoRA's weights the first counts, for all of it."


def test_a_lora_alone_is_no_prompt() -> None:
    with pytest.raises(PromptError, match="Empty prompt"):
        parse("<lora:foo:1>")


def test_what_is_not_wanted_has_no_lora() -> None:
    prompt = "a fox --no snow, <lora:foo:1>"
    with pytest.raises(PromptError) as caught:
        parse(prompt)
    (problem,) = caught.value.problems
    assert (problem.piece, problem.start) == ("<lora:foo:1>", 17)
    assert "among the words" in str(problem)
