"""What a file is, told from the names and shapes of its tensors: published sizes and namings."""

import json
from pathlib import Path

import pytest

from engine import BadRegistry, Registry
from engine.files import Header, Tensor, recognise
from engine.files.recognise import Recognised, recognised

Shapes = dict[str, tuple[int, ...]]


def found(shapes: Shapes, **metadata: str) -> Recognised:
    tensors = {name: Tensor(shape, "F16") for name, shape in shapes.items()}
    return recognised(
        Header("safetensors", tensors, {k.replace("__", "."): v for k, v in metadata.items()}, 0)
    )


def unet(
    texts: int, channels: int = 4, start: str = "model.diffusion_model.", **more: tuple[int, ...]
) -> Shapes:
    shapes: Shapes = {
        "input_blocks.0.0.weight": (320, channels, 3, 3),
        "out.2.weight": (4, 320, 3, 3),
        "output_blocks.0.0.in_layers.0.weight": (2560,),
        "input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight": (640, texts),
    }
    return {start + name: shape for name, shape in (shapes | more).items()}


SIZED: dict[str, tuple[int, ...]] = {"label_emb.0.0.weight": (1280, 2816)}


def test_unets_by_the_width_of_their_texts() -> None:
    assert found(unet(768)).families == ("sd",)
    assert "1.5" in found(unet(768)).what
    assert "2" in found(unet(1024)).what
    assert found(unet(2048, **SIZED)).families == ("sdxl",)
    assert found(unet(2048, start="", **SIZED)).kind == "denoiser"


@pytest.mark.parametrize(
    ("shapes", "says"),
    [
        (unet(768, 9), "inpainting"),
        (unet(2048, 9, **SIZED), "inpainting"),
        (unet(768, 8), "pix2pix"),
        (unet(1024, 5), "depth"),
        (unet(1024, 7), "enlarges"),
        (unet(1280, **{"label_emb.0.0.weight": (1280, 2560)}), "refiner"),
        (unet(2048, **SIZED, scaled_fp8=(0,)), "FP8"),
    ],
)
def test_models_that_draw_nothing_from_words_are_refused(shapes: Shapes, says: str) -> None:
    assert says in found(shapes).refused


def test_what_a_checkpoint_lacks() -> None:
    with_vae = unet(768) | {"first_stage_model.decoder.conv_in.weight": (512, 4, 3, 3)}
    assert (found(with_vae).kind, found(with_vae).missing) == ("checkpoint", ("text_encoder",))
    whole = with_vae | {"cond_stage_model.transformer.text_model.final_layer_norm.weight": (768,)}
    assert found(whole).missing == ()


def test_flux_by_what_it_is_given() -> None:
    flux: Shapes = {
        "double_blocks.0.img_attn.qkv.weight": (9216, 3072),
        "vector_in.in_layer.weight": (3072, 768),
        "img_in.weight": (3072, 64),
        "final_layer.linear.weight": (64, 3072),
    }
    assert "schnell" in found(flux).what
    assert "dev" in found(flux | {"guidance_in.in_layer.weight": (3072, 256)}).what
    assert "fill" in found(flux | {"img_in.weight": (3072, 384)}).refused
    assert "control" in found(flux | {"img_in.weight": (3072, 128)}).refused


def test_a_vae_by_its_channels() -> None:
    def vae(channels: int) -> Shapes:
        return {
            "decoder.conv_in.weight": (512, channels, 3, 3),
            "decoder.up.0.block.0.norm1.weight": (128,),
            "encoder.conv_in.weight": (128, 3, 3, 3),
        }

    assert (found(vae(4)).kind, found(vae(4)).families) == ("vae", ("sd", "sdxl"))
    assert found(vae(16)).families == ("sd3", "flux")
    assert "channels" in found(vae(7)).refused


def test_embeddings() -> None:
    assert found({"emb_params": (4, 768)}).families == ("sd",)
    assert found({"clip_l": (4, 768), "clip_g": (4, 1280)}).families == ("sdxl",)
    assert found({"<cat>": (768,)}).kind == "embedding"


def pair(layer: str, down: str, up: str, width: int, rank: int = 4, out: int = 0) -> Shapes:
    return {f"{layer}{down}": (rank, width), f"{layer}{up}": (out or width, rank)}


KOHYA = (".lora_down.weight", ".lora_up.weight")
DIFFUSERS = (".lora.down.weight", ".lora.up.weight")
PEFT = (".lora_A.weight", ".lora_B.weight")
DEFAULT = (".lora_A.default.weight", ".lora_B.default.weight")

SD_LAYER = "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k"
XL_LAYER = "down_blocks.1.attentions.0.transformer_blocks.1.attn2.to_k"


@pytest.mark.parametrize(
    ("layer", "sides", "width", "family"),
    [
        ("lora_unet_" + SD_LAYER.replace(".", "_"), KOHYA, 768, "sd"),
        ("lora_unet_" + SD_LAYER.replace(".", "_"), KOHYA, 32, "sd"),
        ("lora_unet_" + XL_LAYER.replace(".", "_"), KOHYA, 2048, "sdxl"),
        ("lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_k", KOHYA, 640, "sdxl"),
        ("lora_te_text_model_encoder_layers_0_mlp_fc1", KOHYA, 768, "sd"),
        ("lora_te2_text_model_encoder_layers_0_mlp_fc1", KOHYA, 1280, "sdxl"),
        ("unet." + SD_LAYER, DIFFUSERS, 768, "sd"),
        ("unet." + XL_LAYER, PEFT, 2048, "sdxl"),
        ("unet." + XL_LAYER, PEFT, 64, "sdxl"),
        ("base_model.model." + SD_LAYER, PEFT, 768, "sd"),
        ("base_model.model." + SD_LAYER, DEFAULT, 768, "sd"),
        ("transformer.single_transformer_blocks.0.attn.to_q", PEFT, 3072, "flux"),
        ("transformer.transformer_blocks.0.attn.to_q", PEFT, 3072, "flux"),
        ("transformer.transformer_blocks.0.attn.to_q", PEFT, 1536, "sd3"),
        ("lora_unet_double_blocks_0_img_attn_qkv", KOHYA, 3072, "flux"),
        ("lora_unet_joint_blocks_0_x_block_attn_qkv", KOHYA, 1536, "sd3"),
        ("diffusion_model.double_blocks.0.img_attn.qkv", PEFT, 3072, "flux"),
        ("double_blocks.0.processor.qkv_lora1", (".down.weight", ".up.weight"), 3072, "flux"),
        ("single_blocks.0.processor.proj_lora", (".down.weight", ".up.weight"), 15360, "flux"),
        ("lycoris_single_transformer_blocks_0_attn_to_q", KOHYA, 3072, "flux"),
    ],
)
def test_loras_in_their_namings(layer: str, sides: tuple[str, str], width: int, family: str) -> None:
    told = found(pair(layer, *sides, width))
    assert (told.kind, told.families, told.refused) == ("lora", (family,), "")


def test_loras_of_lycoris_and_dora() -> None:
    layer = "lora_unet_" + XL_LAYER.replace(".", "_")
    assert found({f"{layer}.hada_w1_a": (640, 4), f"{layer}.hada_w1_b": (4, 2048)}).families == ("sdxl",)
    assert found({f"{layer}.lokr_w1": (8, 8), f"{layer}.lokr_w2": (80, 256)}).families == ("sdxl",)
    small = f"lora_unet_{SD_LAYER.replace('.', '_')}"
    lokr = found({f"{small}.lokr_w1": (8, 8), f"{small}.lokr_w2_a": (40, 4), f"{small}.lokr_w2_b": (4, 96)})
    assert (lokr.families, lokr.texts, lokr.refused) == (("sd",), 768, "")
    assert found({f"{layer}.oft_blocks": (8, 80, 80)}).refused
    for dora in ("dora_scale", "lora_magnitude_vector", "lora_magnitude_vector.default.weight"):
        told = found(pair(layer, *KOHYA, 2048) | {f"{layer}.{dora}": (1, 2048)})
        assert told.families == ("sdxl",)
        assert "This is a DoRA" in told.refused


def test_what_a_lora_says_of_itself() -> None:
    tags = json.dumps({"10_ghibli": {"ghibli": 40, "1girl": 25, "tree": 3}, "b": {"ghibli": 2}})
    shapes = pair("lora_unet_" + SD_LAYER.replace(".", "_"), *KOHYA, 768)
    told = found(shapes, ss_output_name="Ghibli look", ss_tag_frequency=tags, ss_base_model_version="sd_v1")
    assert (told.title, told.words, told.base) == ("Ghibli look", ("ghibli", "1girl"), "sd_v1")
    told = found(
        shapes, modelspec__title="Own", modelspec__trigger_phrase="abc style, x", ss_tag_frequency="["
    )
    assert (told.title, told.words) == ("Own", ("abc style", "x"))


ENTRY = """
[[model]]
name = "{name}"
title = "Mine"
family = "sd"
source = "{source}"
side = 512
multiple = 8
steps = 20
guidance = 7.0
"""
OWN = ENTRY.format(name="mine", source="./mine.safetensors")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (OWN, "configs"),
        (OWN + 'configs = "nobody"', "nobody|another model"),
        (OWN + 'configs = "owner/repo"', "40 digits"),
        (ENTRY.format(name="mine", source="./folder") + 'configs = "sd-1.5"', "one file"),
        (OWN + 'configs = "sd-1.5"\nsibling = "x"', "sibling"),
    ],
)
def test_an_entry_of_a_file_says_where_its_configurations_come_from(
    tmp_path: Path, text: str, says: str
) -> None:
    (tmp_path / "own.toml").write_text(text)
    with pytest.raises(BadRegistry, match=says):
        Registry.load(extra=tmp_path / "own.toml")


def test_an_entry_of_a_file_knows_its_sibling(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(OWN + 'configs = "pocket"')
    mine = Registry.load(extra=tmp_path / "own.toml").get("mine")
    assert mine.folder == tmp_path / "mine.safetensors"
    assert mine.configs_folder() == Path(__file__).parents[2] / "pocket" / "weights"
    assert not mine.on_this_machine()


def test_the_embedded_models_own_files() -> None:
    weights = Path(__file__).parents[2] / "pocket" / "weights"
    assert recognise(weights / "unet" / "diffusion_pytorch_model.safetensors").families == ("sd",)
    assert "text encoder" in recognise(weights / "text_encoder" / "model.safetensors").what
