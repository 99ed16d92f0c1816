"""Which family a denoiser is of, alone or in a checkpoint, by the names and shapes of its tensors.

Families are told apart by structure, so that a model of any size is recognised; sizes decide only where
structure does not (how wide the texts are that a U-Net reads).
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.files.record import Recognised, Shapes

__all__ = ["denoiser", "parts_of"]

_PREFIXES = ("model.diffusion_model.", "diffusion_model.")
"""What stands before a denoiser's names in a checkpoint."""

_VAE = ("first_stage_model.", "vae.")
"""What stands before a VAE's."""

_ENCODERS = {
    "sd": ("cond_stage_model.",),
    "sdxl": ("conditioner.embedders.0.transformer.", "conditioner.embedders.1."),
    "sd3": ("text_encoders.clip_l.", "text_encoders.clip_g.", "text_encoders.t5xxl."),
    "flux": ("text_encoders.clip_l.", "text_encoders.t5xxl."),
}
"""What stands before those of each text encoder, by family; of other families none lies in a single file."""

_ALL_ENCODERS = ("text_encoder", "text_encoder_2", "text_encoder_3")


@dataclass(frozen=True, slots=True)
class _Structure:
    """What models of a family are called, and names that all must be there."""

    family: str
    title: str
    marks: tuple[str, ...]


_STRUCTURES = (
    _Structure(
        "", "the video model HunyuanVideo", ("txt_in.individual_token_refiner.blocks.0.self_attn.qkv.weight",)
    ),
    _Structure(
        "", "the video model HunyuanVideo", ("txt_in.individual_token_refiner.blocks.0.self_attn_qkv.weight",)
    ),
    _Structure("chroma", "Chroma", ("distilled_guidance_layer.in_proj.weight",)),
    _Structure("flux2", "FLUX.2", ("single_stream_modulation.lin.weight",)),
    _Structure("flux2", "FLUX.2", ("single_stream_modulation.linear.weight",)),
    _Structure("flux", "FLUX.1", ("double_blocks.0.img_attn.qkv.weight", "vector_in.in_layer.weight")),
    _Structure("flux", "FLUX.1", ("single_transformer_blocks.0.proj_mlp.weight", "x_embedder.weight")),
    _Structure("sd3", "Stable Diffusion 3", ("joint_blocks.0.x_block.attn.qkv.weight",)),
    _Structure(
        "sd3", "Stable Diffusion 3", ("pos_embed.proj.weight", "transformer_blocks.0.attn.add_k_proj.weight")
    ),
    _Structure("auraflow", "AuraFlow", ("double_layers.0.attn.w1q.weight",)),
    _Structure("hidream", "HiDream", ("double_stream_blocks.0.block.adaLN_modulation.1.bias",)),
    _Structure("z-image", "Z-Image", ("layers.0.adaLN_modulation.0.weight", "cap_embedder.0.weight")),
    _Structure("lumina2", "Lumina 2", ("layers.0.adaLN_modulation.1.weight", "cap_embedder.0.weight")),
    _Structure("krea2", "Krea 2", ("txtfusion.projector.weight",)),
    _Structure(
        "qwen-image", "Qwen-Image", ("transformer_blocks.0.img_mlp.net.0.proj.weight", "txt_norm.weight")
    ),
    _Structure(
        "sana", "Sana", ("blocks.0.cross_attn.q_linear.weight", "blocks.0.mlp.inverted_conv.conv.weight")
    ),
    _Structure("", "PixArt", ("blocks.0.cross_attn.q_linear.weight", "blocks.0.mlp.fc1.weight")),
    _Structure("", "Stable Cascade", ("clip_txt_mapper.weight",)),
    _Structure("", "Stable Cascade", ("down_blocks.1.0.channelwise.0.weight",)),
    _Structure("", "the video model Wan", ("head.modulation", "patch_embedding.weight")),
    _Structure("", "the video model LTX", ("patchify_proj.weight",)),
    _Structure("", "the video model Mochi", ("blocks.0.attn.qkv_x.weight",)),
    _Structure("", "the world model Cosmos", ("x_embedder.proj.1.weight",)),
)
"""The first whose marks are there is it. Without a family: known, and not to be drawn with from one file."""


@dataclass(frozen=True, slots=True)
class _Found:
    family: str
    title: str
    refused: str = ""


def denoiser(shapes: Shapes) -> Recognised | None:
    """What the file is, if a denoiser lies in it."""
    prefix = next((each for each in _PREFIXES if any(name.startswith(each) for name in shapes)), "")
    inner = {name[len(prefix) :]: shape for name, shape in shapes.items() if name.startswith(prefix)}
    found = _unet(inner, shapes) or _transformer(inner)
    if found is None:
        return None
    refused = found.refused or _packed(shapes)
    if not refused and not found.family:
        refused = f"This is {found.title}, which Easel cannot draw with from a single file."
    parts = parts_of(found.family)
    missing = tuple(name for name, prefixes in parts.items() if not _has(shapes, prefixes))
    alone = len(missing) == len(parts)
    return Recognised(
        "denoiser" if alone else "checkpoint",
        f"the denoiser of {found.title} alone" if alone else f"a checkpoint of {found.title}",
        (found.family,) if found.family else (),
        missing,
        refused,
        prediction="v_prediction" if "v_pred" in shapes else "",
        zero_snr="ztsnr" in shapes,
    )


def parts_of(family: str) -> dict[str, tuple[str, ...]]:
    """The components beside the denoiser → what their names begin with in a checkpoint, one of these."""
    starts = _ENCODERS.get(family, ())
    encoders: dict[str, tuple[str, ...]] = {
        name: (start,) for name, start in zip(_ALL_ENCODERS, starts, strict=False)
    }
    return (encoders or {"text_encoder": ()}) | {"vae": _VAE}


def _has(shapes: Shapes, prefixes: tuple[str, ...]) -> bool:
    return bool(prefixes) and any(name.startswith(prefixes) for name in shapes)


def _transformer(inner: Shapes) -> _Found | None:
    for structure in _STRUCTURES:
        if all(mark in inner for mark in structure.marks):
            if structure.family == "flux":
                return _flux(inner)
            if structure.family == "flux2" and not any(name.startswith(_GUIDANCE) for name in inner):
                return _Found("flux2-klein", "FLUX.2 [klein]")
            if structure.family == "sd3" and any(".ln_q." in name or ".norm_q." in name for name in inner):
                return _Found("sd3", "Stable Diffusion 3.5")
            return _Found(structure.family, structure.title)
    return None


_GUIDANCE = (
    "guidance_in.",
    "time_text_embed.guidance_embedder.",
    "time_guidance_embed.guidance_embedder.",
)
"""What the names of a distilled guidance's input begin with."""


def _flux(inner: Shapes) -> _Found:
    """FLUX.1 by what it is given beside the picture's own 2 × 2 latents."""
    guided = any(name.startswith(_GUIDANCE) for name in inner)
    given = _at(inner, 1, "img_in.weight", "x_embedder.weight")
    drawn = _at(inner, 0, "final_layer.linear.weight", "proj_out.weight")
    if given and drawn and given == 2 * drawn:
        return _Found("", "FLUX.1 with a control picture")
    if given and drawn and given > drawn:
        return _Found("", "FLUX.1 [fill]")
    return _Found("flux", "FLUX.1 [dev]" if guided else "FLUX.1 [schnell]")


_INPUTS = {
    9: "an inpainting model: it wants a mask with every picture, and Easel repaints with any other model",
    8: "an instruct-pix2pix model, which changes pictures and draws none",
    5: "a depth-to-image model, which draws none from text alone",
    7: "a model that only enlarges pictures",
}
"""What a U-Net of that many input channels is where it draws 4: what it is given beside the noise."""


def _unet(inner: Shapes, shapes: Shapes) -> _Found | None:
    given = _at(inner, 1, "input_blocks.0.0.weight", "conv_in.weight")
    drawn = _at(inner, 0, "out.2.weight", "conv_out.weight")
    texts = next(
        (shape[-1] for name, shape in inner.items() if name.endswith("attn2.to_k.weight") and shape), 0
    )
    here = any(name.startswith(("output_blocks.0.", "up_blocks.0.resnets.")) for name in inner)
    if not given or not drawn or not texts or not here:
        return None
    sized = "label_emb.0.0.weight" in inner or "add_embedding.linear_1.weight" in inner
    found = _sdxl(inner, shapes, texts) if sized else _sd(texts)
    if any("motion_modules." in name for name in inner):
        return _Found("", f"{found.title} with AnimateDiff's motion modules")
    for channels, what in _INPUTS.items():
        if given != drawn and given - drawn == _beside(channels, drawn):
            return _Found(found.family, found.title, f"This is {what}.")
    if given != drawn:
        return _Found(found.family, found.title, "This is a U-Net that is given more than noise and words.")
    return found


def _beside(channels: int, drawn: int) -> int:
    """Channels that a model of that kind is given beside the noise: latents of pictures, and planes."""
    pictures, planes = divmod(channels - 4, 4)
    return channels - 4 if channels == 7 else pictures * drawn + planes


def _sd(texts: int) -> _Found:
    titles = {768: "Stable Diffusion 1.5", 1024: "Stable Diffusion 2"}
    return _Found("sd", titles.get(texts, "Stable Diffusion"))


def _sdxl(inner: Shapes, shapes: Shapes, texts: int) -> _Found:
    if texts == 1280 or any(name.startswith("conditioner.embedders.0.model.") for name in shapes):
        refused = (
            "This is a refiner of Stable Diffusion XL, which only finishes what another model has drawn."
        )
        return _Found("sdxl", "Stable Diffusion XL's refiner", refused)
    if texts == 1024:
        return _Found("", "Stable unCLIP")
    if any(name.startswith("encoder_hid_proj.") for name in inner):
        return _Found("", "Kolors")
    if "edm_mean" in shapes:
        return _Found("", "Playground 2.5")
    return _Found("sdxl", "Stable Diffusion XL")


def _at(shapes: Shapes, place: int, *names: str) -> int:
    """That dimension of the first of these tensors that is there, 0 where there is none such."""
    shape = next((shapes[name] for name in names if name in shapes), ())
    return shape[place] if len(shape) > place else 0


_PACKINGS = {
    "scaled to FP8, each layer by a factor of its own": ("scaled_fp8", ".scale_weight", ".weight_scale"),
    "packed in 4 bits by bitsandbytes": (
        ".absmax",
        "quant_state.bitsandbytes__nf4",
        "quant_state.bitsandbytes__fp4",
    ),
    "packed in 4 bits by Nunchaku": (".wscales", ".qweight"),
}
"""How weights may be packed so that their numbers mean nothing by themselves → how such names end."""


def _packed(shapes: Shapes) -> str:
    """The sentence for weights that diffusers would read as if they were not packed; empty for others."""
    for how, endings in _PACKINGS.items():
        if any(name.endswith(endings) for name in shapes):
            return (
                f"Its weights are {how}, which diffusers does not read: take the file in FP16, BF16 or GGUF."
            )
    return ""
