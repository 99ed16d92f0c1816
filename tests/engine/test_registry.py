"""Which models exist."""

import json
import re
from pathlib import Path

import pytest

from engine import BadRegistry, ModelEntry, Registry, UnknownModel
from engine.models import table
from engine.planning.measuring import listed
from grammar.parameters import PARAMETERS
from grammar.spec import GenerationSpec


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry.load()


def write(folder: Path, text: str) -> Path:
    file = folder / "models.toml"
    file.write_text(text, encoding="utf-8")
    return file


OWN = """
[[model]]
name = "mine"
title = "Mine"
family = "sd"
source = "./weights"
side = 512
multiple = 8
steps = 20
guidance = 7.0
versions = ["5.2"]
"""


def test_a_hub_model_names_a_whole_commit_or_none(registry: Registry) -> None:
    for entry in registry.entries:
        commits = [commit for _, commit in entry.repositories() if commit is not None]
        assert all(re.fullmatch(r"[0-9a-f]{40}", commit) for commit in commits), entry.name


def test_every_entry_says_what_an_owner_asks(registry: Registry) -> None:
    for entry in registry.entries:
        assert entry.licence, entry.name
        assert 0 < entry.gigabytes < 200, entry.name
        small, large = (listed(entry, kind).weights for kind in ("nf4", "fp16"))
        assert small < large or entry.precision == "nf4", entry.name
        if not entry.drawer:  # a model that only edits has no style of its own
            assert entry.style, entry.name
            assert entry.muses, entry.name


def test_no_version_is_claimed_twice(registry: Registry) -> None:
    for claims in (
        [v for e in registry.entries for v in e.versions],
        [n for e in registry.entries for n in e.niji],
    ):
        assert len(claims) == len(set(claims))


def test_every_table_size_suits_its_model(registry: Registry) -> None:
    for entry in registry.entries:
        for width, height in entry.sizes:
            assert width % entry.multiple == 0 == height % entry.multiple


def test_the_embedded_model_lies_in_the_repository(registry: Registry) -> None:
    assert registry.get("pocket").folder == Path(__file__).parents[2] / "pocket" / "weights"


@pytest.mark.parametrize(
    ("here", "offered"),
    [
        ({"qwen-image", "qwen-image-edit"}, ["qwen-image"]),
        ({"qwen-image-edit"}, ["qwen-image-edit"]),
        ({"pocket", "pocket-edit", "qwen-image-edit"}, ["pocket", "qwen-image-edit"]),
    ],
)
def test_who_only_edits_for_another_that_is_here_is_no_choice(
    registry: Registry, here: set[str], offered: list[str]
) -> None:
    assert [entry.name for entry in registry.choosable(here)] == offered


def test_an_unknown_name_says_which_are_known(registry: Registry) -> None:
    with pytest.raises(UnknownModel, match="sdxl"):
        registry.get("dall-e")


def test_the_operators_file_adds_and_replaces(tmp_path: Path) -> None:
    more = OWN + OWN.replace('"mine"', '"sdxl"').replace("versions", "niji")
    registry = Registry.load(extra=write(tmp_path, more))
    assert registry.get("mine").folder == tmp_path / "weights"
    assert registry.get("sdxl").title == "Mine"
    assert registry.get("pocket").title == "Pocket"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (OWN.replace('source = "./weights"', 'source = "org/model"\nrevision = "main"'), "revision"),
        (OWN + "colour = 1", "colour"),
        (OWN.replace('family = "sd"', 'family = "gan"'), "family"),
        (OWN.replace("steps = 20", ""), "steps"),
        (OWN + 'sizes = "nowhere"', "nowhere"),
        (OWN + 'parts = "elsewhere"', "parts"),
        (OWN.replace('family = "sd"', 'family = "stable-cascade"'), "stage `decoder`"),
        ("[[model", "TOML"),
    ],
)
def test_a_wrong_list_is_refused_with_the_place(tmp_path: Path, wrong: str, says: str) -> None:
    file = write(tmp_path, wrong)
    with pytest.raises(BadRegistry, match=says) as refused:
        Registry.load(extra=file)
    assert str(file) in str(refused.value)


@pytest.mark.parametrize(
    "wrong",
    [
        OWN + "colour = 1",
        OWN.replace("side = 512", "side = 0"),
        OWN + 'sizes = "nowhere"',
        OWN + "[model.steps]",
    ],
)
def test_a_wrong_entry_of_this_machines_list_is_told_and_the_rest_is_there(
    tmp_path: Path, wrong: str
) -> None:
    wrong = wrong.replace("steps = 20\n", "") if "[model.steps]" in wrong else wrong
    write(tmp_path, wrong + OWN.replace('"mine"', '"good"'))
    registry = Registry.load(data=tmp_path)
    [problem] = registry.problems
    assert "'mine'" in problem
    assert "\n" not in problem
    assert registry.get("good").title == "Mine"
    assert registry.get("pocket").title == "Pocket"
    with pytest.raises(UnknownModel):
        registry.get("mine")


def test_a_list_of_this_machine_that_is_no_toml_leaves_the_built_in_ones(tmp_path: Path) -> None:
    registry = Registry.load(data=write(tmp_path, "[[model").parent)
    assert "TOML" in registry.problems[0]
    assert registry.get("pocket").title == "Pocket"


def a_model_folder(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "model_index.json").write_text(
        json.dumps({"_class_name": "X", "unet": ["diffusers", "U"], "safety_checker": [None, None]})
    )
    return folder


def test_a_model_is_here_once_its_weights_are_complete(tmp_path: Path) -> None:
    mine = Registry.load(extra=write(tmp_path, OWN)).get("mine")
    assert not mine.on_this_machine()
    unet = a_model_folder(tmp_path / "weights") / "unet"
    assert not mine.on_this_machine()
    unet.mkdir()
    (unet / "config.json").write_text("{}")
    assert not mine.on_this_machine()
    shards = {"weight_map": {"a": "m-1.safetensors", "b": "m-2.safetensors"}}
    (unet / "m.safetensors.index.json").write_text(json.dumps(shards))
    (unet / "m-1.safetensors").write_bytes(b"")
    assert not mine.on_this_machine()
    (unet / "m-2.safetensors").write_bytes(b"")
    assert mine.on_this_machine()


class TestWhichModelAVersionMeans:
    @pytest.fixture
    def here(self, tmp_path: Path) -> Registry:
        folder = a_model_folder(tmp_path / "weights")
        (folder / "unet").mkdir()
        return Registry.load(extra=write(tmp_path, OWN.replace("5.2", "99")))

    def chosen(self, registry: Registry, **said: str) -> tuple[ModelEntry, tuple[str, ...]]:
        return registry.resolve(GenerationSpec(**said), "pocket")  # type: ignore[arg-type]

    def test_nothing_said_is_the_default(self, here: Registry) -> None:
        assert self.chosen(here) == (here.get("pocket"), ())

    def test_a_version_whose_model_is_here(self, here: Registry) -> None:
        assert self.chosen(here, version="99") == (here.get("mine"), ())

    def test_a_version_whose_model_is_elsewhere_starts_no_download(
        self, here: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
        entry, notes = self.chosen(here, version="5.2")
        assert entry.name == "pocket"
        assert "--v 5.2" in notes[0]
        assert "sdxl" in notes[0]

    def test_a_number_nobody_claims(self, here: Registry) -> None:
        entry, notes = self.chosen(here, niji="99")
        assert (entry.name, notes) == ("pocket", ("`--niji 99` is not a model here; rendered with pocket.",))

    def test_the_default_itself_needs_no_look(self, here: Registry) -> None:
        assert here.resolve(GenerationSpec(version="5"), "sdxl") == (here.get("sdxl"), ())

    def test_niji_without_a_number_is_the_newest(self, here: Registry) -> None:
        claimed = here.claims(GenerationSpec(niji=""))
        assert claimed is not None
        assert "7" in claimed.niji


def test_every_version_that_the_grammar_offers_means_a_model(registry: Registry) -> None:
    offered = {"1", "2", "3", "4", "5", "5.0", "5.1", "5.2", "6", "6.0", "6.1", "7", "8.1", "8.2"}
    assert any(row.short == "v" for row in PARAMETERS)
    assert offered == {version for entry in registry.entries for version in entry.versions}


def test_the_owners_table_in_the_documents_is_the_lists(registry: Registry) -> None:
    document = (Path(__file__).parents[2] / "docs" / "models.md").read_text(encoding="utf-8")
    assert table.written(document, registry) == document, "run `python -m engine.models.table docs/models.md`"


@pytest.mark.parametrize(("gigabytes", "size"), [(3.9, 4), (4.1, 6), (23.9, 24), (24.1, 32), (200, None)])
def test_the_smallest_card_that_has_room(gigabytes: float, size: int | None) -> None:
    assert table.card(gigabytes) == size
