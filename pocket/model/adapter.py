"""A LoRA of the model's denoiser: two thin matrices beside each layer, kept as a standard diffusers file.

Knows neither the drawn world nor what the LoRA is taught.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

RANK = 16  # narrower is no faster: convolutions are computed sixteen channels at a time
_LAYERS = (
    "conv_in",
    "down_blocks.0.resnets.0.conv1",
    "down_blocks.0.resnets.0.conv2",
    "up_blocks.1.resnets.0.conv2",
    "up_blocks.1.resnets.1.conv2",
    "up_blocks.1.attentions.0.transformer_blocks.0.attn2.to_v",
    "up_blocks.1.attentions.0.transformer_blocks.0.attn2.to_out.0",
    "up_blocks.1.attentions.1.transformer_blocks.0.attn2.to_v",
    "up_blocks.1.attentions.1.transformer_blocks.0.attn2.to_out.0",
    "up_blocks.2.resnets.0.conv2",
    "up_blocks.2.resnets.0.conv_shortcut",
    "up_blocks.2.resnets.1.conv2",
    "up_blocks.2.resnets.1.conv_shortcut",
    "conv_out",
)
"""The adapted layers. A look is made where a picture's cells are: there the widest convolutions are left out,
since they would cost a forward the most."""


def _key(name: str) -> str:
    return name.replace(".", "|")  # a module's name may have no dot


class Adapter(nn.Module):
    """What is added to the output of each adapted layer of a U-Net: weight · up(down(its input))."""

    def __init__(self, unet: nn.Module) -> None:
        super().__init__()
        self.down, self.up = nn.ModuleDict(), nn.ModuleDict()
        for name in _LAYERS:
            layer = unet.get_submodule(name)
            down: nn.Module
            up: nn.Module
            if isinstance(layer, nn.Conv2d):
                down = nn.Conv2d(
                    layer.in_channels, RANK, layer.kernel_size, layer.stride, layer.padding, bias=False
                )
                up = nn.Conv2d(RANK, layer.out_channels, 1, bias=False)
            else:
                down = nn.Linear(layer.in_features, RANK, bias=False)
                up = nn.Linear(RANK, layer.out_features, bias=False)
            nn.init.zeros_(up.weight)
            self.down[_key(name)], self.up[_key(name)] = down, up

    @contextmanager
    def beside(self, unet: nn.Module, weights: Tensor) -> Iterator[None]:
        """While it lasts the U-Net draws with the LoRA; `weights` (n,) has one for each row."""

        def added(key: str) -> object:
            def hook(_: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
                made = self.up[key](self.down[key](inputs[0]))
                return output + made * weights.view(-1, *[1] * (made.dim() - 1)).to(made.dtype)

            return hook

        hooks = [
            unet.get_submodule(key.replace("|", ".")).register_forward_hook(added(key)) for key in self.down
        ]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def save(self, file: Path, metadata: dict[str, str]) -> None:
        """Write it in half precision, under diffusers' names."""
        file.parent.mkdir(parents=True, exist_ok=True)
        tensors = {}
        for key in self.down:
            name = "unet." + key.replace("|", ".")
            tensors[f"{name}.lora_A.weight"] = self.down[key].weight.detach().half().contiguous()
            tensors[f"{name}.lora_B.weight"] = self.up[key].weight.detach().half().contiguous()
        save_file(tensors, file, metadata)

    @classmethod
    def load(cls, unet: nn.Module, file: Path) -> "Adapter":
        """Read what `save` wrote, in full precision."""
        adapter, tensors = cls(unet), load_file(file)
        with torch.no_grad():
            for key in adapter.down:
                name = "unet." + key.replace("|", ".")
                adapter.down[key].weight.copy_(tensors[f"{name}.lora_A.weight"])
                adapter.up[key].weight.copy_(tensors[f"{name}.lora_B.weight"])
        return adapter
