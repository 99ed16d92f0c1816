"""Models in the shapes of those that people run, with random weights: nothing is downloaded.

How long a forward takes does not depend on what the weights say. Text embeddings are random too. Knows
nothing of what is measured.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    FluxPipeline,
    FluxTransformer2DModel,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
    ZImagePipeline,
    ZImageTransformer2DModel,
)

__all__ = ["DTYPE", "SHAPES", "Rig", "Shape", "moved"]

DTYPE = torch.bfloat16


@dataclass(frozen=True)
class Rig:
    """Where it runs, whether the shapes shrink, and what was asked instead of their own users and steps."""

    device: str
    tiny: bool
    users: tuple[int, ...] = ()
    steps: int | None = None

    @property
    def gpu(self) -> bool:
        """Whether there is something to wait for and to free."""
        return self.device.startswith("cuda")

    def wait(self) -> None:
        """Until the device has done all it was told."""
        if self.gpu:
            torch.cuda.synchronize(self.device)


@dataclass(frozen=True)
class Shape:
    """A model of random weights.

    How it is made, its family, tile, steps and guidance, the users that draw grids at once, and random texts
    for n pictures: the text's, and those of the absent text.
    """

    make: Callable[[Rig], Any]
    family: str
    side: int
    steps: int
    guidance: float
    users: tuple[int, ...]
    texts: Callable[[int, int], dict[str, Any]]
    guided: bool = True

    def shrunk(self) -> "Shape":
        """The same with a picture, steps and users that a CPU can do."""
        return replace(self, side=64, steps=2, users=(1, 2))


@contextmanager
def _on_device(rig: Rig) -> Iterator[None]:
    """Modules made here are born on the device in bf16."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(DTYPE)
    try:
        with torch.device(rig.device):
            yield
    finally:
        torch.set_default_dtype(before)


def _vae(rig: Rig, channels: int) -> AutoencoderKL:
    widths = (8, 8, 8, 8) if rig.tiny else (128, 256, 512, 512)
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=widths,
        norm_num_groups=4 if rig.tiny else 32,
        layers_per_block=2,
        latent_channels=channels,
        shift_factor=0.1 if channels == 16 else None,
    )


def _ready(pipe: Any) -> Any:
    pipe.set_progress_bar_config(disable=True)
    for module in (pipe.vae, getattr(pipe, "unet", None)):
        if module is not None:
            module.to(memory_format=torch.channels_last)
    return pipe


def _sd15(rig: Rig) -> Any:
    with _on_device(rig):
        unet = UNet2DConditionModel(
            sample_size=64,
            cross_attention_dim=768,
            attention_head_dim=8,
            block_out_channels=(32, 32, 32, 32) if rig.tiny else (320, 640, 1280, 1280),
        )
        vae = _vae(rig, 4)
    scheduler = EulerDiscreteScheduler(beta_schedule="scaled_linear", steps_offset=1)
    parts = dict.fromkeys(("text_encoder", "tokenizer", "safety_checker", "feature_extractor"))
    return _ready(
        StableDiffusionPipeline(
            unet=unet, vae=vae, scheduler=scheduler, requires_safety_checker=False, **parts
        )
    )


def _sdxl(rig: Rig) -> Any:
    with _on_device(rig):
        unet = UNet2DConditionModel(
            sample_size=128,
            block_out_channels=(32, 32, 32) if rig.tiny else (320, 640, 1280),
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
            transformer_layers_per_block=1 if rig.tiny else (1, 2, 10),
            attention_head_dim=2 if rig.tiny else (5, 10, 20),
            cross_attention_dim=2048,
            use_linear_projection=True,
            addition_embed_type="text_time",
            addition_time_embed_dim=256,
            projection_class_embeddings_input_dim=2816,
        )
        vae = _vae(rig, 4)
    scheduler = EulerDiscreteScheduler(beta_schedule="scaled_linear", steps_offset=1)
    parts = dict.fromkeys(("text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2"))
    return _ready(
        StableDiffusionXLPipeline(unet=unet, vae=vae, scheduler=scheduler, add_watermarker=False, **parts)
    )


def _flux(rig: Rig) -> Any:
    with _on_device(rig):
        few: dict[str, Any] = (
            {"num_layers": 1, "num_single_layers": 1, "num_attention_heads": 2} if rig.tiny else {}
        )
        transformer = FluxTransformer2DModel(guidance_embeds=True, **few)
        vae = _vae(rig, 16)
    parts = dict.fromkeys(("text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2"))
    scheduler = FlowMatchEulerDiscreteScheduler(shift=3.0)
    return _ready(FluxPipeline(transformer=transformer, vae=vae, scheduler=scheduler, **parts))


def _z_image(rig: Rig) -> Any:
    with _on_device(rig):
        few: dict[str, Any] = (
            {"dim": 64, "n_layers": 1, "n_refiner_layers": 1, "n_heads": 2, "n_kv_heads": 2}
            | {"axes_dims": [16, 8, 8], "axes_lens": [1024, 64, 64]}
            if rig.tiny
            else {}
        )
        transformer = ZImageTransformer2DModel(**few)
        vae = _vae(rig, 16)
    parts = dict.fromkeys(("text_encoder", "tokenizer"))
    scheduler = FlowMatchEulerDiscreteScheduler(shift=3.0)
    return _ready(ZImagePipeline(transformer=transformer, vae=vae, scheduler=scheduler, **parts))


def _rows(n: int, seed: int, *shape: int) -> torch.Tensor:
    """Random rows (n, *shape), the same for each picture of a job."""
    made = torch.randn(1, *shape, generator=torch.Generator().manual_seed(seed)).to(DTYPE)
    return made.repeat(n, *[1] * len(shape))


def _states(width: int, pooled: int = 0, length: int = 77) -> Callable[[int, int], dict[str, Any]]:
    def texts(n: int, seed: int) -> dict[str, Any]:
        made = {"prompt_embeds": _rows(n, seed, length, width)}
        return made | {"pooled_prompt_embeds": _rows(n, seed, pooled)} if pooled else made

    return texts


def _lists(width: int, length: int) -> Callable[[int, int], dict[str, Any]]:
    return lambda n, seed: {"prompt_embeds": list(_rows(n, seed, length, width))}


def moved(texts: Mapping[str, Any], device: Any) -> dict[str, Any]:
    """The same texts on a device."""
    return {
        name: [row.to(device) for row in rows] if isinstance(rows, list) else rows.to(device)
        for name, rows in texts.items()
    }


SHAPES = {
    "sd-1.5": Shape(_sd15, "sd", 512, 25, 7.0, (1, 2, 4, 8), _states(768)),
    "sdxl": Shape(_sdxl, "sdxl", 1024, 15, 6.0, (1, 2, 4), _states(2048, 1280)),
    "flux": Shape(_flux, "flux", 1024, 6, 3.5, (1, 2), _states(4096, 768, 512), guided=False),
    "z-image": Shape(_z_image, "z-image", 1024, 8, 0.0, (1, 2), _lists(2560, 128), guided=False),
}
"""Steps are fewer than people take where a grid takes seconds: decoding then counts more, which no sharing
makes quicker. With 30 and 28 steps SDXL and FLUX gain more than is printed."""
