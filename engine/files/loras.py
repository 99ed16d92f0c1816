"""Which family a LoRA is for, by the names and shapes of its tensors, whoever's script wrote it.

Kohya's scripts write underscores (`lora_unet_down_blocks_0…lora_down`), diffusers dots (`unet.down_blocks.0…
lora.down` or `lora_A`), PEFT a `base_model.model.` before them, ComfyUI and ai-toolkit the original names
behind `diffusion_model.`; LyCORIS writes other matrices (`hada_`, `lokr_`). Dots and underscores are read
alike.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from engine.files.record import Recognised, Shapes

__all__ = ["lora", "unread"]

_MARK = re.compile(
    r"[._]lora[._](?:down|up|mid)[._]weight$"
    r"|[._]lora[._][AB](?:[._]\w+)?[._]weight$"
    r"|[._]lora_linear_layer[._](?:down|up)[._]weight$"
    r"|_lora[12]?[._](?:down|up)[._]weight$"
    r"|[._]hada_(?:w[12]_[ab]|t[12])$"
    r"|[._]lokr_(?:w[12](?:_[ab])?|t2)$"
    r"|[._](?:oft_blocks|oft_diag|dora_scale|on_input)$"
    r"|\.lora_magnitude_vector(?:[._]\w+)?(?:[._]weight)?$"
    r"|\.(?:a1|a2|b1|b2)\.weight$"
    r"|\.(?:diff|diff_b)$"
)
"""How the names end of what a LoRA adds to a layer."""

_SIDE = re.compile(r"^(?:alpha|rank)$|[._](?:alpha|scale|bias|network_alpha|rank)$")
"""How the names end that may stand beside it."""

_DOWN = re.compile(r"[._](?:lora[._]down[._]weight|lora[._]A(?:[._]\w+)?[._]weight|hada_w1_b)$")
"""The matrix whose rows are as wide as what the layer reads."""

_VIDEO = re.compile(
    r"(?:^|_)blocks_\d+_(?:self_attn|cross_attn)_|_img_attn_qkv|_individual_token_refiner_|_attn1_.*caption_proj"
)


_UNREAD = {
    re.compile(r"[._]dora_scale$|[._]lora_magnitude_vector(?:[._]|$)"): (
        "This is a DoRA, which also rescales a model's own weights: Easel reads LoRAs that add to them."
    ),
    re.compile(r"[._](?:oft_blocks|oft_diag|on_input)$|\.(?:a1|a2|b1|b2)\.weight$"): (
        "This changes a model's weights as OFT, (IA)³ or GLoRA do, which Easel does not read."
    ),
}
"""How the tensors end of what does more than add to weights → the sentence that says so."""


def unread(names: Collection[str]) -> str:
    """Why a LoRA of tensors with these names cannot be drawn with, in one sentence; empty where it can.

    A DoRA (Liu et al. 2024, arXiv 2402.09353) also normalises the model's own weights: drawn as if it only
    added to them, it gives other pictures.
    """
    for pattern, sentence in _UNREAD.items():
        if any(pattern.search(name) for name in names):
            return sentence
    return ""


def lora(shapes: Shapes) -> Recognised | None:
    """What the file is, if it is a LoRA: most of its tensors are what a LoRA adds."""
    marks = [name for name in shapes if _MARK.search(name)]
    others = sum(not _MARK.search(name) and not _SIDE.search(name) for name in shapes)
    if not marks or others > len(marks):
        return None
    flat = {_flat(name): shapes[name] for name in marks}
    families, title = _made_for(flat)
    if not families:
        refused = "This is a LoRA for a model of a kind that Easel does not draw with."
        return Recognised("lora", f"a LoRA for {title}", (), (), refused)
    return Recognised("lora", f"a LoRA for {title}", families, (), unread(shapes), texts=_texts(flat))


def _flat(name: str) -> str:
    """The name with underscores alone, without what scripts put before it."""
    bare = name.removeprefix("base_model.model.").removeprefix("lora.")
    return bare.replace(".", "_").removeprefix("diffusion_model_")


def _made_for(flat: Shapes) -> tuple[tuple[str, ...], str]:
    """The families that the layers' names are of, and what their models are called."""
    names = list(flat)
    if _any(r"(?:^|_)double_blocks_\d", names) or _any(r"(?:^|_)single_blocks_\d", names):
        if _any(r"individual_token_refiner|_img_attn_qkv_", names) and not _any(
            r"_img_attn_qkv_lora|_img_mod_", names
        ):
            return (), "HunyuanVideo"
        return (("flux2", "flux2-klein"), "FLUX.2") if _flux2(flat) else (("flux",), "FLUX.1")
    if _any(r"(?:^|_)single_transformer_blocks_\d", names):
        second = _any(r"to_qkv_mlp_proj|ff_linear_in", names)
        return (("flux2", "flux2-klein"), "FLUX.2") if second else (("flux",), "FLUX.1")
    if _any(r"(?:^|_)joint_blocks_\d", names):
        return ("sd3",), "Stable Diffusion 3"
    if _any(r"(?:^|_)layers_\d+_(?:attention|feed_forward)_", names):
        return (("z-image",), "Z-Image") if _wide(flat, "attention") == 3840 else (("lumina2",), "Lumina 2")
    if _any(r"(?:^|_)transformer_blocks_\d", names) and not _any(
        r"attentions_\d|input_blocks|output_blocks", names
    ):
        return _by_transformer_blocks(flat)
    if _any(r"down_blocks_\d|up_blocks_\d|mid_block|input_blocks_\d|output_blocks_\d|middle_block", names):
        return _by_unet(flat)
    return _by_encoder(flat)


def _any(pattern: str, names: Iterable[str]) -> bool:
    find = re.compile(pattern).search
    return any(find(name) for name in names)


def _wide(flat: Shapes, pattern: str) -> int:
    """How wide what a layer reads is, of the first layer of that name; 0 where no matrix says it."""
    find = re.compile(pattern).search
    widths = (_reads(flat, name, shape) for name, shape in flat.items() if len(shape) > 1 and find(name))
    return next(filter(None, widths), 0)


def _reads(flat: Shapes, name: str, shape: tuple[int, ...]) -> int:
    """How wide the input is that a matrix tells: of LoKr's two sides the product; 0 where it tells none."""
    layer, mark, factor = name.partition("_lokr_w1")
    if mark and factor in ("", "_b"):
        other = flat.get(f"{layer}_lokr_w2") or flat.get(f"{layer}_lokr_w2_b") or ()
        return shape[1] * other[1] if len(other) > 1 else 0
    return shape[1] if _DOWN.search(name) else 0


def _texts(flat: Shapes) -> int:
    """How wide the texts are that its models read: by a U-Net's layers, or by a text encoder's own."""
    return _wide(flat, _TEXTS) or _wide(flat, r"text_model_encoder_layers_\d+_self_attn_[qkv]_proj")


_TEXTS = r"_attn2_(?:processor_)?to_[kv]_"
"""What a U-Net's layers are called that read texts."""


def _flux2(flat: Shapes) -> bool:
    """By the proportions of its layers: FLUX.2's are 3 times as wide inside and gated, FLUX.1's 4 times."""
    if _any(r"_modulation_img_|_stream_modulation", flat):
        return True
    width = (
        _wide(flat, r"single_blocks_\d+_linear1_")
        or _wide(flat, r"img_attn_qkv_")
        or _wide(flat, r"img_mlp_0_")
    )
    inside = _wide(flat, r"single_blocks_\d+_linear2_")
    if width and inside:
        return inside == 4 * width
    inside = _wide(flat, r"(?:img|txt)_mlp_2_")
    return bool(width and inside) and inside == 3 * width


_DEEP = 24
"""FLUX.1 has 19 blocks with texts beside the picture, Qwen-Image 60."""

_WIDE = 3072
"""How wide FLUX.1 and Qwen-Image are inside; Stable Diffusion 3's are 1536 and 2432."""


def _by_transformer_blocks(flat: Shapes) -> tuple[tuple[str, ...], str]:
    """Blocks of that name have Stable Diffusion 3, Qwen-Image, FLUX.1, PixArt and video models."""
    if _any(r"caption_projection|_attn1_", flat):
        return (), "PixArt or a video model"
    deepest = max(int(number) for name in flat for number in re.findall(r"transformer_blocks_(\d+)", name))
    width = _wide(flat, r"_attn_")
    if _any(r"_img_mlp_|_txt_mlp_|_img_mod_|_txt_mod_", flat) or (width == _WIDE and deepest >= _DEEP):
        return ("qwen-image",), "Qwen-Image"
    if width == _WIDE:
        return ("flux",), "FLUX.1"
    return ("sd3",), "Stable Diffusion 3"


def _by_unet(flat: Shapes) -> tuple[tuple[str, ...], str]:
    """By the width of the texts it reads, or by which of its blocks have attention."""
    texts = _wide(flat, _TEXTS)
    known = {768: "Stable Diffusion 1.5", 1024: "Stable Diffusion 2"}
    if texts in known:
        return ("sd",), known[texts]
    if _any(r"motion_modules", flat):
        return (), "AnimateDiff"
    deep = _any(r"transformer_blocks_[1-9]", flat) or _any(r"(?:^|_)te2_|text_encoder_2|add_embedding", flat)
    original = _any(r"input_blocks_\d|output_blocks_\d|middle_block", flat)
    first = _any(r"down_blocks_0_attentions|up_blocks_3_attentions", flat)
    if texts == 2048 or deep or (original and not texts):
        return ("sdxl",), "Stable Diffusion XL"
    if first:
        return ("sd",), "Stable Diffusion"
    return ("sd", "sdxl"), "Stable Diffusion or Stable Diffusion XL"


def _by_encoder(flat: Shapes) -> tuple[tuple[str, ...], str]:
    """A LoRA of text encoders alone."""
    if not _any(r"text_model_encoder_layers|text_encoder|(?:^|_)te[12]?_", flat):
        return (), "a model of an unknown kind"
    if _any(r"(?:^|_)te2_|text_encoder_2", flat) or _any(r"(?:^|_)te1_", flat):
        return ("sdxl",), "Stable Diffusion XL"
    return ("sd",), "Stable Diffusion"
