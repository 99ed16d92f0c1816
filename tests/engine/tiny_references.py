"""Reference adapters of random numbers for the tiny models, as the files that people have, in two layouts."""

from collections.abc import Mapping
from pathlib import Path

import torch
from diffusers.models.attention_processor import SD3IPAdapterJointAttnProcessor2_0
from diffusers.models.embeddings import IPAdapterTimeImageProjection
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor
from transformers import (
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
    SiglipVisionConfig,
    SiglipVisionModel,
)

from engine.drawing import LoadedModel
from engine.pictures.decoding import to_png
from engine.planning.references import AdapterEntry

WIDTH, PROJECTED, TOKENS, SIDE = 32, 24, 6, 32
STRENGTH = 3.0
RESAMPLERS = 4  # layers; diffusers builds as many, whatever the file says


def siglip(path: Path) -> Path:
    """A tiny random image encoder of SigLIP's kind, saved as a folder."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        SiglipVisionModel(
            SiglipVisionConfig(
                hidden_size=WIDTH,
                intermediate_size=WIDTH,
                num_hidden_layers=2,
                num_attention_heads=2,
                image_size=SIDE,
                patch_size=8,
            )
        ).save_pretrained(path)
    return path


def encoder(path: Path) -> Path:
    """A tiny random image encoder, saved as a folder."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        model = CLIPVisionModelWithProjection(
            CLIPVisionConfig(
                hidden_size=WIDTH,
                intermediate_size=WIDTH,
                num_hidden_layers=2,
                num_attention_heads=2,
                image_size=SIDE,
                patch_size=8,
                projection_dim=PROJECTED,
            )
        )
        model.vision_model.post_layernorm.weight.data.mul_(4)
        model.save_pretrained(path)
    return path


def halves(model: LoadedModel, seed: int, layout: str = "plain") -> dict[str, dict[str, Tensor]]:
    """An adapter's two halves, under the names of the first program: "plain", or "plus" with a resampler."""
    generator = torch.Generator().manual_seed(seed)

    def some(*shape: int, strength: float = 1.0) -> Tensor:
        return strength * torch.randn(*shape, generator=generator) / shape[-1] ** 0.5

    denoiser = model.denoisers[0]
    if model.entry.family == "sd3":
        return _timed(denoiser, generator)
    flux = model.entry.family == "flux"
    width = denoiser.config.joint_attention_dim if flux else denoiser.config.cross_attention_dim
    names = [name.removesuffix(".processor") for name in denoiser.attn_processors]
    places = [name for name in names if name.endswith("attn2") or name.startswith("transformer_blocks.")]
    attend: dict[str, Tensor] = {}
    for count, name in enumerate(places):
        inner = denoiser.get_submodule(f"{name}.to_q").out_features
        number = count if flux else 2 * count + 1
        for side in "kv":
            attend[f"{number}.to_{side}_ip.weight"] = some(inner, width, strength=STRENGTH)
            if flux:
                attend[f"{number}.to_{side}_ip.bias"] = some(inner)
    if layout == "plain":
        project = {
            "proj.weight": some(4 * width, PROJECTED, strength=4.0),
            "proj.bias": some(4 * width),
            "norm.weight": torch.ones(width),
            "norm.bias": torch.zeros(width),
        }
        return {"image_proj": project, "ip_adapter": attend}
    inner = 64
    project = {
        "latents": some(1, TOKENS, inner, strength=4.0),
        "proj_in.weight": some(inner, WIDTH, strength=4.0),
        "proj_in.bias": some(inner),
        "proj_out.weight": some(width, inner),
        "proj_out.bias": some(width),
        "norm_out.weight": torch.ones(width),
        "norm_out.bias": torch.zeros(width),
    }
    for layer in range(RESAMPLERS):
        project |= {
            f"layers.{layer}.0.norm1.weight": torch.ones(inner),
            f"layers.{layer}.0.norm1.bias": torch.zeros(inner),
            f"layers.{layer}.0.norm2.weight": torch.ones(inner),
            f"layers.{layer}.0.norm2.bias": torch.zeros(inner),
            f"layers.{layer}.0.to_q.weight": some(inner, inner),
            f"layers.{layer}.0.to_kv.weight": some(2 * inner, inner, strength=2.0),
            f"layers.{layer}.0.to_out.weight": some(inner, inner, strength=2.0),
            f"layers.{layer}.1.0.weight": torch.ones(inner),
            f"layers.{layer}.1.0.bias": torch.zeros(inner),
            f"layers.{layer}.1.1.weight": some(4 * inner, inner),
            f"layers.{layer}.1.3.weight": some(inner, 4 * inner),
        }
    return {"image_proj": project, "ip_adapter": attend}


def _timed(denoiser: torch.nn.Module, generator: torch.Generator) -> dict[str, dict[str, Tensor]]:
    """Those of SD 3.5's kind, whose tokens depend on the time."""
    head, heads = denoiser.config.attention_head_dim, denoiser.config.num_attention_heads
    inner, width = 64, head * heads
    project = IPAdapterTimeImageProjection(
        embed_dim=WIDTH, output_dim=width, hidden_dim=inner, heads=1, num_queries=TOKENS, timestep_in_dim=16
    )
    attend = {}
    for number in range(len(denoiser.attn_processors)):
        adapts = SD3IPAdapterJointAttnProcessor2_0(width, width, head, timesteps_emb_dim=inner)
        attend |= {f"{number}.{name}": tensor for name, tensor in _drawn(adapts, generator).items()}
    return {"image_proj": _drawn(project, generator), "ip_adapter": attend}


def _drawn(module: torch.nn.Module, generator: torch.Generator) -> dict[str, Tensor]:
    """Its weights, drawn at random; those of norms stay."""
    return {
        name: STRENGTH * torch.randn(weights.shape, generator=generator) / weights.shape[-1] ** 0.5
        if weights.dim() > 1
        else weights
        for name, weights in module.state_dict().items()
    }


def write(path: Path, made: Mapping[str, Mapping[str, Tensor]]) -> Path:
    """The halves as one file; one that ends in .bin holds them as PyTorch does."""
    if path.suffix == ".bin":
        torch.save({name: dict(half) for name, half in made.items()}, path)
        return path
    flat = {
        f"{half}.{name}": tensor.contiguous() for half, each in made.items() for name, tensor in each.items()
    }
    save_file(flat, path)
    return path


def entry(model: LoadedModel, name: str, folder: Path, **changed: object) -> AdapterEntry:
    """The entry of the file ``name``.safetensors in a folder that holds the encoder too."""
    said: dict[str, object] = {
        "name": name,
        "title": f"The adapter {name}",
        "family": model.entry.family,
        "source": str(folder),
        "folder": folder,
        "file": f"{name}.safetensors",
        "encoder": "image_encoder",
        "does": ("image", "sref", "cref", "oref"),
        "weights": dict.fromkeys(("image", "sref", "cref", "oref", "face"), (1.0, 2.0)),
    }
    return AdapterEntry(**(said | changed))  # type: ignore[arg-type]


def picture(seed: int) -> bytes:
    """A picture of a few large patches of colour, as PNG."""
    generator = torch.Generator().manual_seed(seed)
    levels = torch.randint(256, (4, 4, 3), generator=generator, dtype=torch.uint8).numpy()
    return to_png(Image.fromarray(levels).resize((96, 64), Image.Resampling.NEAREST))
