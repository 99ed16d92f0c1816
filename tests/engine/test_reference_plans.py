"""What a prompt refers to becomes part of its plan: who can, how much each counts, numbers, what is told."""

from dataclasses import replace
from pathlib import Path

import pytest

from engine import AdapterEntry, BadRegistry, Plan, Registry, plan_imagine, plan_reroll, plan_vary, with_codes
from engine.planning.abilities import can
from engine.planning.references import FACE, point_of, starting_links
from grammar import parse

ONE, TWO = "https://x.org/one.png", "https://x.org/two.png"
POINT = [2, 43, 26]
LAYERS = {"sref": ("up_blocks.1",)}


def adapter(folder: Path, name: str, *does: str, **said: object) -> AdapterEntry:
    """An adapter for the embedded model whose files lie in a folder."""
    for file in (f"{name}.safetensors", "encoder/config.json", "anchors.safetensors"):
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_bytes(b"")
    weights = dict.fromkeys(does, (1.0, 2.0))
    file, title = f"{name}.safetensors", f"The adapter {name}"
    entry = AdapterEntry(name, title, "sd", str(folder), file, "encoder", does, models=("pocket",))
    return replace(entry, folder=folder, weights=weights, **said)


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    known = (
        adapter(tmp_path, "style", "sref", anchors="anchors.safetensors", layers=LAYERS),
        adapter(tmp_path, "thing", "image", "cref", "oref"),
    )
    return replace(Registry.load(), adapters=known)


def planned(registry: Registry, said: str, model: str = "pocket") -> Plan:
    return plan_imagine(parse(said)[0], registry, model=model, seed=1)


class TestWeights:
    @pytest.mark.parametrize(
        ("said", "weights"),
        [
            (f"a fox --sref {ONE}", [1.0]),
            (f"a fox --sref {ONE} --sw 50", [0.5]),
            (f"a fox --sref {ONE} --sw 1000", [2.0]),
            (f"a fox --sref {ONE}::3 {TWO}::1", [0.75, 0.25]),
            (f"a fox --sref {ONE} {TWO} --sw 50", [0.25, 0.25]),
            (f"a fox --oref {ONE} --ow 100", [1.0]),
            (f"a fox --cref {ONE} --cw 100", [1.0]),
            (f"{ONE} a fox", [1.0]),
            (f"{ONE} {TWO} a fox --iw 3", [1.0, 1.0]),
        ],
    )
    def test_each_counts_as_was_said(self, registry: Registry, said: str, weights: list[float]) -> None:
        assert [each.weight for each in planned(registry, said).references] == weights

    @pytest.mark.parametrize(
        ("role", "name", "values"),
        [
            ("sref", "sw", (1, 10, 50, 100, 101, 300, 1000)),
            ("oref", "ow", (1, 50, 100, 101, 1000)),
            ("cref", "cw", (0, 1, 50, 100)),
        ],
    )
    def test_it_grows_with_its_parameter(
        self, registry: Registry, role: str, name: str, values: tuple[int, ...]
    ) -> None:
        found = [
            planned(registry, f"a fox --{role} {ONE} --{name} {value}").references[0].weight
            for value in values
        ]
        assert found == sorted(set(found))

    def test_nothing_is_referred_to_at_no_weight(self, registry: Registry) -> None:
        assert planned(registry, f"a fox --sref {ONE} --sw 0").references == ()

    def test_a_face_stays_where_the_rest_of_a_character_goes(
        self, registry: Registry, tmp_path: Path
    ) -> None:
        face = adapter(tmp_path, "face", FACE)
        both = replace(registry, adapters=(*registry.adapters, face))
        kept, alone = (planned(both, f"a fox --cref {ONE} --cw {cw}").references for cw in (100, 0))
        assert [each.adapter for each in kept] == ["face", "thing"]
        assert [(each.adapter, each.weight) for each in alone] == [("face", kept[0].weight)]

    def test_more_than_a_few_are_told(self, registry: Registry) -> None:
        many = " ".join(f"https://x.org/{number}.png::{number}" for number in range(1, 12))
        plan = planned(registry, f"a fox --sref {many}")
        assert len(plan.references) == 8
        assert "Only the 8 heaviest references count." in plan.notes


class TestNumbers:
    def test_random_is_drawn_once_and_stays(self, registry: Registry) -> None:
        spec = with_codes(parse("a fox --sref random random::2")[0])
        first, second = spec.sref
        assert first.text.isdecimal()
        assert second.text.isdecimal()
        assert second.weight == 2
        assert with_codes(spec) is spec
        codes = [each.code for each in plan_imagine(spec, registry).references]
        assert codes == [int(first.text), int(second.text)]
        assert [each.code for each in plan_reroll(spec, registry).references] == codes

    def test_the_same_number_is_the_same_point_and_others_are_others(self) -> None:
        assert point_of(762351716, 161) == point_of(762351716, 161)
        points = {point_of(code, 161) for code in range(300)}
        assert len(points) == 300
        for point in points:
            assert sum(share for _, share in point) == pytest.approx(1)
            assert [share for _, share in point] == sorted((share for _, share in point), reverse=True)

    def test_a_point_is_for_ever(self) -> None:
        """Were this another one, every number that anybody noted down would mean another style."""
        assert [place for place, _ in point_of(762351716, 161)] == POINT

    def test_a_model_without_anchors_of_its_own_draws_by_words(self, registry: Registry) -> None:
        plan, again, more = (
            planned(registry, f"a fox --sref 42{said}", "sdxl") for said in ("", "", " --sw 1000")
        )
        texts = registry.get("sdxl").anchors
        assert plan.style == again.style == more.style
        assert any(plan.style.startswith(text) for text in texts)
        assert 0 < plan.style_weight < more.style_weight == 1
        assert plan.notes == ()


class TestStyles:
    def test_a_style_takes_the_house_styles_place_unless_that_is_said(self, registry: Registry) -> None:
        assert planned(registry, "a fox").style
        assert not planned(registry, f"a fox --sref {ONE}").style
        assert planned(registry, f"a fox --sref {ONE} --s 100").style
        assert planned(registry, f"a fox --cref {ONE}").style

    def test_an_old_version_takes_all_layers(self, registry: Registry) -> None:
        whole = [
            planned(registry, f"a fox --sref {ONE}{said}").references[0].whole
            for said in ("", " --sv 1", " --sv 4", " --sv 7")
        ]
        assert whole == [False, True, False, False]

    def test_a_version_that_changes_nothing_is_told(self, registry: Registry) -> None:
        assert any("--sv" in note for note in planned(registry, "a fox --sv 4").notes)
        plain = replace(registry, adapters=tuple(replace(each, layers={}) for each in registry.adapters))
        assert any("--sv" in note for note in planned(plain, f"a fox --sref {ONE} --sv 4").notes)


class TestWhoCan:
    @pytest.mark.parametrize("said", [f"--sref {ONE}", f"--cref {ONE}", f"--oref {ONE}"])
    def test_a_model_that_cannot_says_so_and_draws_the_rest(self, registry: Registry, said: str) -> None:
        plan = planned(replace(registry, adapters=()), f"a red house {said}")
        assert plan.references == ()
        assert plan.unmet
        assert f"`{said.split()[0]}`" in plan.notes[0]

    def test_an_adapter_that_is_not_here_is_named_with_how_it_is_fetched(self) -> None:
        plan = planned(Registry.load(), f"a red house --cref {ONE}", "sdxl")
        assert plan.unmet
        assert "easel models pull ip-adapter-face-sdxl" in plan.notes[0]

    def test_the_list_says_what_each_can(self, registry: Registry) -> None:
        pocket = registry.get("pocket")
        able = can(pocket, registry.adapters)
        assert able["sref"]
        assert able["cref"]
        assert able["oref"]
        assert not any(can(pocket)[name] for name in ("sref", "cref", "oref"))
        assert not can(registry.get("sd-2.1"), registry.adapters)["sref"]

    def test_image_prompts_begin_the_denoising_where_nobody_sees_them(self, registry: Registry) -> None:
        (spec,) = parse(f"{ONE} a fox")
        seen = plan_imagine(spec, registry)
        assert seen.strength is None
        assert seen.links == (ONE,)
        assert starting_links(spec, seen.references) == ()
        begun = plan_imagine(spec, replace(registry, adapters=()))
        assert begun.strength is not None
        assert begun.notes == ()
        assert starting_links(spec, begun.references) == (ONE,)

    def test_what_comes_of_a_picture_refers_to_the_same(self, registry: Registry) -> None:
        first = planned(registry, f"a red house --sref {ONE} --oref {TWO}")
        assert first.links == (ONE, TWO)
        assert plan_vary(first, 1, registry, strong=True).references == first.references
        (spec,) = parse(f"a red house --sref {TWO}")
        assert plan_vary(first, 1, registry, strong=True, spec=spec).links == (TWO,)
        assert Plan.from_dict(first.to_dict()) == first


class TestEntries:
    ENTRY = """
[[adapter]]
name = "mine"
title = "Mine"
family = "sd"
source = "./here"
file = "x.safetensors"
encoder = "image_encoder"
does = ["sref"]
"""

    def test_an_operators_own_is_read(self, tmp_path: Path) -> None:
        (tmp_path / "models.toml").write_text(self.ENTRY)
        entry = Registry.load(extra=tmp_path / "models.toml").adapter("mine")
        assert entry.does == ("sref",)
        assert not entry.on_this_machine()

    @pytest.mark.parametrize(
        ("wrong", "told"),
        [
            ('does = ["paint"]', "paint"),
            ('does = ["sref"]\nencoder = "owner/repo@main"', "encoder"),
            ('does = ["sref"]\ncolour = 1', "colour"),
            ('does = ["sref"]\nlayers = { painting = ["mid"] }', "painting"),
        ],
    )
    def test_a_wrong_one_is_a_sentence(self, tmp_path: Path, wrong: str, told: str) -> None:
        text = self.ENTRY.replace('does = ["sref"]', wrong)
        if "encoder =" in wrong:
            text = text.replace('encoder = "image_encoder"\n', "")
        (tmp_path / "models.toml").write_text(text)
        with pytest.raises(BadRegistry, match=told):
            Registry.load(extra=tmp_path / "models.toml")
