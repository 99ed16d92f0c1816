"""Single files in the original naming draw what the folder draws that they were made from."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import FluxTransformer2DModel
from diffusers.loaders.single_file_utils import convert_flux_transformer_checkpoint_to_diffusers

from engine import ModelUnavailable
from engine.drawing import LoadedModel, load, run
from engine.drawing.flux_names import diffusers_names
from engine.drawing.texts import Texts
from engine.files import recognise
from engine.planning.registry import ModelEntry
from tests.engine import tiny
from tests.files import original

FAMILIES = ("sd", "sdxl", "sd3", "flux")


def drawn(model: LoadedModel) -> np.ndarray:
    """Its pictures, in whole numbers.

    Its weights are copied first: a file's lie at any address, and a product's last bit may go by that. Texts
    that were read before are read again.
    """
    for part in model.pipe.components.values():
        for weight in part.parameters() if isinstance(part, torch.nn.Module) else ():
            if weight.dtype.is_floating_point:
                weight.data = weight.data.clone()
    model.texts = Texts(model.pipe, model.family)
    plan = tiny.planned(model)
    return np.stack([np.asarray(each, np.int16) for each in run(model, plan, [], lambda *_: None)])


@pytest.fixture(scope="module", params=FAMILIES)
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def folder(family: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return original.folder(family, tmp_path_factory.mktemp(family) / "folder")


@pytest.fixture(scope="module")
def expected(family: str, folder: Path) -> np.ndarray:
    return drawn(load(tiny.entry(family, folder), "cpu", checked=False))


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    shutil.rmtree(tmp_path)


def lending(folder: Path, to: Path, *weighty: str) -> Path:
    """A copy of the folder with its small files, and the weights of the components named."""

    def heavy(at: str, names: list[str]) -> list[str]:
        return [name for name in names if name.endswith(".safetensors") and Path(at).name not in weighty]

    shutil.copytree(folder, to, ignore=heavy)
    return to


def entry(family: str, file: Path, configs: Path) -> ModelEntry:
    sibling = tiny.entry(family, configs, name="lender")
    return tiny.entry(family, file, name="single", configs="lender", sibling=sibling)


def test_a_checkpoint_draws_what_its_folder_draws(
    family: str, folder: Path, expected: np.ndarray, here: Path
) -> None:
    file = original.save(original.checkpoint(family, folder), here / "misleading-sdxl-lora.safetensors")
    single = entry(family, file, lending(folder, here / "configs"))
    found = recognise(file)
    assert (found.kind, found.families, found.missing, found.refused) == ("checkpoint", (family,), (), "")
    assert single.on_this_machine()
    assert np.array_equal(drawn(load(single, "cpu")), expected)


def test_what_a_checkpoint_lacks_comes_from_the_sibling(
    family: str, folder: Path, expected: np.ndarray, here: Path
) -> None:
    weights = original.checkpoint(family, folder, without=("vae",))
    single = entry(
        family, original.save(weights, here / "a.safetensors"), lending(folder, here / "all", "vae")
    )
    assert recognise(here / "a.safetensors").missing == ("vae",)
    assert np.array_equal(drawn(load(single, "cpu")), expected)
    bare = entry(family, here / "a.safetensors", lending(folder, here / "bare"))
    assert not bare.on_this_machine()
    with pytest.raises(ModelUnavailable, match="holds no vae"):
        load(bare, "cpu")


ENCODERS = ("text_encoder", "text_encoder_2", "text_encoder_3")


def denoiser_alone(family: str, folder: Path) -> original.Weights:
    """The denoiser without the prefix that it has in checkpoints, as it is shared by itself."""
    weights = original.checkpoint(family, folder, without=("vae", *ENCODERS))
    return {name.removeprefix("model.diffusion_model."): weight for name, weight in weights.items()}


def test_a_denoiser_alone_draws_with_the_rest_of_its_sibling(
    family: str, folder: Path, expected: np.ndarray, here: Path
) -> None:
    file = original.save(denoiser_alone(family, folder), here / "a.safetensors")
    single = entry(family, file, lending(folder, here / "rest", "vae", *ENCODERS))
    assert recognise(file).kind == "denoiser"
    assert single.on_this_machine()
    assert np.array_equal(drawn(load(single, "cpu", checked=False)), expected)


def test_a_denoiser_in_diffusers_names_too(
    family: str, folder: Path, expected: np.ndarray, here: Path
) -> None:
    part = "unet" if family in ("sd", "sdxl") else "transformer"
    shutil.copy(folder / part / "diffusion_pytorch_model.safetensors", here / "a.safetensors")
    found = recognise(here / "a.safetensors")
    assert (found.kind, found.families) == ("denoiser", (family,))
    single = entry(family, here / "a.safetensors", lending(folder, here / "rest", "vae", *ENCODERS))
    assert np.array_equal(drawn(load(single, "cpu", checked=False)), expected)


def test_a_file_that_lacks_weights_is_refused(family: str, folder: Path, here: Path) -> None:
    weights = original.checkpoint(family, folder)
    part = "out.0.weight" if family in ("sd", "sdxl") else "final_layer.linear.bias"
    del weights[f"model.diffusion_model.{part}"]
    single = entry(family, original.save(weights, here / "a.safetensors"), lending(folder, here / "configs"))
    with pytest.raises(ModelUnavailable, match=r"lacks 1 of its weights|does not fit"):
        load(single, "cpu")


def test_a_file_of_another_shape_than_the_configurations_is_refused(
    family: str, folder: Path, here: Path
) -> None:
    weights = original.checkpoint(family, folder)
    name = next(name for name in weights if name.startswith("model.diffusion_model.") and "bias" in name)
    weights[name] = torch.zeros(len(weights[name]) + 2)
    single = entry(family, original.save(weights, here / "a.safetensors"), lending(folder, here / "configs"))
    with pytest.raises(ModelUnavailable, match="does not fit the configurations of lender"):
        load(single, "cpu")


def test_a_gguf_denoiser_draws_what_its_rounded_weights_draw(family: str, folder: Path, here: Path) -> None:
    pytest.importorskip("gguf")
    weights = denoiser_alone(family, folder)
    rest = lending(folder, here / "rest", "vae", *ENCODERS)
    packed = entry(family, original.gguf(weights, here / "a.gguf"), rest)
    plain = entry(family, original.save(original.read_back(weights), here / "a.safetensors"), rest)
    assert (recognise(here / "a.gguf").kind, recognise(here / "a.gguf").format) == ("denoiser", "gguf")
    assert packed.on_this_machine()
    wanted = drawn(load(plain, "cpu", checked=False))
    assert np.abs(drawn(load(packed, "cpu", checked=False)) - wanted).max() <= 1


def test_flux_of_the_published_width_gets_the_names_that_diffusers_gives() -> None:
    with torch.device("meta"):
        model = FluxTransformer2DModel(num_layers=2, num_single_layers=2, guidance_embeds=True)
    weights = original.flux(model)
    theirs = convert_flux_transformer_checkpoint_to_diffusers(dict(weights))
    ours = diffusers_names(weights)
    assert {name: weight.shape for name, weight in ours.items()} == {
        name: weight.shape for name, weight in theirs.items()
    }
