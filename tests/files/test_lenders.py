"""Who lends a single file what it lacks: a plain model of its shape, and the settings of the list's own."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.errors import ModelUnavailable
from engine.files import Recognised
from engine.models.lenders import Lender, lender_of, measures_of_config, measures_of_file
from engine.planning.registry import Registry
from tests.engine.test_fetching import at_hub
from tests.hub import Hub, hub_in

XL = {
    "model.diffusion_model.input_blocks.0.0.weight": (320, 4, 3, 3),
    "model.diffusion_model.middle_block.0.in_layers.2.weight": (1280, 1280, 3, 3),
    "model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight": (640, 2048),
}
UNET = {"_class_name": "UNet2DConditionModel", "block_out_channels": [320, 640, 1280]}
UNET |= {"cross_attention_dim": 2048}
EULER = {"_class_name": "EulerDiscreteScheduler", "timestep_spacing": "leading"}
TURBO = {"_class_name": "EulerAncestralDiscreteScheduler", "timestep_spacing": "trailing"}
EDM = {"_class_name": "EDMDPMSolverMultistepScheduler"}

ENTRY = """
[[model]]
name = "{name}"
title = "{name}"
family = "{family}"
source = "{source}"
side = {side}
multiple = 16
steps = {steps}
guidance = {guidance}
parameters = [{size}, 0.9]
"""


def pipeline(
    denoiser: dict[str, Any], scheduler: dict[str, Any] | None = None, vae: dict[str, Any] | None = None
) -> dict[str, bytes]:
    part = "unet" if denoiser["_class_name"].startswith("UNet") else "transformer"
    index = {part: ["diffusers", "X"], "vae": ["diffusers", "Y"], "scheduler": ["diffusers", "Z"]}
    return {
        "model_index.json": json.dumps(index).encode(),
        f"{part}/config.json": json.dumps(denoiser).encode(),
        f"{part}/diffusion_pytorch_model.safetensors": b"x",
        "vae/config.json": json.dumps(vae or {}).encode(),
        "vae/diffusion_pytorch_model.safetensors": b"x",
        "scheduler/scheduler_config.json": json.dumps(scheduler or EULER).encode(),
    }


def laid(folder: Path, files: dict[str, bytes]) -> Path:
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def entry(name: str, source: object, family: str = "sdxl", steps: int = 28, guidance: float = 6.0,
          side: int = 1024, size: float = 2.57) -> str:  # fmt: skip
    return ENTRY.format(name=name, source=source, family=family, steps=steps, guidance=guidance, side=side,
                        size=size)  # fmt: skip


def lender(
    here: Path, *entries: str, family: str = "sdxl", shapes: dict[str, tuple[int, ...]] = XL
) -> Lender:
    (here / "list.toml").write_text("".join(entries))
    found = Recognised("checkpoint", "a checkpoint", (family,))
    return lender_of(found, shapes, family, Registry.load(here / "list.toml"))


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    with hub_in(tmp_path / "hub") as hub:
        at_hub(hub.url, monkeypatch)
        hub.add("somebody/base", pipeline(UNET))
        yield hub


@pytest.mark.parametrize(
    ("steps", "files"),
    [
        (4, pipeline(UNET, TURBO)),
        (28, pipeline(UNET, TURBO)),
        (28, pipeline(UNET, EDM)),
        (28, pipeline(UNET, vae={"latents_mean": [-1.6, 2.2, 0.0, 0.4], "latents_std": [8, 9, 5, 9]})),
    ],
    ids=["few steps", "sampled in few steps", "a scheduler of its own", "latents of its own"],
)
def test_a_model_that_is_not_plain_lends_nothing_though_it_is_here(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int, files: dict[str, bytes]
) -> None:
    other = entry("other", laid(tmp_path / "other", files), steps=steps, guidance=0.0, side=512)
    chosen = lender(tmp_path, other, entry("base", "somebody/base"))
    assert (chosen.entry.name, chosen.like.name, chosen.configs.partition("@")[0]) == (
        *("base", "base"), "somebody/base"
    )  # fmt: skip
    at_hub("http://127.0.0.1:9", monkeypatch)
    with pytest.raises(ModelUnavailable, match="hub could not be reached"):
        lender(tmp_path, other, entry("base", "somebody/base"))


def test_settings_come_from_the_first_of_its_size_and_the_quick_one_is_named(
    hub: Hub, tmp_path: Path
) -> None:
    mine = entry("mine", laid(tmp_path / "mine", pipeline(UNET)), guidance=9.0, steps=40)
    turbo = entry("turbo", "somebody/turbo", steps=4, guidance=0.0, side=512)
    chosen = lender(tmp_path, mine, turbo, entry("base", "somebody/base"))
    assert (chosen.entry.name, chosen.like.name, chosen.configs) == ("mine", "base", "mine")
    assert chosen.quick is not None
    assert chosen.quick.name == "turbo"
    alone = lender(tmp_path, mine, entry("larger", "somebody/base", size=5.0))
    assert (alone.like.name, alone.quick) == ("mine", None)


def test_where_all_models_are_quick_one_of_them_lends(hub: Hub, tmp_path: Path) -> None:
    quick = entry("quick", laid(tmp_path / "quick", pipeline(UNET, TURBO)), steps=4)
    assert lender(tmp_path, quick).like.name == "quick"


KLEIN = {
    4: {"num_layers": 5, "num_single_layers": 20, "num_attention_heads": 24, "joint_attention_dim": 7680},
    9: {"num_layers": 8, "num_single_layers": 24, "num_attention_heads": 32, "joint_attention_dim": 12288},
}


def klein(size: int) -> dict[str, Any]:
    return {"_class_name": "Flux2Transformer2DModel", "attention_head_dim": 128} | KLEIN[size]


def klein_file(size: int, original: bool) -> dict[str, tuple[int, ...]]:
    config = klein(size)
    double, single = ("double_blocks", "single_blocks") if original else (
        *("transformer_blocks", "single_transformer_blocks"),
    )  # fmt: skip
    texts = "txt_in" if original else "context_embedder"
    width = 128 * config["num_attention_heads"]
    return {
        f"{double}.{config['num_layers'] - 1}.x.weight": (1,),
        f"{single}.{config['num_single_layers'] - 1}.x.weight": (1,),
        f"{texts}.weight": (width, config["joint_attention_dim"]),
    }


@pytest.mark.parametrize("size", KLEIN)
@pytest.mark.parametrize("original", [True, False])
def test_a_klein_takes_what_it_lacks_from_the_one_of_its_size(
    tmp_path: Path, size: int, original: bool
) -> None:
    entries = [
        entry(f"klein-{each}", laid(tmp_path / str(each), pipeline(klein(each))), "flux2-klein", 4, size=each)
        for each in KLEIN
    ]
    chosen = lender(tmp_path, *entries, family="flux2-klein", shapes=klein_file(size, original))
    assert chosen.entry.name == f"klein-{size}"


SANA = {"num_layers": 20, "num_attention_heads": 70, "attention_head_dim": 32, "caption_channels": 2304}


@pytest.mark.parametrize(
    ("family", "config", "shapes"),
    [
        ("sana", SANA, {"blocks.19.x": (1,), "y_embedder.y_proj.fc1.weight": (2240, 2304)}),
        (
            "lumina2",
            {"num_layers": 26, "hidden_size": 2304, "cap_feat_dim": 2048},
            {"layers.25.x": (1,), "cap_embedder.1.weight": (2304, 2048)},
        ),
        (
            "z-image",
            {"n_layers": 30, "dim": 3840, "cap_feat_dim": 2560},
            {
                "model.diffusion_model.layers.29.x": (1,),
                "model.diffusion_model.cap_embedder.1.weight": (3840, 2560),
                "text_encoders.qwen3_4b.transformer.model.layers.35.x": (1,),
            },
        ),
    ],
)
def test_other_families_by_blocks_and_widths(
    family: str, config: dict[str, Any], shapes: dict[str, tuple[int, ...]]
) -> None:
    measured = measures_of_file(family, shapes)
    assert measured == measures_of_config(family, config)
    assert all(measured.values())
    for name in config:
        assert measured != measures_of_config(family, config | {name: config[name] + 1})


def test_where_nothing_is_measured_models_of_several_sizes_lend_nothing(tmp_path: Path) -> None:
    transformer = {"_class_name": "ChromaTransformer2DModel"}
    small, large = (
        entry(f"of {size}", laid(tmp_path / str(size), pipeline(transformer)), "chroma", size=size)
        for size in (8.9, 12.0)
    )
    with pytest.raises(ModelUnavailable, match="models of several sizes"):
        lender(tmp_path, small, large, family="chroma", shapes={})
    assert lender(tmp_path, small, family="chroma", shapes={}).entry.name == "of 8.9"
