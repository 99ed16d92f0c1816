"""Fetching models from a hub on loopback: whole, broken off, denied, without room."""

import errno
import json
import shutil
from pathlib import Path

import pytest

from engine.errors import ModelUnavailable
from engine.models import Stopped, fetch, fetching, order, ordering, remove, what_removing_does
from engine.planning.registry import PINS, Registry
from tests.hub import COMMIT, Hub, hub_in

INDEX = {
    "_class_name": "StableDiffusionPipeline",
    "unet": ["diffusers", "UNet2DConditionModel"],
    "text_encoder": ["transformers", "CLIPTextModel"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "scheduler": ["diffusers", "EulerDiscreteScheduler"],
    "safety_checker": [None, None],
}
WEIGHTS = bytes(range(256)) * 400
FILES = {
    "model_index.json": json.dumps(INDEX).encode(),
    "README.md": b"# words",
    "whole-checkpoint.safetensors": WEIGHTS[:2000],
    "unet/config.json": b"{}",
    "unet/diffusion_pytorch_model.fp16.safetensors": WEIGHTS,
    "unet/diffusion_pytorch_model.safetensors": WEIGHTS * 2,
    "unet/diffusion_pytorch_model.bin": WEIGHTS * 2,
    "text_encoder/config.json": b"{}",
    "text_encoder/model.safetensors": WEIGHTS[:5000],
    "text_encoder/model.onnx": WEIGHTS[:5000],
    "tokenizer/vocab.json": b"{}",
    "scheduler/scheduler_config.json": b"{}",
}
FETCHED = {name for name, data in FILES.items() if not name.endswith((".md", ".bin", ".onnx"))} - {
    "whole-checkpoint.safetensors",
    "unet/diffusion_pytorch_model.safetensors",
}
SIZE = sum(len(FILES[name]) for name in FETCHED)

OWN = """
[[model]]
name = "far"
title = "Far"
family = "sd"
source = "somebody/far"
variant = "fp16"
side = 512
multiple = 8
steps = 20
guidance = 7.0
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(fetching, "WAITS", (0.0, 0.0))
    return tmp_path / "cache"


@pytest.fixture
def hub(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch):
    with hub_in(tmp_path / "hub") as hub:
        at_hub(hub.url, monkeypatch)
        hub.add("somebody/far", FILES)
        yield hub


def at_hub(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", url)
    template = url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)


def listed(folder: Path, text: str = OWN) -> Registry:
    (folder / "own.toml").write_text(text, encoding="utf-8")
    return Registry.load(extra=folder / "own.toml", data=folder / "data")


def pull(folder: Path, text: str = OWN) -> list[tuple[int, int]]:
    told: list[tuple[int, int]] = []
    fetch(order(listed(folder, text).get("far")), folder / "data", lambda *so_far: told.append(so_far))
    return told


def snapshot(cache: Path) -> Path:
    return cache / "models--somebody--far" / "snapshots" / COMMIT


def test_what_a_pipeline_needs_is_fetched_and_nothing_else(hub: Hub, cache: Path, tmp_path: Path) -> None:
    told = pull(tmp_path)
    there = {str(file.relative_to(snapshot(cache))) for file in snapshot(cache).rglob("*") if file.is_file()}
    assert there == FETCHED
    assert all((snapshot(cache) / name).read_bytes() == FILES[name] for name in FETCHED)
    assert told[-1] == (SIZE, SIZE)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_the_first_pull_chooses_a_commit_and_every_later_one_keeps_it(
    hub: Hub, cache: Path, tmp_path: Path
) -> None:
    assert listed(tmp_path).get("far").revision is None
    assert not listed(tmp_path).get("far").on_this_machine()
    pull(tmp_path)
    far = listed(tmp_path).get("far")
    assert (far.revision, far.chosen_here, far.on_this_machine()) == (COMMIT, True, True)
    hub.commits["somebody/far"] = "f" * 40
    with pytest.raises(ModelUnavailable, match="no such commit"):
        order(far)
    assert COMMIT in (tmp_path / "data" / PINS).read_text()


def test_what_will_be_fetched_is_said_first(hub: Hub, cache: Path, tmp_path: Path) -> None:
    hub.gated.add("somebody/far")
    hub.licences["somebody/far"] = "openrail"
    sentence = order(listed(tmp_path, OWN + "gated = true\ncommercial = false").get("far")).sentence()
    for said in (
        ordering.gigabytes(SIZE),
        "somebody/far",
        "openrail",
        "no commercial use",
        "accepted",
        "Free",
    ):
        assert said in sentence
    assert not snapshot(cache).exists()


def test_a_connection_that_breaks_is_taken_up_again(hub: Hub, cache: Path, tmp_path: Path) -> None:
    hub.cut, hub.cuts = 30_000, 3
    pull(tmp_path)
    assert (snapshot(cache) / "unet/diffusion_pytorch_model.fp16.safetensors").read_bytes() == WEIGHTS
    assert hub.served["diffusion_pytorch_model.fp16.safetensors"] == len(WEIGHTS)


def test_a_second_pull_goes_on_where_the_first_broke_off(hub: Hub, cache: Path, tmp_path: Path) -> None:
    large = "diffusion_pytorch_model.fp16.safetensors"
    hub.cut, hub.cuts = 0, 10**9
    with pytest.raises(ModelUnavailable, match="could not be reached"):
        pull(tmp_path)
    stop = len(WEIGHTS) // 2

    def half(done: int, _: int) -> None:
        if hub.served.get(large, 0) and done > stop:
            raise Stopped

    hub.cut = 60_000
    hub.cuts = 1
    with pytest.raises(Stopped):
        fetch(order(listed(tmp_path).get("far")), tmp_path / "data", half)
    begun = order(listed(tmp_path).get("far"))
    assert not listed(tmp_path).get("far").on_this_machine()
    assert begun.total - begun.missing > stop
    assert "are here" in begun.sentence()
    served = hub.served[large]
    pull(tmp_path)
    assert (snapshot(cache) / "unet" / large).read_bytes() == WEIGHTS
    assert hub.served[large] - served <= len(WEIGHTS) - stop
    assert listed(tmp_path).get("far").on_this_machine()


def test_a_download_that_stays_broken_says_where_it_stands(hub: Hub, cache: Path, tmp_path: Path) -> None:
    hub.cut, hub.cuts = 20_000, 1

    def fails_then(done: int, _: int) -> None:
        if done > 10_000:  # in the second of the large files
            hub.cut, hub.cuts = 0, 10**9

    with pytest.raises(ModelUnavailable, match=r"broke off in `unet/.*` at .* of 102 kB; the next pull"):
        fetch(order(listed(tmp_path).get("far")), tmp_path / "data", fails_then)


def test_a_server_without_ranges_gives_the_file_anew(hub: Hub, cache: Path, tmp_path: Path) -> None:
    hub.cut, hub.cuts, hub.ignores_ranges = 30_000, 1, True
    pull(tmp_path)
    assert (snapshot(cache) / "unet/diffusion_pytorch_model.fp16.safetensors").read_bytes() == WEIGHTS


def test_a_file_that_arrives_damaged_is_not_kept(hub: Hub, cache: Path, tmp_path: Path) -> None:
    hub.spoiled = True
    with pytest.raises(ModelUnavailable, match="damaged"):
        pull(tmp_path)
    hub.spoiled = False
    pull(tmp_path)
    assert listed(tmp_path).get("far").on_this_machine()


@pytest.mark.parametrize("status", [401, 403])
def test_a_licence_that_is_not_accepted_or_no_longer_says_where_to_accept_it(
    hub: Hub, cache: Path, tmp_path: Path, status: int
) -> None:
    pull(tmp_path)
    shutil.rmtree(cache)
    hub.denied["somebody/far"] = status
    with pytest.raises(
        ModelUnavailable, match=r"Accept its licence on https://huggingface.co/somebody/far"
    ) as no:
        pull(tmp_path)
    assert "\n" not in str(no.value)


def test_a_hub_out_of_reach_is_no_question_of_licences(
    hub: Hub, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_hub("http://127.0.0.1:9", monkeypatch)
    with pytest.raises(ModelUnavailable, match="the hub could not be reached") as no:
        order(listed(tmp_path, OWN + "gated = true").get("far"))
    assert "licence" not in str(no.value)


def test_a_hub_in_trouble_says_so(hub: Hub, cache: Path, tmp_path: Path) -> None:
    hub.down = True
    with pytest.raises(ModelUnavailable, match="503"):
        order(listed(tmp_path).get("far"))


def test_a_repository_that_is_not_there(hub: Hub, cache: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="no repository somebody/gone"):
        order(listed(tmp_path, OWN.replace("somebody/far", "somebody/gone")).get("far"))


@pytest.mark.parametrize("part", ["unet", "text_encoder"])
@pytest.mark.parametrize(
    ("shards", "index"),
    [
        ("m-00001-of-00002.safetensors m-00002-of-00002.safetensors", "m.safetensors.index.json"),
        ("m.fp16-1-of-2.safetensors m.fp16-2-of-2.safetensors", "m.safetensors.index.fp16.json"),
        ("m-1-of-2.fp16.safetensors m-2-of-2.fp16.safetensors", "m.safetensors.index.fp16.json"),
    ],
)
def test_shards_come_with_their_index(
    hub: Hub, cache: Path, tmp_path: Path, part: str, shards: str, index: str
) -> None:
    for file in (hub.folder / "somebody/far" / part).iterdir():
        if file.name != "config.json":
            file.unlink()
    told = {"weight_map": dict(zip("ab", shards.split(), strict=True))}
    files = {f"{part}/{name}": WEIGHTS[:5000] for name in shards.split()}
    hub.add("somebody/far", files | {f"{part}/{index}": json.dumps(told).encode()})
    pull(tmp_path)
    there = {file.name for file in (snapshot(cache) / part).iterdir()}
    assert there == {*shards.split(), index, "config.json"}
    assert listed(tmp_path).get("far").on_this_machine()


def test_a_shard_that_the_hub_lacks_itself_is_named(hub: Hub, cache: Path, tmp_path: Path) -> None:
    shards = {"weight_map": {"a": "model-1-of-2.safetensors", "b": "model-2-of-2.safetensors"}}
    (hub.folder / "somebody/far/text_encoder/model.safetensors").unlink()
    hub.add("somebody/far", {
        "text_encoder/model.safetensors.index.json": json.dumps(shards).encode(),
        "text_encoder/model-1-of-2.safetensors": WEIGHTS[:5000],
    })  # fmt: skip
    with pytest.raises(ModelUnavailable) as no:
        pull(tmp_path)
    assert str(no.value) == (
        "Far: what the hub holds in somebody/far is not whole:"
        " `text_encoder/model-2-of-2.safetensors` is missing."
    )
    assert not listed(tmp_path).get("far").on_this_machine()
    hub.add("somebody/far", {"text_encoder/model-2-of-2.safetensors": WEIGHTS[:5000]})
    pull(tmp_path)
    assert listed(tmp_path).get("far").on_this_machine()


def test_too_little_room_is_said_before_anything_is_fetched(
    hub: Hub, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = order(listed(tmp_path).get("far"))
    usage = type(shutil.disk_usage(tmp_path))
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage(100, 100, 50))
    with pytest.raises(ModelUnavailable, match="are free"):
        fetch(wanted, tmp_path / "data", lambda *_: None)
    assert not snapshot(cache).exists()


def test_a_disk_that_fills_up_keeps_what_has_come(
    hub: Hub, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = fetching._Part.write

    def full(part: fetching._Part, chunk: bytes) -> None:
        write(part, chunk[:4000])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(fetching._Part, "write", full)
        with pytest.raises(ModelUnavailable, match="the disk is full"):
            pull(tmp_path)
    begun = order(listed(tmp_path).get("far"))
    assert begun.missing <= begun.total - 4000
    pull(tmp_path)
    assert listed(tmp_path).get("far").on_this_machine()


def test_two_do_not_fetch_the_same_at_once(hub: Hub, cache: Path, tmp_path: Path) -> None:
    wanted = order(listed(tmp_path).get("far"))

    def meanwhile(*_: int) -> None:
        with pytest.raises(ModelUnavailable, match="being fetched already"):
            fetch(wanted, tmp_path / "data", lambda *_: None)

    fetch(wanted, tmp_path / "data", meanwhile)


def test_parts_of_other_repositories_come_along(hub: Hub, cache: Path, tmp_path: Path) -> None:
    hub.add(
        "else/encoder", {"config.json": b"{}", "model.safetensors": WEIGHTS[:3000], "original/x.pth": WEIGHTS}
    )
    text = OWN + 'parts = { text_encoder_4 = "else/encoder" }'
    pull(tmp_path, text)
    far = listed(tmp_path, text).get("far")
    assert far.on_this_machine()
    [folder] = far.part_folders().values()
    assert folder is not None
    assert {file.name for file in folder.iterdir()} == {"config.json", "model.safetensors"}
    shutil.rmtree(folder)
    assert not far.on_this_machine()


STAGED = """
[[model]]
name = "far"
title = "Far"
family = "stable-cascade"
source = "somebody/far"
side = 1024
multiple = 128
steps = 20
guidance = 4.0
parts = { decoder = "somebody/decoder" }
"""


def test_of_a_later_stage_only_what_it_does_not_share_is_fetched(
    hub: Hub, cache: Path, tmp_path: Path
) -> None:
    index = INDEX | {"unet": [None, None], "decoder": ["diffusers", "StableCascadeUNet"]}
    decoder = {"model_index.json": json.dumps(index).encode(), "decoder/config.json": b"{}"}
    decoder |= {name: FILES[name] for name in ("text_encoder/config.json", "text_encoder/model.safetensors")}
    decoder |= {"scheduler/scheduler_config.json": b"{}", "tokenizer/vocab.json": b"{}"}
    hub.add("somebody/decoder", decoder | {"decoder/diffusion_pytorch_model.safetensors": WEIGHTS})
    pull(tmp_path, STAGED)
    there = cache / "models--somebody--decoder" / "snapshots" / COMMIT
    assert {str(file.relative_to(there)) for file in there.rglob("*") if file.is_file()} == {
        "model_index.json",
        "scheduler/scheduler_config.json",
        "decoder/config.json",
        "decoder/diffusion_pytorch_model.safetensors",
    }
    assert listed(tmp_path, STAGED).get("far").on_this_machine()
    (there / "decoder" / "diffusion_pytorch_model.safetensors").unlink()
    assert not listed(tmp_path, STAGED).get("far").on_this_machine()


def test_removing_takes_what_was_fetched_and_no_other_models_files(
    hub: Hub, cache: Path, tmp_path: Path
) -> None:
    pull(tmp_path)
    registry = listed(tmp_path)
    assert "kB" in what_removing_does(registry.get("far"), tmp_path / "data", registry)
    remove(registry.get("far"), tmp_path / "data", registry)
    assert not snapshot(cache).exists()
    gone = listed(tmp_path).get("far")
    assert (gone.revision, gone.on_this_machine()) == (None, False)
    with pytest.raises(ModelUnavailable, match="nothing to remove"):
        what_removing_does(gone, tmp_path / "data", registry)


def test_weights_that_two_entries_share_stay_with_the_other(hub: Hub, cache: Path, tmp_path: Path) -> None:
    text = OWN + OWN.replace('"far"', '"farther"')
    pull(tmp_path, text)
    registry = listed(tmp_path, text)
    with pytest.raises(ModelUnavailable, match="nothing to remove"):
        remove(registry.get("far"), tmp_path / "data", registry)
    assert registry.get("farther").on_this_machine()


def test_a_model_that_lends_to_a_file_stays_and_the_file_is_named(
    hub: Hub, cache: Path, tmp_path: Path
) -> None:
    file = OWN.replace('"far"', '"mix"').replace("somebody/far", str(tmp_path / "mix.safetensors"))
    text = OWN + file.replace('variant = "fp16"', 'configs = "far"')
    pull(tmp_path, text)
    registry = listed(tmp_path, text)
    for refused in (what_removing_does, remove):
        with pytest.raises(ModelUnavailable, match="lends mix what their files lack"):
            refused(registry.get("far"), tmp_path / "data", registry)
    assert snapshot(cache).exists()
    without = listed(tmp_path)
    remove(without.get("far"), tmp_path / "data", without)
    assert not snapshot(cache).exists()
