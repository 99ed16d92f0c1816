"""What a diffusers folder or repository holds, by what lies in it: family, sizes, steps, guidance.

Reads the small JSON files only; a name says nothing. What no file says is taken from the models of the same
family that the list knows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from engine.errors import ModelUnavailable
from engine.families import FAMILIES
from engine.planning.entries import ModelEntry

__all__ = ["CLASSES", "Read", "RecognisedPipeline", "is_quick", "read_folder", "recognised"]

Read: TypeAlias = Callable[[str], "dict[str, Any] | None"]
"""A JSON file of the folder or repository by its path, None where there is none."""

CLASSES = {
    "StableDiffusionPipeline": "sd",
    "StableDiffusionXLPipeline": "sdxl",
    "StableDiffusion3Pipeline": "sd3",
    "StableDiffusionInstructPix2PixPipeline": "instruct-pix2pix",
    "StableDiffusionXLInstructPix2PixPipeline": "instruct-pix2pix-xl",
    "LatentConsistencyModelPipeline": "lcm",
    "KolorsPipeline": "kolors",
    "FluxPipeline": "flux",
    "FluxKontextPipeline": "flux-kontext",
    "FluxFillPipeline": "flux-fill",
    "Flux2Pipeline": "flux2",
    "Flux2KleinPipeline": "flux2-klein",
    "Flux3ModularPipeline": "flux3",
    "Flux3DistilledModularPipeline": "flux3",
    "ChromaPipeline": "chroma",
    "Krea2Pipeline": "krea2",
    "AuraFlowPipeline": "auraflow",
    "PixArtAlphaPipeline": "pixart",
    "PixArtSigmaPipeline": "pixart",
    "SanaPipeline": "sana",
    "SanaSprintPipeline": "sana-sprint",
    "HunyuanDiTPipeline": "hunyuan-dit",
    "HunyuanImagePipeline": "hunyuan-image",
    "LuminaPipeline": "lumina",
    "Lumina2Pipeline": "lumina2",
    "CogView3PlusPipeline": "cogview3",
    "CogView4Pipeline": "cogview4",
    "OmniGenPipeline": "omnigen",
    "HiDreamImagePipeline": "hidream",
    "QwenImagePipeline": "qwen-image",
    "ErnieImagePipeline": "ernie-image",
    "QwenImageEditPipeline": "qwen-image-edit",
    "QwenImageEditPlusPipeline": "qwen-image-edit-plus",
    "ZImagePipeline": "z-image",
    "KandinskyV22CombinedPipeline": "kandinsky22",
    "Kandinsky3Pipeline": "kandinsky3",
    "Kandinsky5T2IPipeline": "kandinsky5",
    "IFPipeline": "deepfloyd-if",
    "StableCascadePriorPipeline": "stable-cascade",
    "OvisImagePipeline": "ovis",
    "LongCatImagePipeline": "longcat",
    "PRXPipeline": "prx",
    "NucleusMoEImagePipeline": "nucleus",
    "BriaPipeline": "bria",
    "GlmImagePipeline": "glm-image",
    "Ideogram4Pipeline": "ideogram4",
}
"""What `model_index.json` calls a pipeline → the family that draws with it."""

_OTHER_WORK = re.compile(
    r"Img2Img|Image2Image|Inpaint|Fill|Control|Upscale|SuperResolution|Edit|Depth|Adapter|Prior|2Pix"
    r"|Video|Audio|I2V|T2V|Decoder"
)
"""Words in the names of pipelines that do not draw from text alone."""

_QUICK = ("LCMScheduler", "TCDScheduler", "SCMScheduler")
"""Schedulers that only distilled models bring along."""

_COMMON_SIDE, _COMMON_MULTIPLE, _COMMON_STEPS, _COMMON_GUIDANCE = 1024, 16, 28, 4.5
"""What is assumed of a family that the list knows no model of."""


@dataclass(frozen=True, slots=True)
class RecognisedPipeline:
    """What lies there. ``like`` is the model of the list whose settings were taken where no file says any."""

    kind: str
    family: str
    side: int
    multiple: int
    steps: int
    guidance: float
    like: ModelEntry | None


def read_folder(folder: Path) -> Read:
    """How a local folder is read. What is no JSON object reads as nothing."""

    def read(path: str) -> dict[str, Any] | None:
        try:
            data = json.loads((folder / path).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return data if isinstance(data, dict) else None

    return read


def recognised(index: Mapping[str, Any], read: Read, known: Iterable[ModelEntry]) -> RecognisedPipeline:
    """What a `model_index.json` and the configurations beside it describe. Raises ModelUnavailable."""
    kind = index.get("_class_name")
    if not isinstance(kind, str):
        raise ModelUnavailable("Its pipeline is Python code of its own, which Easel does not run.")
    scheduler = read("scheduler/scheduler_config.json") or {}
    family = CLASSES.get(kind)
    if family is None and _OTHER_WORK.search(kind):
        raise ModelUnavailable(f"It is a {kind}, which does not draw from text alone.")
    family = family or "auto"
    denoiser = read("transformer/config.json") or read("unet/config.json") or {}
    vae = read("vae/config.json") or read("movq/config.json") or {}
    quick = is_quick(index, scheduler, denoiser)
    like = _sibling(family, quick, known)
    cells = _pixels_of_a_cell(vae) * _patch(denoiser)
    staged = bool(FAMILIES[family].stages)  # its first stage says nothing of the finished picture's size
    if staged and like is None:
        raise ModelUnavailable(f"It is a {kind}, and no model of the list says where its later stages lie.")
    return RecognisedPipeline(
        kind,
        family,
        (0 if staged else _side(denoiser, vae)) or (like.side if like else _COMMON_SIDE),
        max(cells, like.multiple if like else _COMMON_MULTIPLE),
        like.steps if like else (4 if quick else _COMMON_STEPS),
        like.guidance if like else (0.0 if quick else _COMMON_GUIDANCE),
        like,
    )


def is_quick(index: Mapping[str, Any], scheduler: Mapping[str, Any], denoiser: Mapping[str, Any]) -> bool:
    """Whether it was distilled to few steps without guidance, as far as its files tell."""
    if index.get("is_distilled") is True or denoiser.get("is_distilled") is True:
        return True
    if scheduler.get("_class_name") in _QUICK:
        return True
    if denoiser.get("_class_name") == "FluxTransformer2DModel":
        return denoiser.get("guidance_embeds") is False
    # SD Turbo, SDXL Turbo and Lightning end at no noise and start their few steps at the very first.
    return (
        scheduler.get("_class_name", "").startswith("Euler")
        and scheduler.get("timestep_spacing") == "trailing"
    )


def _sibling(family: str, quick: bool, known: Iterable[ModelEntry]) -> ModelEntry | None:
    """The hub's first model of the family that takes as few steps, else its first of the family."""
    of_family = [entry for entry in known if entry.family == family and entry.folder is None]
    same = [entry for entry in of_family if (entry.steps <= 9) == quick]
    return next(iter(same or of_family), None)


def _pixels_of_a_cell(vae: Mapping[str, Any]) -> int:
    """How many pixels wide a cell of the latents is."""
    for name in ("encoder_block_out_channels", "block_out_channels"):
        blocks = vae.get(name)
        if isinstance(blocks, list) and blocks:
            return int(2 ** (len(blocks) - 1))
    shrinks = vae.get("temperal_downsample")  # so spelled in the configurations of Qwen's and Wan's
    if isinstance(shrinks, list):
        return int(2 ** len(shrinks))
    return int(vae.get("scale_factor_spatial") or vae.get("spatial_compression_ratio") or 8)


def _patch(denoiser: Mapping[str, Any]) -> int:
    """How many cells wide what a transformer reads at once is; for a U-Net the smallest it halves down to."""
    if denoiser.get("_class_name", "").startswith("UNet"):
        return 1
    patch = denoiser.get("patch_size", 2)
    packs = denoiser.get("_class_name", "").startswith(
        ("Flux", "Chroma", "Qwen")
    )  # two by two, before it reads
    patch = patch if isinstance(patch, int) and patch > 0 else 2
    return max(patch, 2) if packs else patch


def _side(denoiser: Mapping[str, Any], vae: Mapping[str, Any]) -> int | None:
    """The square that a denoiser was trained at, where its configuration says so."""
    size = denoiser.get("sample_size")
    size = size[0] if isinstance(size, list) and size else size
    if not isinstance(size, int) or size < 1:
        return None
    return size * (_pixels_of_a_cell(vae) if vae else 1)
