"""Adding files: each is recognised and listed, lends and borrows, and draws; what cannot be used is told."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from engine.drawing import load
from engine.errors import BadRegistry, ModelUnavailable
from engine.models import add, add_files, fetch, is_collection, order
from engine.planning.registry import ADDED, Registry
from tests.engine.test_fetching import at_hub
from tests.files import original
from tests.files.test_drawing import ENCODERS, drawn
from tests.files.test_recognise import DIFFUSERS, KOHYA, SD_LAYER, XL_LAYER, pair
from tests.hub import COMMIT, Hub, hub_in


@pytest.fixture(scope="module", params=["sd", "sdxl", "sd3", "flux"])
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def folder(family: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return original.folder(family, tmp_path_factory.mktemp(family) / "folder")


@pytest.fixture(scope="module")
def sd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return original.folder("sd", tmp_path_factory.mktemp("sd") / "folder")


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    shutil.rmtree(tmp_path)


def knowing(data: Path, *entries: tuple[str, Path]) -> Registry:
    """The list of a machine with a model of each of these families in a folder."""
    data.mkdir(exist_ok=True)
    rows = "".join(
        f'[[model]]\nname = "{family}-here"\ntitle = "Here"\nfamily = "{family}"\nsource = "{folder}"\n'
        "side = 64\nmultiple = 8\nsteps = 12\nguidance = 5.0\n"
        for family, folder in entries
    )
    (data / ADDED).write_text(rows)
    return Registry.load(data=data)


def test_a_checkpoint_takes_what_it_lacks_from_a_model_of_its_shape(
    family: str, folder: Path, here: Path
) -> None:
    file = original.save(original.checkpoint(family, folder), here / "My_Mix v2.safetensors")
    added = add(str(file), here / "data", knowing(here / "data", (family, folder)))
    entry = Registry.load(data=here / "data").get(added.name)
    assert (entry.name, entry.family, entry.folder, entry.configs) == (
        "my-mix-v2", family, file, f"{family}-here"
    )  # fmt: skip
    assert (entry.side, entry.steps, entry.guidance) == (64, 12, 5.0)
    assert entry.on_this_machine()
    assert f"comes from {family}-here" in " ".join(added.sentences)
    own = load(replace(entry, folder=folder, configs="", sibling=None), "cpu", checked=False)
    assert np.array_equal(drawn(load(entry, "cpu", checked=False)), drawn(own))


def test_a_gguf_denoiser_is_added_with_what_its_numbers_take(family: str, folder: Path, here: Path) -> None:
    weights = original.checkpoint(family, folder, without=("vae", *ENCODERS))
    bare = {name.removeprefix("model.diffusion_model."): weight for name, weight in weights.items()}
    file = original.gguf(bare, here / "a.gguf", quantised=False)
    added = add(str(file), here / "data", knowing(here / "data", (family, folder)))
    entry = Registry.load(data=here / "data").get(added.name)
    assert entry.on_this_machine()
    assert "text_encoder" in " ".join(added.sentences)
    assert entry.parameters[0] == pytest.approx(sum(w.numel() for w in weights.values()) / 1e9, abs=1e-3)


def test_a_missing_package_for_gguf_is_told_when_adding_and_when_loading(
    sd: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = original.checkpoint("sd", sd, without=("vae", *ENCODERS))
    bare = {name.removeprefix("model.diffusion_model."): weight for name, weight in weights.items()}
    file = original.gguf(bare, here / "a.gguf")
    monkeypatch.setitem(__import__("sys").modules, "gguf", None)
    added = add(str(file), here / "data", knowing(here / "data", ("sd", sd)))
    assert "pip install 'easel[gguf]'" in " ".join(added.sentences)
    with pytest.raises(ModelUnavailable, match=r"pip install 'easel\[gguf\]'"):
        load(Registry.load(data=here / "data").get("a"), "cpu")


@pytest.mark.parametrize("told", ["tensor", "metadata"])
def test_a_file_that_predicts_v_is_sampled_so(xl: Path, here: Path, told: str) -> None:
    weights, said = original.checkpoint("sdxl", xl), {}
    if told == "tensor":
        weights["v_pred"] = torch.zeros(0)
    else:
        said["modelspec.prediction_type"] = "v"
    file = original.save(weights, here / "v.safetensors", said)
    added = add(str(file), here / "data", knowing(here / "data", ("sdxl", xl)))
    assert "predicts v" in " ".join(added.sentences)
    plain = original.save(original.checkpoint("sdxl", xl), here / "plain.safetensors")
    add(str(plain), here / "data", Registry.load(data=here / "data"))
    registry = Registry.load(data=here / "data")
    v, epsilon = (load(registry.get(name), "cpu", checked=False) for name in ("v", "plain"))
    assert v.pipe.scheduler.config.prediction_type == "v_prediction"
    assert epsilon.pipe.scheduler.config.prediction_type == "epsilon"
    assert not np.array_equal(drawn(v), drawn(epsilon))


def test_a_file_whose_noise_ends_in_noise_alone_is_sampled_so(xl: Path, here: Path) -> None:
    weights = original.checkpoint("sdxl", xl) | {"v_pred": torch.zeros(0), "ztsnr": torch.zeros(0)}
    file = original.save(weights, here / "v.safetensors")
    added = add(str(file), here / "data", knowing(here / "data", ("sdxl", xl)))
    assert "zero terminal SNR" in " ".join(added.sentences)
    v = load(Registry.load(data=here / "data").get("v"), "cpu", checked=False)
    scheduler = v.pipe.scheduler
    assert scheduler.config.prediction_type == "v_prediction"
    assert float(scheduler.alphas_cumprod[-1]) < 1e-6
    scheduler.set_timesteps(4)
    assert int(scheduler.timesteps[0]) == scheduler.config.num_train_timesteps - 1


@pytest.mark.parametrize("parts", [("unet", "vae", "text_encoder"), ("unet",)])
def test_a_folder_whose_weights_have_a_variants_name_is_loaded_by_it(
    sd: Path, here: Path, parts: tuple[str, ...]
) -> None:
    folder = shutil.copytree(sd, here / "half")
    for file in [file for part in parts for file in (folder / part).glob("*.safetensors")]:
        file.rename(file.with_name(f"{file.stem}.fp16.safetensors"))
    assert add(str(folder), here / "data", Registry.load()).name == "half"
    entry = Registry.load(data=here / "data").get("half")
    assert entry.variant == "fp16"
    half, whole = (
        load(each, "cpu", checked=False) for each in (entry, replace(entry, variant=None, folder=sd))
    )
    assert torch.equal(half.pipe.unet.conv_in.weight, whole.pipe.unet.conv_in.weight)


LENDER = """
[[model]]
name = "far"
title = "Far"
family = "sd"
source = "somebody/far"
revision = "{commit}"
side = 64
multiple = 8
steps = 3
guidance = 5.0
"""


@pytest.fixture
def hub(here: Path, sd: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub that has a model of the shape of `sd`, which is the only one of the list."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(here / "cache"))
    with hub_in(here / "hub") as hub:
        at_hub(hub.url, monkeypatch)
        files = {str(f.relative_to(sd)): f.read_bytes() for f in sd.rglob("*") if f.is_file()}
        hub.add("somebody/far", files)
        (here / "list.toml").write_text(LENDER.format(commit=COMMIT))
        yield hub


def listed(here: Path) -> Registry:
    return Registry.load(here / "list.toml", data=here / "data")


def test_small_files_come_from_the_hub_at_once_and_loading_asks_nobody(
    hub: Hub, sd: Path, here: Path
) -> None:
    file = original.save(original.checkpoint("sd", sd), here / "a.safetensors")
    added = add(str(file), here / "data", listed(here))
    entry = listed(here).get(added.name)
    assert entry.configs == f"somebody/far@{COMMIT}"
    assert entry.on_this_machine()
    assert not any(name.endswith(".safetensors") for name in hub.served)
    asked = len(hub.asked)
    assert load(entry, "cpu", checked=False).texts is not None
    assert len(hub.asked) == asked


def test_a_plain_file_takes_no_settings_of_a_distilled_model_that_is_here(
    hub: Hub, sd: Path, here: Path
) -> None:
    far = LENDER.format(commit=COMMIT).replace("steps = 3", "steps = 25\nparameters = [0.86, 0.1]")
    turbo = (
        far.replace("somebody/far", str(sd)).replace('"far"', '"turbo"').replace("steps = 25", "steps = 4")
    )
    turbo = turbo.replace(f'revision = "{COMMIT}"', "").replace("guidance = 5.0", "guidance = 0.0")
    quick = LENDER.format(commit=COMMIT).replace('"far"', '"quick"').replace('"Far"', '"Quick"')
    (here / "list.toml").write_text(turbo + far + quick + "parameters = [0.86, 0.1]\n")
    assert listed(here).get("turbo").on_this_machine()
    file = original.save(original.checkpoint("sd", sd), here / "a.safetensors")
    added = add(str(file), here / "data", listed(here))
    entry = listed(here).get("a")
    assert (entry.configs, entry.steps, entry.guidance) == (f"somebody/far@{COMMIT}", 25, 5.0)
    assert "If it was: `steps` and `guidance` in its entry; Quick has 3 and 5." in " ".join(added.sentences)


def test_weights_that_are_missing_are_named_and_pulled(hub: Hub, sd: Path, here: Path) -> None:
    file = original.save(original.checkpoint("sd", sd, without=("vae",)), here / "a.safetensors")
    added = add(str(file), here / "data", listed(here))
    assert "Still missing: vae; `easel models pull a`" in " ".join(added.sentences)
    entry = listed(here).get("a")
    assert not entry.on_this_machine()
    with pytest.raises(ModelUnavailable, match="holds no vae"):
        load(entry, "cpu")
    wanted = order(entry)
    assert {piece.file.path for piece in wanted.pieces if piece.file.path.endswith(".safetensors")} == {
        "vae/diffusion_pytorch_model.safetensors"
    }
    fetch(wanted, here / "data", lambda *_: None)
    assert listed(here).get("a").on_this_machine()
    load(entry, "cpu", checked=False)


def test_configurations_that_were_lost_are_told_and_nothing_is_fetched(
    hub: Hub, sd: Path, here: Path
) -> None:
    file = original.save(original.checkpoint("sd", sd), here / "a.safetensors")
    add(str(file), here / "data", listed(here))
    entry = listed(here).get("a")
    shutil.rmtree(here / "cache")
    asked = len(hub.asked)
    assert not entry.on_this_machine()
    with pytest.raises(ModelUnavailable, match="easel models pull a"):
        load(entry, "cpu")
    assert len(hub.asked) == asked
    fetch(order(entry), here / "data", lambda *_: None)
    assert entry.on_this_machine()


def test_without_a_lender_and_without_the_hub_it_is_one_sentence(
    hub: Hub, sd: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = original.save(original.checkpoint("sd", sd), here / "a.safetensors")
    at_hub("http://127.0.0.1:9", monkeypatch)
    with pytest.raises(ModelUnavailable, match="hub could not be reached") as no:
        add(str(file), here / "data", listed(here))
    assert "\n" not in str(no.value)
    assert not (here / "data" / ADDED).exists()


TAGS = json.dumps({"10_x": {"ghibli": 40, "tree": 3}})


def zeros(shapes: dict[str, tuple[int, ...]]) -> dict[str, torch.Tensor]:
    return {name: torch.zeros(shape) for name, shape in shapes.items()}


def test_a_lora_keeps_its_words_and_is_called_as_its_file(here: Path) -> None:
    layer = "lora_unet_" + SD_LAYER.replace(".", "_")
    file = here / "Add_Detail.safetensors"
    save_file(zeros(pair(layer, *KOHYA, 768)), file, {"ss_output_name": "Detail", "ss_tag_frequency": TAGS})
    added = add(str(file), here / "data", Registry.load())
    registry = Registry.load(data=here / "data")
    lora = registry.lora("Add_Detail")
    assert (lora.title, lora.family, lora.words, lora.path()) == ("Detail", "sd", "ghibli", file)
    assert "ghibli" in added.sentences[0]
    assert not lora.fits(registry.get("pocket"))
    assert lora.fits(registry.get("sd-1.5"))
    with pytest.raises(ModelUnavailable, match="already, as Add_Detail"):
        add(str(file), here / "data", registry)


@pytest.mark.parametrize(
    ("layer", "width", "model", "family"),
    [
        ("transformer.single_transformer_blocks.0.attn.to_q", 3072, "flux-kontext", "flux-kontext"),
        ("transformer.single_transformer_blocks.0.attn.to_q", 3072, "flux-fill", "flux-fill"),
        ("transformer.single_transformer_blocks.0.attn.to_q", 3072, "chroma", "chroma"),
        ("transformer.transformer_blocks.59.attn.to_q", 3072, "qwen-image-edit", "qwen-image-edit-plus"),
        ("unet." + SD_LAYER, 768, "lcm-dreamshaper", "lcm"),
    ],
)
def test_a_lora_is_listed_for_a_model_that_was_made_from_its_own(
    here: Path, layer: str, width: int, model: str, family: str
) -> None:
    save_file(zeros(pair(layer, *DIFFUSERS, width)), here / "a.safetensors")
    added = add(str(here / "a.safetensors"), here / "data", Registry.load(), model=model)
    registry = Registry.load(data=here / "data")
    lora = registry.lora("a")
    assert (lora.family, lora.models) == (family, (model,))
    assert f"taken for one of {family}" in added.sentences[0]
    assert lora.fits(registry.get(model))
    assert not lora.fits(registry.get("sd-1.5" if family == "lcm" else "flux-dev"))


@pytest.fixture(scope="module")
def xl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return original.folder("sdxl", tmp_path_factory.mktemp("sdxl") / "folder")


def vae_file(xl: Path, path: Path, scale: float = 1.0) -> Path:
    weights = original.checkpoint("sdxl", xl, without=("unet", *ENCODERS))
    bare = {name.removeprefix("first_stage_model."): weight for name, weight in weights.items()}
    bare["decoder.conv_out.bias"] = bare["decoder.conv_out.bias"] + scale
    return original.save(bare, path)


def test_a_vae_is_attached_to_a_model_and_draws(xl: Path, here: Path) -> None:
    file, data = vae_file(xl, here / "bright.safetensors"), here / "data"
    registry = knowing(data, ("sdxl", xl))
    with pytest.raises(ModelUnavailable, match="--for MODEL"):
        add(str(file), data, registry)
    plain = drawn(load(registry.get("sdxl-here"), "cpu", checked=False))
    for _ in range(2):
        assert add(str(file), data, registry, model="sdxl-here").name == "sdxl-here"
    entry = Registry.load(data=data).get("sdxl-here")
    assert entry.vae_file == file
    bright = drawn(load(entry, "cpu", checked=False))
    assert bright.mean() > plain.mean() + 20
    single = original.save(original.checkpoint("sdxl", xl, without=("vae",)), here / "a.safetensors")
    add(str(single), data, Registry.load(data=data))
    add(str(file), data, Registry.load(data=data), model="a")
    again = load(Registry.load(data=data).get("a"), "cpu", checked=False)
    assert torch.equal(
        again.pipe.vae.decoder.conv_out.bias, load(entry, "cpu").pipe.vae.decoder.conv_out.bias
    )
    file.unlink()
    gone = Registry.load(data=data).get("sdxl-here")
    assert not gone.on_this_machine()
    with pytest.raises(ModelUnavailable, match="VAE"):
        load(gone, "cpu")


def test_a_vae_for_another_family_or_of_another_shape_is_refused(xl: Path, here: Path) -> None:
    data = here / "data"
    registry = knowing(data, ("sdxl", xl))
    file = vae_file(xl, here / "a.safetensors")
    with pytest.raises(ModelUnavailable, match="of the family flux"):
        add(str(file), data, registry, model="flux-dev")
    wrong = {"decoder.conv_in.weight": (64, 4, 3, 3), "decoder.up.0.block.0.norm1.weight": (64,)}
    save_file(zeros(wrong | {"encoder.conv_in.weight": (64, 3, 3, 3)}), here / "b.safetensors")
    add(str(here / "b.safetensors"), data, registry, model="sdxl-here")
    with pytest.raises(ModelUnavailable, match=r"b\.safetensors (does not fit|lacks weights)"):
        load(Registry.load(data=data).get("sdxl-here"), "cpu")


def test_an_entry_may_name_its_vae(xl: Path, here: Path) -> None:
    data = here / "data"
    knowing(data, ("sdxl", xl))
    vae_file(xl, data / "mine.safetensors")
    text = (data / ADDED).read_text()
    (data / ADDED).write_text(text + 'vae = "./mine.safetensors"\n')
    assert Registry.load(data=data).get("sdxl-here").vae_file == data / "mine.safetensors"
    (data / ADDED).write_text(text + 'vae = "mine"\n')
    assert "begin with ./" in Registry.load(data=data).problems[0]


def test_a_folder_of_downloads_is_added_file_by_file(sd: Path, xl: Path, here: Path) -> None:
    home, data = here / "downloads", here / "data"
    (home / "loras").mkdir(parents=True)
    original.save(original.checkpoint("sd", sd), home / "mix.safetensors")
    for place in ("a", "loras/a"):
        save_file(zeros(pair("unet." + XL_LAYER, *DIFFUSERS, 2048)), home / f"{place}.safetensors")
    vae_file(xl, home / "vae.safetensors")
    (home / "old.ckpt").write_bytes(b"\x80\x02}")
    (home / "broken.safetensors").write_bytes(b"")
    (home / "notes.txt").write_text("x")
    shutil.copytree(sd, home / "whole")
    registry = knowing(data, ("sd", sd))
    assert is_collection(str(home))
    assert not is_collection(str(sd))
    rows = {str(row.file): row for row in add_files(str(home), data, registry)}
    assert {name: row.added.name for name, row in rows.items() if row.added} == {
        "mix.safetensors": "mix", "a.safetensors": "a", "loras/a.safetensors": "a-2", "whole": "whole"
    }  # fmt: skip
    assert "--for MODEL" in rows["vae.safetensors"].why
    assert "pickle" in rows["old.ckpt"].why
    assert "0 bytes" in rows["broken.safetensors"].why
    after = Registry.load(data=data)
    assert after.get("mix").on_this_machine()
    assert not after.problems
    assert not any(row.added for row in add_files(str(home), data, after))


def test_what_cannot_be_used_is_told_and_nothing_is_written(here: Path) -> None:
    (here / "a.ckpt").write_bytes(b"PK\x03\x04" + b"archive/data.pkl" * 30)
    with pytest.raises(ModelUnavailable, match=r"pickle.*docs/models.md says how to convert"):
        add(str(here / "a.ckpt"), here / "data", Registry.load())
    save_file(zeros(pair("unet." + XL_LAYER, *DIFFUSERS, 2048)), here / "x.safetensors")
    with pytest.raises(ModelUnavailable, match="of the family sd"):
        add(str(here / "x.safetensors"), here / "data", Registry.load(), model="sd-1.5")
    assert not (here / "data" / ADDED).exists()
    add(str(here / "x.safetensors"), here / "data", Registry.load(), "mine", model="sdxl")
    assert Registry.load(data=here / "data").lora("mine").models == ("sdxl",)
    save_file(zeros(pair("unet." + XL_LAYER, *DIFFUSERS, 2048)), here / "y.safetensors")
    with pytest.raises(BadRegistry, match="already"):
        add(str(here / "y.safetensors"), here / "data", Registry.load(data=here / "data"), "mine")
