"""What makes the model see pictures: a small image encoder, and adapters in the layout of IP-Adapter Plus.

A resampler makes a few tokens of what the encoder finds in a picture's patches; beside each cross-attention
to the text stands one to those tokens, and what it gives is added before the layer's last projection
(IP-Adapter, Ye et al. 2023, arXiv:2308.06721). Knows neither the drawn world nor what an adapter is taught.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from diffusers.models.embeddings import IPAdapterPlusImageProjection
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection, ViTModel

from pocket.model.architecture import TEXT_WIDTH

SIDE = 96  # every picture is looked at as a square of this side: at 64 pixels small things are not told
WIDTH = 128  # numbers that a patch becomes
TOKENS = 4  # of a picture, beside the text's; as in IP-Adapter
_PATCH = 8
_DEPTH = 4  # blocks of the resampler: what the layout's readers take for granted
_HEAD = 64  # channels of a head of the resampler, likewise
_LAYERS = 4  # of the encoder; as the layout has it, what the last but one gives is read
_NAMES = (
    ("encoder.layers", "layers"),
    ("self_attn.out_proj", "attention.o_proj"),
    ("self_attn", "attention"),
    ("layer_norm1", "layernorm_before"),
    ("layer_norm2", "layernorm_after"),
)
"""What the encoder's parts are called, and the reader's."""


def make_image_encoder() -> CLIPVisionModelWithProjection:
    """Pictures (n, 3, 96, 96) in −1…1 → features of the patches, of which `features` reads those it needs."""
    return CLIPVisionModelWithProjection(
        CLIPVisionConfig(
            image_size=SIDE,
            patch_size=_PATCH,
            hidden_size=WIDTH,
            num_hidden_layers=_LAYERS,
            num_attention_heads=4,
            intermediate_size=3 * WIDTH,
            projection_dim=WIDTH,
            hidden_act="gelu",
        )
    )


def features(encoder: CLIPVisionModelWithProjection, pictures: Tensor) -> Tensor:
    """Pictures (n, 3, 96, 96) in −1…1 → what the last layer but one makes of them (n, 145, 128)."""
    vision = encoder.vision_model
    states: Tensor = vision.pre_layrnorm(vision.embeddings(pictures))
    for layer in vision.encoder.layers[:-1]:
        states = layer(states, None)
    return states


def make_resampler() -> IPAdapterPlusImageProjection:
    """Features (n, 145, 128) → tokens (n, 4, 128)."""
    return IPAdapterPlusImageProjection(
        embed_dims=WIDTH,
        output_dims=TEXT_WIDTH,
        hidden_dims=WIDTH,
        depth=_DEPTH,
        dim_head=_HEAD,
        heads=WIDTH // _HEAD,
        num_queries=TOKENS,
    )


@torch.no_grad()
def begin_as(encoder: CLIPVisionModelWithProjection, reader: ViTModel, pictures: Tensor) -> None:
    """Gives the encoder what the describer's reader knows, which looks at fewer patches as large.

    Where patches lie is taken from between the reader's places. The encoder has a norm more at its beginning,
    whose scale is taken from ``pictures`` (n, 3, side, side) as large as the reader's, no bias where it reads
    patches, and a layer more, which nothing reads.
    """
    mine, known = encoder.vision_model, reader.embeddings
    mine.embeddings.patch_embedding.weight.copy_(known.patch_embeddings.projection.weight)
    mine.embeddings.class_embedding.copy_(known.cls_token[0, 0])
    places = mine.embeddings.position_embedding.weight
    whole, patches = known.position_embeddings[0].split([1, len(known.position_embeddings[0]) - 1])
    here, there = SIDE // _PATCH, round(len(patches) ** 0.5)
    grid = patches.T.unflatten(1, (there, there))[None]
    between = F.interpolate(grid, (here, here), mode="bicubic", align_corners=False)[0].flatten(1).T
    places.copy_(torch.cat([whole, between + known.patch_embeddings.projection.bias]))
    mine.pre_layrnorm.weight.fill_(known(pictures).std(-1).mean())
    named = dict(reader.named_parameters())
    for name, weight in mine.named_parameters():
        for ours, theirs in _NAMES:
            name = name.replace(ours, theirs)
        if name.startswith("layers.") and name in named:
            weight.copy_(named[name])


def seen(picture: Image.Image) -> np.ndarray:
    """The picture pressed into the encoder's square, as bytes (96, 96, 3)."""
    return np.array(picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def cross_attentions(unet: nn.Module) -> list[tuple[str, nn.Module]]:
    """The layers that attend to the text, in the order in which adapters number them."""
    names = [name.removesuffix(".processor") for name in unet.attn_processors]
    return [(name, unet.get_submodule(name)) for name in names if name.endswith("attn2")]


class ReferenceAdapter(nn.Module):
    """Tokens of a picture, and the keys and values of each cross-attention for them."""

    def __init__(self, unet: nn.Module) -> None:
        super().__init__()
        self.project = make_resampler()
        self.keys, self.values = nn.ModuleList(), nn.ModuleList()
        for _, layer in cross_attentions(unet):
            for made, known in ((self.keys, layer.to_k), (self.values, layer.to_v)):
                copy = nn.Linear(TEXT_WIDTH, known.out_features, bias=False)
                copy.load_state_dict({"weight": known.weight.detach().clone()})
                made.append(copy)

    @contextmanager
    def beside(self, unet: nn.Module, found: Tensor, weights: Tensor) -> Iterator[None]:
        """While it lasts each row of the U-Net's forward sees its picture, at its weight (n,).

        ``found`` (n, 145, 128) is what `features` gives of the pictures.
        """
        tokens = self.project(found)
        hooks = []
        for (_, layer), key, value in zip(cross_attentions(unet), self.keys, self.values, strict=True):
            asked: list[Tensor] = []

            def ask(_: nn.Module, __: object, output: Tensor, asked: list[Tensor] = asked) -> None:
                asked[:] = [output]

            def add(
                _: nn.Module,
                inputs: tuple[Tensor, ...],
                asked: list[Tensor] = asked,
                heads: int = layer.heads,
                key: nn.Module = key,
                value: nn.Module = value,
            ) -> tuple[Tensor, ...]:
                q, k, v = (
                    each.unflatten(-1, (heads, -1)).transpose(1, 2)
                    for each in (asked.pop(), key(tokens), value(tokens))
                )
                shares = (q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5).softmax(-1)
                found = (shares @ v.to(shares.dtype)).transpose(1, 2).flatten(2)
                return (inputs[0] + found.to(inputs[0].dtype) * weights.view(-1, 1, 1).to(inputs[0].dtype),)

            hooks += [layer.to_q.register_forward_hook(ask), layer.to_out[0].register_forward_pre_hook(add)]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def save(self, file: Path, metadata: dict[str, str]) -> None:
        """Write it in half precision, as diffusers' `load_ip_adapter` reads it."""
        file.parent.mkdir(parents=True, exist_ok=True)
        tensors = {f"image_proj.{name}": torch.cat(parts) for name, parts in _stored(self.project).items()}
        for place, (key, value) in enumerate(zip(self.keys, self.values, strict=True)):
            tensors[f"ip_adapter.{2 * place + 1}.to_k_ip.weight"] = key.weight
            tensors[f"ip_adapter.{2 * place + 1}.to_v_ip.weight"] = value.weight
        save_file({name: t.detach().half().contiguous() for name, t in tensors.items()}, file, metadata)

    @classmethod
    def load(cls, unet: nn.Module, file: Path) -> "ReferenceAdapter":
        """Read what `save` wrote, in full precision."""
        adapter, tensors = cls(unet), load_file(file)
        with torch.no_grad():
            for name, parts in _stored(adapter.project).items():
                for part, known in zip(parts, tensors[f"image_proj.{name}"].chunk(len(parts)), strict=True):
                    part.copy_(known)
            for place, (key, value) in enumerate(zip(adapter.keys, adapter.values, strict=True)):
                key.weight.copy_(tensors[f"ip_adapter.{2 * place + 1}.to_k_ip.weight"])
                value.weight.copy_(tensors[f"ip_adapter.{2 * place + 1}.to_v_ip.weight"])
        return adapter


def _stored(project: IPAdapterPlusImageProjection) -> dict[str, list[Tensor]]:
    """The resampler's weights by the names that files of IP-Adapter Plus have; two stand there as one."""
    found = {"latents": [project.latents]}
    for name in ("proj_in", "proj_out", "norm_out"):
        layer = getattr(project, name)
        found |= {f"{name}.weight": [layer.weight], f"{name}.bias": [layer.bias]}
    for place, block in enumerate(project.layers):
        reads, turns = f"layers.{place}.0", f"layers.{place}.1"
        for name, norm in (
            (f"{reads}.norm1", block.ln0),
            (f"{reads}.norm2", block.ln1),
            (f"{turns}.0", block.ff[0]),
        ):
            found |= {f"{name}.weight": [norm.weight], f"{name}.bias": [norm.bias]}
        found[f"{reads}.to_q.weight"] = [block.attn.to_q.weight]
        found[f"{reads}.to_kv.weight"] = [block.attn.to_k.weight, block.attn.to_v.weight]
        found[f"{reads}.to_out.weight"] = [block.attn.to_out[0].weight]
        found[f"{turns}.1.weight"] = [block.ff[1].net[0].proj.weight]
        found[f"{turns}.3.weight"] = [block.ff[1].net[2].weight]
    return found
