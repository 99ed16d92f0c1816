"""Which LoRAs a prompt and a model's style come to, and what is told of the others."""

from dataclasses import replace
from pathlib import Path

import pytest

from engine import BadRegistry, Lora, LoraEntry, Plan, Registry, plan_imagine, plan_reroll, plan_vary
from grammar import parse

POCKET = Registry.load().get("pocket")
STYLED = replace(
    POCKET, styles={"dusk": "<lora:indigo:0.5> at night", "raw": ""}, style="<lora:dawn:0.3> flat"
)


def lora(name: str, **said: object) -> LoraEntry:
    told: dict[str, object] = {"name": name, "title": name, "family": "sd", "source": f"/tmp/{name}"}
    return LoraEntry(**(told | said))  # type: ignore[arg-type]


LORAS = (
    lora("dawn"),
    lora("indigo", models=("pocket",)),
    lora("ghibli", models=("sd-1.5",)),
    lora("film", family="sdxl"),
)


def planned(prompt: str, entry: object = POCKET, loras: tuple[LoraEntry, ...] = LORAS) -> Plan:
    (spec,) = parse(prompt)
    return plan_imagine(spec, Registry((entry,), loras=loras), seed=1)  # type: ignore[arg-type]


def test_they_are_named_by_their_entries_and_kept_by_every_later_plan() -> None:
    plan = planned("a fox <lora:Indigo.safetensors:0.5> <lora:dawn:-1>")
    assert plan.loras == (Lora("dawn", -1.0), Lora("indigo", 0.5))
    assert plan.notes == ()
    assert Plan.from_dict(plan.to_dict()) == plan
    registry = Registry((POCKET,), loras=LORAS)
    assert plan_vary(plan, 1, registry, strong=True).loras == plan.loras
    (spec,) = parse("a fox <lora:indigo:0.5> --seed 4")
    assert plan_reroll(spec, registry).loras == (Lora("indigo", 0.5),)


def test_a_remix_replaces_them() -> None:
    registry = Registry((POCKET,), loras=LORAS)
    (spec,) = parse("a fox <lora:dawn:2>")
    varied = plan_vary(planned("a fox <lora:indigo:1>"), 1, registry, strong=False, spec=spec)
    assert varied.loras == (Lora("dawn", 2.0),)


def test_weights_of_one_add_up_and_none_is_none() -> None:
    assert planned("a fox <lora:dawn:.5> in snow <lora:DAWN:.25>").loras == (Lora("dawn", 0.75),)
    assert planned("a fox <lora:dawn:0>") == planned("a fox")


def test_an_unknown_one_is_told_with_the_nearest_those_of_this_model_first() -> None:
    plan = planned("a fox <lora:dwan:1> <lora:xyzzy>")
    assert plan.loras == ()
    assert plan.notes == (
        "There is no LoRA “dwan” here: left out. Nearest: dawn.",
        "There is no LoRA “xyzzy” here: left out. `/loras` lists those that are here.",
    )


@pytest.mark.parametrize(("name", "whose"), [("film", "models of the family sdxl"), ("ghibli", "sd-1.5")])
def test_one_for_other_models_is_told(name: str, whose: str) -> None:
    plan = planned(f"a fox <lora:{name}:1>")
    assert plan.loras == ()
    assert plan.notes == (f"The LoRA {name} was made for {whose}, not for pocket: left out.",)


def test_a_style_brings_its_own() -> None:
    plan = planned("a fox --style dusk", STYLED)
    assert plan.loras == (Lora("indigo", 0.5),)
    assert plan.style == "at night"
    assert planned("a fox --style dusk --s 0", STYLED).loras == (Lora("indigo", 0.5),)
    assert planned("a fox", STYLED).loras == (Lora("dawn", 0.3),)
    assert planned("a fox --s 0", STYLED).loras == ()
    assert planned("a fox --style raw", STYLED).loras == ()


def test_a_style_of_loras_alone_has_no_words() -> None:
    plan = planned("a fox", replace(POCKET, style="<lora:dawn:0.3>"))
    assert (plan.style, plan.style_weight) == ("", 0.0)


def test_the_heaviest_count_where_there_are_too_many() -> None:
    many = tuple(lora(f"l{number}") for number in range(10))
    plan = planned(
        "a fox " + " ".join(f"<lora:l{number}:{0.1 + number / 10:g}>" for number in range(10)), loras=many
    )
    assert [each.name for each in plan.loras] == [f"l{number}" for number in range(2, 10)]
    assert plan.notes == ("Only the 8 heaviest LoRAs count.",)


def test_the_list_says_what_is_wrong_with_an_entry(tmp_path: Path) -> None:
    file = tmp_path / "models.toml"
    file.write_text('[[lora]]\nname = "x"\ntitle = "X"\nfamily = "sd"\nsource = "someone/x"\n')
    with pytest.raises(BadRegistry, match="revision"):
        Registry.load(extra=file)
    file.write_text('[[lora]]\nname = "x"\nfamily = "sd"\nsource = "./x.safetensors"\n')
    with pytest.raises(BadRegistry, match="missing"):
        Registry.load(extra=file)


def test_the_file_of_an_entry_is_found(tmp_path: Path) -> None:
    (tmp_path / "x.safetensors").write_bytes(b"")
    assert lora("x", folder=tmp_path / "x.safetensors").path() == tmp_path / "x.safetensors"
    assert lora("x", folder=tmp_path).path() == tmp_path / "x.safetensors"
    assert lora("x", folder=tmp_path, file="y.safetensors").path() is None
    (tmp_path / "y.safetensors").write_bytes(b"")
    assert lora("x", folder=tmp_path).path() is None
    assert lora("x", folder=tmp_path, file="y.safetensors").path() == tmp_path / "y.safetensors"
    assert lora("x", folder=tmp_path / "z").path() is None


def test_the_shipped_ones_are_here_and_small() -> None:
    entries = Registry.load().loras
    assert len(entries) == 3
    for entry in entries:
        path = entry.path()
        assert path is not None
        assert path.stat().st_size <= 300 * 1024
        assert entry.fits(POCKET)
