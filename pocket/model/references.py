"""What makes the model see pictures: a small image encoder, and adapters in the layout of IP-Adapter.

A picture becomes a few tokens; beside each cross-attention to the text stands one to those tokens, and what
it gives is added before the layer's last projection (IP-Adapter, Ye et al. 2023, arXiv:2308.06721). Knows
neither the drawn world nor what an adapter is taught.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection, ViTModel

from pocket.model.architecture import TEXT_WIDTH

SIDE = 64  # every picture is looked at as a square of this side, as the describer does
WIDTH = 128  # numbers that a picture becomes
_NAMES = (
    ("encoder.layers", "layers"),
    ("self_attn.out_proj", "attention.o_proj"),
    ("self_attn", "attention"),
    ("layer_norm1", "layernorm_before"),
    ("layer_norm2", "layernorm_after"),
    ("post_layernorm", "layernorm"),
)
"""What the encoder's parts are called, and the reader's."""

TOKENS = 4  # of a picture, beside the text's; as in IP-Adapter


def make_image_encoder() -> CLIPVisionModelWithProjection:
    """Pictures (n, 3, 64, 64) in −1…1 → embeddings (n, 128). Its parts are as large as the describer's."""
    return CLIPVisionModelWithProjection(
        CLIPVisionConfig(
            image_size=SIDE,
            patch_size=8,
            hidden_size=WIDTH,
            num_hidden_layers=3,
            num_attention_heads=4,
            intermediate_size=3 * WIDTH,
            projection_dim=WIDTH,
            hidden_act="gelu",
        )
    )


@torch.no_grad()
def begin_as(encoder: CLIPVisionModelWithProjection, reader: ViTModel, pictures: Tensor) -> None:
    """Gives the encoder what the describer's reader knows, which looks at patches as large.

    The one has a norm more at its beginning, whose scale is taken from ``pictures`` (n, 3, 64, 64), and no
    bias where it reads patches; the rest is the same.
    """
    mine, known = encoder.vision_model, reader.embeddings
    mine.embeddings.patch_embedding.weight.copy_(known.patch_embeddings.projection.weight)
    mine.embeddings.class_embedding.copy_(known.cls_token[0, 0])
    places = mine.embeddings.position_embedding.weight
    places.copy_(known.position_embeddings[0])
    places[1:] += known.patch_embeddings.projection.bias
    mine.pre_layrnorm.weight.fill_(known(pictures).std(-1).mean())
    named = dict(reader.named_parameters())
    for name, weight in mine.named_parameters():
        if name.startswith(("encoder.layers.", "post_layernorm.")):
            for ours, theirs in _NAMES:
                name = name.replace(ours, theirs)
            weight.copy_(named[name])


def seen(picture: Image.Image) -> np.ndarray:
    """The picture pressed into the encoder's square, as bytes (64, 64, 3)."""
    return np.array(picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def cross_attentions(unet: nn.Module) -> list[tuple[str, nn.Module]]:
    """The layers that attend to the text, in the order in which adapters number them."""
    names = [name.removesuffix(".processor") for name in unet.attn_processors]
    return [(name, unet.get_submodule(name)) for name in names if name.endswith("attn2")]


class ReferenceAdapter(nn.Module):
    """Tokens of a picture, and the keys and values of each cross-attention for them."""

    def __init__(self, unet: nn.Module) -> None:
        super().__init__()
        self.project = nn.Linear(WIDTH, TOKENS * TEXT_WIDTH)
        self.norm = nn.LayerNorm(TEXT_WIDTH)
        self.keys, self.values = nn.ModuleList(), nn.ModuleList()
        for _, layer in cross_attentions(unet):
            for made, known in ((self.keys, layer.to_k), (self.values, layer.to_v)):
                copy = nn.Linear(TEXT_WIDTH, known.out_features, bias=False)
                copy.load_state_dict({"weight": known.weight.detach().clone()})
                made.append(copy)

    def tokens(self, embeddings: Tensor) -> Tensor:
        """Embeddings (n, 128), zeros for no picture → tokens (n, 4, 128)."""
        return self.norm(self.project(embeddings).unflatten(-1, (TOKENS, TEXT_WIDTH)))

    @contextmanager
    def beside(self, unet: nn.Module, embeddings: Tensor, weights: Tensor) -> Iterator[None]:
        """While it lasts each row of the U-Net's forward sees its picture, at its weight (n,)."""
        tokens = self.tokens(embeddings)
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
        tensors = {
            "image_proj.proj.weight": self.project.weight,
            "image_proj.proj.bias": self.project.bias,
            "image_proj.norm.weight": self.norm.weight,
            "image_proj.norm.bias": self.norm.bias,
        }
        for place, (key, value) in enumerate(zip(self.keys, self.values, strict=True)):
            tensors[f"ip_adapter.{2 * place + 1}.to_k_ip.weight"] = key.weight
            tensors[f"ip_adapter.{2 * place + 1}.to_v_ip.weight"] = value.weight
        save_file({name: t.detach().half().contiguous() for name, t in tensors.items()}, file, metadata)

    @classmethod
    def load(cls, unet: nn.Module, file: Path) -> "ReferenceAdapter":
        """Read what `save` wrote, in full precision."""
        adapter, tensors = cls(unet), load_file(file)
        with torch.no_grad():
            adapter.project.weight.copy_(tensors["image_proj.proj.weight"])
            adapter.project.bias.copy_(tensors["image_proj.proj.bias"])
            adapter.norm.weight.copy_(tensors["image_proj.norm.weight"])
            adapter.norm.bias.copy_(tensors["image_proj.norm.bias"])
            for place, (key, value) in enumerate(zip(adapter.keys, adapter.values, strict=True)):
                key.weight.copy_(tensors[f"ip_adapter.{2 * place + 1}.to_k_ip.weight"])
                value.weight.copy_(tensors[f"ip_adapter.{2 * place + 1}.to_v_ip.weight"])
        return adapter
