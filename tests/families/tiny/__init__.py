"""Tiny random pipelines of every family: the families' real classes and configurations, no hub, no pictures.

``TINY`` has a builder for each name. Their pictures mean nothing; they show that calls fit, that jobs share
forwards, and what depends on what.
"""

from collections.abc import Callable
from typing import Any

from PIL import Image

from tests.families.tiny import later, mixed, packed, plain, sentences, stages, unets
from tests.families.tiny.parts import SIDE, WORDS

__all__ = ["NEEDS", "SIDE", "STOCK", "TINY", "WORDS"]

TINY: dict[str, Callable[[], Any]] = {
    "auto": plain.auraflow,
    "sd": unets.sd,
    "lcm": unets.lcm,
    "sdxl": unets.sdxl,
    "instruct-pix2pix": unets.instruct_pix2pix,
    "instruct-pix2pix-xl": unets.instruct_pix2pix_xl,
    "kandinsky22": unets.kandinsky22,
    "kandinsky3": unets.kandinsky3,
    "deepfloyd-if": unets.deepfloyd_if,
    "stable-cascade": stages.stable_cascade_prior,
    "sd3": plain.sd3,
    "auraflow": plain.auraflow,
    "pixart": plain.pixart,
    "sana": plain.sana,
    "sana-sprint": plain.sana_sprint,
    "lumina": plain.lumina,
    "lumina2": plain.lumina2,
    "cogview3": plain.cogview3,
    "cogview4": plain.cogview4,
    "hunyuan-dit": mixed.hunyuan_dit,
    "hunyuan-image": mixed.hunyuan_image,
    "hidream": mixed.hidream,
    "z-image": mixed.z_image,
    "kandinsky5": mixed.kandinsky5,
    "prx": mixed.prx,
    "ideogram4": mixed.ideogram4,
    "glm-image": mixed.glm_image,
    "kolors": sentences.kolors,
    "omnigen": plain.omnigen,
    "flux": packed.flux,
    "flux-kontext": packed.flux_kontext,
    "flux-fill": packed.flux_fill,
    "flux2": packed.flux2,
    "flux2-klein": packed.flux2_klein,
    "chroma": packed.chroma,
    "qwen-image": packed.qwen_image,
    "ovis": packed.ovis,
    "longcat": packed.longcat,
    "bria": packed.bria,
    "krea2": packed.krea2,
    "ernie-image": later.ernie_image,
    "qwen-image-edit": later.qwen_image_edit,
    "qwen-image-edit-plus": later.qwen_image_edit_plus,
    "flux3": later.flux3,
    "nucleus": later.nucleus,
}
"""From a family's name to what builds its pipeline, a few megabytes at most."""

NEEDS = {"prx": "ftfy", "kolors": "sentencepiece", "omnigen": "torchvision"}
"""The library, besides those that the engine needs, without which a family's pipeline does not draw."""

_GRADIENT = Image.linear_gradient("L").resize((SIDE, SIDE)).convert("RGB")

STOCK: dict[str, dict[str, Any]] = {
    "flux-kontext": {"max_area": SIDE * SIDE, "_auto_resize": False},
    "instruct-pix2pix": {"image": _GRADIENT},
    "instruct-pix2pix-xl": {"image": _GRADIENT},
    "flux-fill": {
        "image": _GRADIENT,
        "mask_image": Image.new("L", (SIDE, SIDE), 255),
    },
    "ideogram4": {"guidance_scale": 5.0, "guidance_schedule": None},
    "qwen-image-edit": {"image": _GRADIENT, "negative_prompt": " "},
    "qwen-image-edit-plus": {"image": _GRADIENT, "negative_prompt": " "},
    "longcat": {"enable_prompt_rewrite": False},
}
"""What the family's stock pipeline must be told besides text, size, steps and generator."""
