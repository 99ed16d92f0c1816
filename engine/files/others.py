"""Files that hold no denoiser and are no LoRA: VAEs, embeddings, and what Easel has no use for.

Told by the names and shapes of their tensors.
"""

from __future__ import annotations

import re

from engine.files.record import Recognised, Shapes

__all__ = ["attachment", "embedding", "other", "vae"]

_VAE_TITLES = {
    4: (("sd", "sdxl"), "Stable Diffusion 1, 2 or XL"),
    16: (("sd3", "flux"), "Stable Diffusion 3 or FLUX.1"),
    32: (("flux2", "flux2-klein"), "FLUX.2"),
}
"""Channels of latents → the families that have so many, and what they are called."""


def vae(shapes: Shapes) -> Recognised | None:
    """What the file is, if it is a VAE alone: it has a decoder that begins with latents."""
    prefix = next(
        (p for p in ("first_stage_model.", "vae.") if any(name.startswith(p) for name in shapes)), ""
    )
    decoder = shapes.get(f"{prefix}decoder.conv_in.weight", ())
    blocks = any(name.startswith((f"{prefix}decoder.up.", f"{prefix}decoder.up_blocks.")) for name in shapes)
    if not blocks or len(decoder) < 4:
        return None
    if len(decoder) > 4:
        return Recognised("other", "the VAE of a video model", refused="This is the VAE of a video model.")
    families, title = _VAE_TITLES.get(decoder[1], ((), "a model of an unknown kind"))
    if not any(name.startswith((f"{prefix}encoder.",)) for name in shapes):
        return Recognised("other", "half a VAE", refused="This is a VAE's decoder without its encoder.")
    refused = "" if families else f"This is a VAE of {decoder[1]} channels, which no model of Easel's has."
    return Recognised("vae", f"a VAE for {title}", families, (), refused)


_WORD = re.compile(r"^<.{1,60}>$|^\*$|^emb_params$|^[\w -]{1,60}$")
_MOST_VECTORS = 128
"""Rows of an embedding at most: a prompt has 77 tokens in all."""


def embedding(shapes: Shapes) -> Recognised | None:
    """What the file is, if it is a textual inversion: a few rows that stand for a word."""
    if len(shapes) > 3 or any(len(shape) not in (1, 2) for shape in shapes.values()):
        return None
    if any(len(shape) == 2 and shape[0] > _MOST_VECTORS for shape in shapes.values()):
        return None
    names = set(shapes)
    if {"clip_l", "clip_g"} <= names:
        return Recognised("embedding", "an embedding for Stable Diffusion XL", ("sdxl",))
    if len(shapes) == 1 and (names == {"emb_params"} or _WORD.match(next(iter(names)))):
        (shape,) = shapes.values()
        known = {768: "Stable Diffusion 1.5", 1024: "Stable Diffusion 2"}
        if names == {"emb_params"} or shape[-1] in known or next(iter(names)).startswith("<"):
            title = known.get(shape[-1], "Stable Diffusion")
            return Recognised("embedding", f"an embedding for {title}", ("sd",), texts=shape[-1])
    return None


_ATTACHMENTS = (
    (
        "a ControlNet",
        r"^control_model\.|controlnet_cond_embedding\.|^input_hint_block\.|(?:^|\.)zero_convs\.|^controlnet_"
        r"|^lllite_|^control_(?:all_)?x_embedder|^control_layers\.|^controlnet_blocks",
    ),
    ("an IP-Adapter", r"^ip_adapter\.|^image_proj\.|\.to_k_ip\.|_ip_layers|^double_blocks\.\d+\.processor\."),
)
"""What is laid over a denoiser, and may repeat some of its names → how a name of its tensors looks."""

_OTHERS = (
    ("a T2I-Adapter", r"^adapter\.body\.|^body\.\d+\.(?:resnets|block1)|^body\.\d+\.in_conv\."),
    ("a motion module of AnimateDiff", r"motion_modules\."),
    (
        "an upscaler",
        r"^(?:model\.)?(?:RRDB_trunk|body)\.\d+\.(?:RDB|rdb)\d\.|^model\.1\.sub\.\d|residual_group\.blocks\."
        r"|^params(?:_ema)?\.|^conv_first\.|^upsampler?\.\d",
    ),
    (
        "a preview decoder (TAESD)",
        r"^taesd_|^(?:decoder|encoder)\.\d+\.(?:conv\.\d+\.)?(?:weight|bias)$|^\d+\.conv\.\d\.",
    ),
    (
        "a text encoder",
        r"(?:^|\.)text_model\.(?:encoder|embeddings)\.|^encoder\.layers\.\d+\.self_attn\.|^encoder\.block\.\d+\.layer\.0\.SelfAttention\.|^enc\.blk\.\d"
        r"|(?:^|\.)transformer\.resblocks\.|(?:^|\.)embed_tokens\.weight$|^token_embd\.|^blk\.\d+\.attn_|^shared\.weight$",
    ),
    ("an image encoder", r"^vision_model\.|^visual\.|^vision_tower\.|^image_encoder\."),
    ("a hypernetwork", r"^(?:320|640|768|1280)(?:\.|$)"),
    ("a detector", r"^model\.\d+\.(?:cv\d|conv|m)\.|^backbone\."),
)
"""What else is downloaded → how a name of one of its tensors looks."""


def attachment(shapes: Shapes) -> Recognised | None:
    """What the file is, if it is laid over a denoiser to give it pictures to follow."""
    return _first(_ATTACHMENTS, shapes)


def other(shapes: Shapes) -> Recognised:
    """What the file is, if it is something known that Easel has no use for; unknown else."""
    if not shapes:
        return Recognised("other", "a file without tensors", refused="No tensors lie in this file.")
    refused = "What this file holds is not known to Easel: no model, LoRA, VAE or embedding that it has seen."
    return _first(_OTHERS, shapes) or Recognised("other", "unknown", refused=refused)


def _first(kinds: tuple[tuple[str, str], ...], shapes: Shapes) -> Recognised | None:
    for what, pattern in kinds:
        find = re.compile(pattern).search
        if any(find(name) for name in shapes):
            return Recognised("other", what, refused=f"This is {what}, which Easel has no use for by itself.")
    return None
