"""What stands beside models is fetched by its name: adapters with encoders, controls, models of depth."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.models import fetch, order, remove
from engine.planning.registry import Registry, is_here
from tests.engine.test_fetching import COMMIT, WEIGHTS, at_hub
from tests.hub import Hub, hub_in

OTHER = "0" * 40
BESIDE = f"""
[[adapter]]
name = "sees"
title = "Sees"
family = "sd"
source = "somebody/sees"
file = "models/sees.safetensors"
encoder = "models/eyes"
does = ["image"]
licence = "Apache-2.0"

[[adapter]]
name = "looks"
title = "Looks"
family = "sd"
source = "somebody/looks"
file = "looks.bin"
encoder = "somebody/eyes@{OTHER}:inside"
does = ["image"]
licence = "Another"
commercial = false

[[control]]
name = "holds"
title = "Holds"
family = "sd"
source = "somebody/holds"
map = "edges"

[[depth]]
name = "far-off"
title = "Far off"
source = "somebody/depth"
"""
EYES = {"config.json": b"{}", "model.safetensors": WEIGHTS, "pytorch_model.bin": WEIGHTS}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def hub(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with hub_in(tmp_path / "hub") as there:
        at_hub(there.url, monkeypatch)
        yield there


@pytest.fixture
def beside(hub: Hub) -> Hub:
    hub.add(
        "somebody/sees",
        {"models/sees.safetensors": WEIGHTS, "models/other.safetensors": WEIGHTS}
        | {f"models/eyes/{name}": data for name, data in EYES.items()},
    )
    hub.add("somebody/looks", {"looks.bin": WEIGHTS, "README.md": b""})
    hub.add("somebody/eyes", {f"inside/{name}": data for name, data in EYES.items()})
    hub.commits["somebody/eyes"] = OTHER
    hub.add(
        "somebody/holds",
        {"config.json": b"{}", "diffusion_pytorch_model.safetensors": WEIGHTS, "images/a.png": b"1"},
    )
    hub.add("somebody/depth", {"config.json": b"{}", "model.safetensors": WEIGHTS})
    hub.licences["somebody/depth"] = "apache-2.0"
    return hub


def listed(folder: Path) -> Registry:
    (folder / "own.toml").write_text(BESIDE, encoding="utf-8")
    return Registry.load(extra=folder / "own.toml", data=folder / "data")


def fetched(folder: Path) -> set[str]:
    return {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize(
    ("name", "source", "files"),
    [
        (
            "sees",
            "somebody/sees",
            {"models/sees.safetensors", "models/eyes/config.json", "models/eyes/model.safetensors"},
        ),
        ("holds", "somebody/holds", {"config.json", "diffusion_pytorch_model.safetensors"}),
        ("far-off", "somebody/depth", {"config.json", "model.safetensors"}),
    ],
)
def test_each_is_here_once_it_was_pulled(
    name: str,
    source: str,
    files: set[str],
    beside: Hub,
    cache: Path,
    tmp_path: Path,
) -> None:
    assert not is_here(listed(tmp_path).find(name))
    fetch(order(listed(tmp_path).find(name)), tmp_path / "data", lambda *_: None)
    entry = listed(tmp_path).find(name)
    assert is_here(entry)
    folder = cache / f"models--{source.replace('/', '--')}" / "snapshots" / COMMIT
    assert fetched(folder) == files
    assert order(entry).missing == 0
    remove(entry, tmp_path / "data", listed(tmp_path))
    assert not is_here(listed(tmp_path).find(name))


def test_an_encoder_of_another_repository_comes_along(
    beside: Hub,
    cache: Path,
    tmp_path: Path,
) -> None:
    wanted = order(listed(tmp_path).find("looks"))
    assert "Another, no commercial use" in wanted.sentence()
    fetch(wanted, tmp_path / "data", lambda *_: None)
    assert is_here(listed(tmp_path).find("looks"))
    eyes = cache / "models--somebody--eyes" / "snapshots" / OTHER
    assert fetched(eyes) == {"inside/config.json", "inside/model.safetensors"}
    pins = (tmp_path / "data" / "pins.toml").read_text()
    assert "somebody/looks" in pins
    assert "somebody/eyes" not in pins


def test_the_hubs_licence_is_said_where_the_list_says_none(beside: Hub, tmp_path: Path) -> None:
    assert "apache-2.0" in order(listed(tmp_path).find("far-off")).sentence()


def test_of_a_modular_pipeline_its_own_parts_are_fetched_and_no_other_repositorys(
    beside: Hub,
    cache: Path,
    tmp_path: Path,
) -> None:
    def part(library: str, kind: str, source: str, folder: str) -> list[object]:
        told = {"pretrained_model_name_or_path": source, "subfolder": folder}
        return [library, kind, told | {"type_hint": [library, kind]}]

    own = "somebody/blocks"
    index = {
        "_class_name": "Flux3ModularPipeline",
        "_blocks_class_name": "Flux3AutoBlocks",
        "transformer": part("diffusers", "Flux3Transformer2DModel", own, "transformer"),
        "text_encoder": part("transformers", "Qwen3VLForConditionalGeneration", own, "text_encoder"),
        "prompt_upsampler": part("transformers", "AutoModel", "somebody/rewriter", ""),
    }
    beside.add(
        own,
        {
            "modular_model_index.json": json.dumps(index).encode(),
            "transformer/config.json": b"{}",
            "transformer/diffusion_pytorch_model.safetensors": WEIGHTS,
            "text_encoder/config.json": b"{}",
            "text_encoder/model.safetensors": WEIGHTS,
        },
    )
    row = BESIDE + (
        '[[model]]\nname = "blocks"\ntitle = "Blocks"\nfamily = "flux3"\nsource = "somebody/blocks"\n'
        "side = 64\nmultiple = 16\nsteps = 2\nguidance = 0.0\n"
    )
    (tmp_path / "own.toml").write_text(row, encoding="utf-8")
    known = Registry.load(extra=tmp_path / "own.toml", data=tmp_path / "data")
    fetch(order(known.get("blocks")), tmp_path / "data", lambda *_: None)
    known = Registry.load(extra=tmp_path / "own.toml", data=tmp_path / "data")
    assert known.get("blocks").on_this_machine()
    there = fetched(cache / "models--somebody--blocks" / "snapshots" / COMMIT)
    assert len(there) == 5
