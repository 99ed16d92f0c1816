"""Adding models: what a folder or repository holds is recognised by what lies in it, and listed."""

import json
import struct
import tomllib
from pathlib import Path

import diffusers
import pytest

from engine.errors import BadRegistry, ModelUnavailable
from engine.families import FAMILIES
from engine.models import add, fetch, order, own_list, remove
from engine.models.recognising import CLASSES
from engine.planning.registry import ADDED, Registry
from tests.engine.test_fetching import at_hub
from tests.hub import COMMIT, hub_in


def tensors(kind: str, *counts: int) -> bytes:
    """A safetensors file of zeros: what is read of it is its head."""
    width, at, head = {"F16": 2, "F32": 4}[kind], 0, {}
    for number, count in enumerate(counts):
        head[str(number)] = {"dtype": kind, "shape": [count], "data_offsets": [at, at + count * width]}
        at += count * width
    text = json.dumps(head).encode()
    return struct.pack("<Q", len(text)) + text + bytes(at)


def pipeline(
    kind: str,
    denoiser: dict[str, object],
    vae: dict[str, object],
    scheduler: dict[str, object] | None = None,
    **index: object,
) -> dict[str, bytes]:
    """The files of a pipeline's folder, as far as they are read."""
    part = "unet" if "UNet" in str(denoiser.get("_class_name")) else "transformer"
    listed = {part: ["diffusers", "X"], "vae": ["diffusers", "Y"], "scheduler": ["diffusers", "Z"]}
    return {
        "model_index.json": json.dumps({"_class_name": kind} | listed | index).encode(),
        f"{part}/config.json": json.dumps(denoiser).encode(),
        f"{part}/diffusion_pytorch_model.safetensors": tensors("F16", 3_000_000, 500_000),
        "vae/config.json": json.dumps(vae).encode(),
        "vae/diffusion_pytorch_model.safetensors": tensors("F32", 250_000),
        "scheduler/scheduler_config.json": json.dumps(scheduler or {}).encode(),
    }


def lay(folder: Path, files: dict[str, bytes]) -> Path:
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


DC = {"encoder_block_out_channels": [128, 256, 512, 512, 1024, 1024]}
KL = {"block_out_channels": [128, 256, 512, 512]}
UNET = {"_class_name": "UNet2DConditionModel", "sample_size": 64}
FLUX = {"_class_name": "FluxTransformer2DModel", "patch_size": 1}
EULER = {"_class_name": "EulerAncestralDiscreteScheduler", "timestep_spacing": "trailing"}


@pytest.mark.parametrize(
    ("files", "family", "side", "multiple", "steps", "guidance"),
    [
        (pipeline("StableDiffusionPipeline", UNET, KL), "sd", 512, 8, 25, 7.0),
        (pipeline("StableDiffusionPipeline", UNET | {"sample_size": 96}, KL), "sd", 768, 8, 25, 7.0),
        (pipeline("StableDiffusionPipeline", UNET, KL, EULER), "sd", 512, 8, 4, 0.0),
        (pipeline("StableDiffusionXLPipeline", UNET | {"sample_size": 128}, KL), "sdxl", 1024, 16, 28, 6.0),
        (pipeline("StableDiffusionXLPipeline", UNET, KL, EULER), "sdxl", 512, 16, 4, 0.0),
        (pipeline("FluxPipeline", FLUX | {"guidance_embeds": True}, KL), "flux", 1024, 16, 28, 3.5),
        (pipeline("FluxPipeline", FLUX | {"guidance_embeds": False}, KL), "flux", 1024, 16, 4, 0.0),
        (pipeline("ZImagePipeline", {"_class_name": "ZImage"}, KL), "z-image", 1024, 16, 50, 4.0),
        (pipeline("SanaPipeline", {"sample_size": 32, "patch_size": 1}, DC), "sana", 1024, 32, 20, 4.5),
        (pipeline("FutureImagePipeline", {"sample_size": 64, "patch_size": 2}, KL), "auto", 512, 16, 28, 4.5),
    ],
)  # fmt: skip
def test_a_folder_is_recognised_by_its_files(
    tmp_path: Path,
    files: dict[str, bytes],
    family: str,
    side: int,
    multiple: int,
    steps: int,
    guidance: float,
) -> None:
    folder = lay(tmp_path / "My Model v2", files)
    added = add(str(folder), tmp_path / "data", Registry.load())
    entry = Registry.load(data=tmp_path / "data").get("my-model-v2")
    assert (entry.family, entry.side, entry.multiple) == (family, side, multiple)
    assert (entry.steps, entry.guidance) == (steps, guidance)
    assert entry.on_this_machine()
    assert entry.folder == folder
    assert entry.muses
    assert family in added.sentences[0]


def test_a_first_stage_takes_size_and_later_stages_from_the_list(tmp_path: Path) -> None:
    folder = lay(tmp_path / "mine", pipeline("IFPipeline", UNET | {"sample_size": 64}, KL))
    added = add(str(folder), tmp_path / "data", Registry.load())
    registry = Registry.load(data=tmp_path / "data")
    entry, like = registry.get("mine"), registry.get("deepfloyd-if")
    assert (entry.family, entry.side, entry.multiple) == ("deepfloyd-if", 1024, 128)
    assert entry.parts == like.parts
    assert not entry.on_this_machine()
    assert "DeepFloyd/IF-II-L-v1.0 and stabilityai/stable-diffusion-x4-upscaler" in added.sentences[1]
    assert "`easel models pull mine`" in added.sentences[1]


def test_its_weights_are_counted_by_their_heads(tmp_path: Path) -> None:
    folder = lay(tmp_path / "mine", pipeline("StableDiffusionPipeline", UNET, KL))
    add(str(folder), tmp_path / "data", Registry.load())
    assert Registry.load(data=tmp_path / "data").get("mine").parameters == (0.004, 0.0)


def test_every_class_is_diffusers_own_and_every_family_is_known() -> None:
    assert set(CLASSES.values()) <= set(FAMILIES)
    missing = [name for name in CLASSES if not hasattr(diffusers, name)]
    assert missing == []
    assert {entry.family for entry in Registry.load().entries} <= set(CLASSES.values())


def broken(tmp_path: Path) -> dict[str, Path]:
    whole = pipeline("StableDiffusionPipeline", UNET, KL)
    shards = {"weight_map": {"a": "d-1-of-2.safetensors", "b": "d-2-of-2.safetensors"}}
    without_shard = {
        name: data for name, data in whole.items() if name != "unet/diffusion_pytorch_model.safetensors"
    }
    without_shard |= {
        "unet/d.safetensors.index.json": json.dumps(shards).encode(),
        "unet/d-1-of-2.safetensors": b"",
    }
    return {
        "d-2-of-2.safetensors` is missing": lay(tmp_path / "a", without_shard),
        "no `model_index.json`": lay(tmp_path / "b", {"words.txt": b"house"}),
        "that can be read": lay(tmp_path / "c", whole | {"model_index.json": b"{"}),
        "does not draw from text": lay(tmp_path / "d", pipeline("StableDiffusionUpscalePipeline", UNET, KL)),
        "a StableCascadeDecoderPipeline, which": lay(
            tmp_path / "f", pipeline("StableCascadeDecoderPipeline", UNET, KL)
        ),
        "code of its own": lay(tmp_path / "e", whole | {
            "model_index.json": json.dumps({"_class_name": ["pipeline", "Mine"]}).encode()
        }),
        "no file or folder": tmp_path / "nowhere",
        "x.safetensors cannot be added": lay(tmp_path / "f", {"x.safetensors": b"x"}) / "x.safetensors",
    }  # fmt: skip


def test_what_is_no_whole_pipeline_is_refused_with_one_sentence(tmp_path: Path) -> None:
    for says, folder in broken(tmp_path).items():
        with pytest.raises(ModelUnavailable, match=says.replace("`", ".")) as no:
            add(str(folder), tmp_path / "data", Registry.load())
        assert "\n" not in str(no.value)
    assert not (tmp_path / "data" / ADDED).exists()


def test_a_name_is_taken_once(tmp_path: Path) -> None:
    folder = lay(tmp_path / "sdxl", pipeline("StableDiffusionPipeline", UNET, KL))
    assert add(str(folder), tmp_path / "data", Registry.load()).name == "sdxl-2"
    with pytest.raises(BadRegistry, match="already"):
        add(str(folder), tmp_path / "data", Registry.load(), "flux-dev")
    with pytest.raises(BadRegistry, match="no name"):
        add(str(folder), tmp_path / "data", Registry.load(), "My Model")


EDITED = """# mine, all mine
[[model]]
name = "first"   # keep me
title = "First"
family = "sd"
source = "./weights"
side = 512
multiple = 8
steps = 20
guidance = 7.0
[model.styles]
ink = "ink"

# about the second
[[model]]
name = "second"
title = "Second"
family = "sd"
source = "./weights"
side = 512
multiple = 8
steps = 20
guidance = 7.0

# tables of my own
[muses]
mine = ["a", "b"]
"""


@pytest.mark.parametrize("name", ["first", "second"])
def test_taking_an_entry_out_leaves_everything_else(tmp_path: Path, name: str) -> None:
    (tmp_path / ADDED).write_text(EDITED)
    own_list.take_out(tmp_path, name)
    text = (tmp_path / ADDED).read_text()
    data = tomllib.loads(text)
    assert [row["name"] for row in data["model"]] == [{"first": "second", "second": "first"}[name]]
    assert data["muses"] == {"mine": ["a", "b"]}
    assert "# tables of my own" in text
    assert ("ink" in text, "# keep me" in text, "# about the second" in text) == ((name == "second"),) * 2 + (
        name == "first",
    )


def test_adding_leaves_what_people_wrote(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / ADDED).write_text(EDITED)
    folder = lay(tmp_path / "third", pipeline("StableDiffusionPipeline", UNET, KL))
    add(str(folder), data, Registry.load(data=data))
    text = (data / ADDED).read_text()
    assert text.startswith(EDITED.rstrip())
    registry = Registry.load(data=data)
    assert [entry.name for entry in registry.entries[-3:]] == ["first", "second", "third"]
    remove(registry.get("third"), data, registry)
    assert (data / ADDED).read_text().strip() == EDITED.strip()
    assert folder.exists()


def test_a_list_that_is_not_in_order_is_not_written_to(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / ADDED).write_text("[[model")
    folder = lay(tmp_path / "third", pipeline("StableDiffusionPipeline", UNET, KL))
    with pytest.raises(BadRegistry, match="TOML"):
        add(str(folder), data, Registry.load(data=data))
    assert (data / ADDED).read_text() == "[[model"


def test_a_repository_is_recognised_without_its_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    with hub_in(tmp_path / "hub") as hub:
        at_hub(hub.url, monkeypatch)
        files = pipeline("StableDiffusionXLPipeline", UNET | {"sample_size": 128}, KL)
        files["unet/diffusion_pytorch_model.fp16.safetensors"] = bytes(2000)
        hub.add("somebody/Dreamy-XL", files)
        hub.licences["somebody/Dreamy-XL"] = "openrail++"
        hub.gated.add("somebody/Dreamy-XL")
        for source in ("somebody/Dreamy-XL", f"somebody/Dreamy-XL@{COMMIT}", "somebody/Dreamy-XL@main"):
            added = add(source, tmp_path / source.replace("/", "-"), Registry.load())
            entry = Registry.load(data=tmp_path / source.replace("/", "-")).get(added.name)
            assert (entry.name, entry.family, entry.side) == ("dreamy-xl", "sdxl", 1024)
            assert (entry.source, entry.revision, entry.variant) == ("somebody/Dreamy-XL", COMMIT, "fp16")
            assert (entry.licence, entry.gated) == ("openrail++", True)
        assert hub.served.keys() <= {"config.json", "model_index.json", "scheduler_config.json"}
        with pytest.raises(ModelUnavailable, match="no repository"):
            add("somebody/else", tmp_path, Registry.load())
        with pytest.raises(ModelUnavailable, match="no such commit"):
            add("somebody/Dreamy-XL@" + "d" * 40, tmp_path, Registry.load())


def lora_bytes(*layers: str) -> bytes:
    """A LoRA of zeros for those layers of Stable Diffusion XL, in diffusers' naming."""
    head: dict[str, object] = {"__metadata__": {"modelspec.trigger_phrase": "ghibli style"}}
    at = 0
    for layer in layers:
        for side, shape in (("A", [4, 2048]), ("B", [640, 4])):
            size = 4 * shape[0] * shape[1]
            row = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + size]}
            head[f"unet.{layer}.lora_{side}.weight"] = row
            at += size
    text = json.dumps(head).encode()
    return struct.pack("<Q", len(text)) + text + bytes(at)


LAYER = "down_blocks.1.attentions.0.transformer_blocks.1.attn2.to_k"


def test_a_lora_of_the_hub_is_recognised_by_its_header_and_pulled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    data = tmp_path / "data"
    with hub_in(tmp_path / "hub") as hub:
        at_hub(hub.url, monkeypatch)
        hub.add("somebody/Ghibli-XL", {"pytorch_lora_weights.safetensors": lora_bytes(LAYER)})
        hub.add("somebody/many", {f"{name}.safetensors": lora_bytes(LAYER) for name in ("ink", "mist")})
        hub.add("somebody/else", {"README.md": b"words"})
        hub.licences["somebody/Ghibli-XL"] = "cc-by-4.0"
        added = add("somebody/Ghibli-XL", data, Registry.load())
        lora = Registry.load(data=data).lora("Ghibli-XL")
        assert (lora.family, lora.words, lora.licence) == ("sdxl", "ghibli style", "cc-by-4.0")
        assert (lora.source, lora.revision, lora.path()) == ("somebody/Ghibli-XL", COMMIT, None)
        assert "ghibli style" in added.sentences[0]
        wanted = order(lora)
        assert "cc-by-4.0" in wanted.sentence()
        fetch(wanted, data, lambda *_: None)
        path = lora.path()
        assert path is not None
        assert path.read_bytes() == lora_bytes(LAYER)
        with pytest.raises(ModelUnavailable, match="already, as Ghibli-XL"):
            add("somebody/Ghibli-XL", data, Registry.load(data=data))
        with pytest.raises(ModelUnavailable, match=r"several files.*ink\.safetensors"):
            add("somebody/many", data, Registry.load())
        assert add(f"somebody/many@{COMMIT}:mist.safetensors", data, Registry.load()).name == "mist"
        with pytest.raises(ModelUnavailable, match="no model and no LoRA"):
            add("somebody/else", data, Registry.load())
        registry = Registry.load(data=data)
        remove(registry.lora("Ghibli-XL"), data, registry)
        assert lora.path() is None
        assert [each.name for each in Registry.load(data=data).loras if each.folder is None] == ["mist"]
