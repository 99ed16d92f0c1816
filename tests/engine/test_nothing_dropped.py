"""What a prompt says changes the plan of every family, or a sentence names it: nothing is dropped silently.

That what is in a plan changes the pictures of every family is held by `tests/families/test_matrix.py`.
"""

import functools
from dataclasses import fields, replace

import pytest

from engine import ModelEntry, Plan, Registry, plan_imagine
from engine.errors import CannotEdit
from engine.families import FAMILIES, Ability
from grammar import PARAMETERS, parse
from grammar.spec import GenerationSpec

BARE = ModelEntry("model", "The Model", "sd", "a/b", 1024, 16, 28, 5.0)
RICH = replace(BARE, style="watercolour", muses=("neon", "snow"), oddities=("upside down",))
SHORT = replace(RICH, steps=1, guidance=1.0)
ENTRIES = {"bare": BARE, "rich": RICH, "of one step": SHORT}

SAID = {
    "ar": "3:2",
    "c": "50",
    "s": "750",
    "w": "1000",
    "q": ".5",
    "seed": "7",
    "sameseed": "7",
    "stop": "50",
    "no": "trees",
    "iw": "2",
    "v": "4",
    "niji": "6",
    "style": "raw",
    "sref": "123",
    "sw": "50",
    "sv": "4",
    "cref": "https://example.org/c.png",
    "cw": "50",
    "oref": "https://example.org/o.png",
    "ow": "50",
    "p": "abc",
    "exp": "50",
    "edit": "https://example.org/e.png",
    "motion": "low",
    "end": "https://example.org/z.png",
    "bs": "2",
    "zoom": "1.5",
    "width": "400",
    "h": "400",
}
"""A value for each parameter that takes one."""

ELSEWHERE = {
    "r": "makes several jobs of one",
    "fast": "whose turn it is",
    "relax": "whose turn it is",
    "turbo": "whose turn it is",
    "stealth": "who sees it",
    "public": "who sees it",
    "sd": "the resolution that all are drawn at",
    "edit": "makes a plan of another kind: `plan_edit`",
    "expand": "what the words are, before there is a plan",
}
"""Parameters that are not about what a picture looks like, and what they are about."""

NOW = {"vibe": "v 1"}
"""Names of the past that are told under today's."""


@functools.cache
def spec_of(prompt: str) -> GenerationSpec:
    return parse(prompt)[0]


def planned(prompt: str, entry: ModelEntry) -> Plan:
    return plan_imagine(spec_of(prompt), Registry((entry,)), model=entry.name, seed=3)


def drawn_from(plan: Plan) -> dict[str, object]:
    """All of a plan that pictures are made of."""
    said = {each.name: getattr(plan, each.name) for each in fields(plan)}
    idle = {"notes", "effort", "unknown"} | (set() if plan.style_weight else {"style"})
    return {name: value for name, value in said.items() if name not in idle}


@pytest.mark.parametrize("kind", ENTRIES)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_parameter_changes_the_plan_or_is_named(family: str, kind: str) -> None:
    entry = replace(ENTRIES[kind], family=family)
    if Ability.TEXT in FAMILIES[family].cannot:
        with pytest.raises(CannotEdit):
            planned("a red house", entry)
        return
    for row in PARAMETERS:
        name = row.short
        if name in ELSEWHERE:
            continue
        words = "https://example.org/a.png a red house" if name == "iw" else "a red house"
        if row.needs:
            words = f"{words} --{row.needs} {SAID[row.needs]}"
        typed = f"--{name} {SAID[name]}" if name in SAID else f"--{name}"
        bare, plan = planned(words, entry), planned(f"{words} {typed}", entry)
        changed = drawn_from(plan) != drawn_from(bare)
        named = any(f"--{each}" in notes_of(plan) for each in (*row.names, NOW.get(name, name)))
        left_out = name == "iw" and "a picture to start from" in notes_of(plan)
        assert changed or named or left_out, (typed, plan.notes)


def notes_of(plan: Plan) -> str:
    return " ".join(plan.notes)


@pytest.mark.parametrize("family", [name for name in FAMILIES if Ability.TEXT not in FAMILIES[name].cannot])
def test_weighed_texts_and_a_picture_change_the_plan_or_are_named(family: str) -> None:
    entry = replace(RICH, family=family)
    one = planned("a red house", entry)
    both = planned("a red house::2 a blue boat::1", entry)
    assert len(both.conditionings) == 2 or "more than one text" in notes_of(both)
    start = planned("https://example.org/a.png a red house", entry)
    assert drawn_from(start) != drawn_from(one) or "a picture to start from" in notes_of(start)


def test_without_guidance_plain_text_leaves_nothing_out_and_that_is_said() -> None:
    plan = planned("a red house --no trees", replace(SHORT, family="auto"))
    assert [part.text for part in plan.conditionings] == ["a red house"]
    assert "`--no`" in notes_of(plan)
    guided = planned("a red house --no trees", replace(RICH, family="auto"))
    assert [part.text for part in guided.conditionings] == ["a red house", "trees"]


def test_what_has_no_words_to_draw_to_is_told() -> None:
    notes = notes_of(planned("a red house --s 500 --c 50 --w 1000 --raw", BARE))
    for said in ("`--s 500` and `--raw`", "`--c 50`", "`--w 1000`"):
        assert said in notes
    assert planned("a red house", BARE).notes == ()


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("--iw 2", "`--iw`"),
        ("--niji 5 --v 6", "`--v`"),
        ("--seed 1 --sameseed 2", "`--seed`"),
        ("--sref 123::-1", "`123`"),
        ("--raw --style cute", "`--raw` counts"),
    ],
)
def test_what_gives_way_to_something_else_is_named(said: str, named: str) -> None:
    [spec] = parse(f"a red fox {said}")
    plan = plan_imagine(spec, Registry((RICH,)), model="model", seed=1)
    assert any(named in note for note in plan.notes)
