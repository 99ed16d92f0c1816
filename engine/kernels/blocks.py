"""Blocks of U-Nets and autoencoders that compute the same in fewer passes over a GPU's memory.

`swap` gives norms, ResNet blocks, transformers' ends and GEGLUs of a module subclasses of their own classes.
A norm and its SiLU, a convolution's bias and the time step, a block's last sum and its biases are one pass
each, and pixels stay side by side all the way. Parameters, names, hooks and isinstance stay. A layer that
something hangs on (a LoRA's hook, weights of another type, a border that wraps around) is called as it is.
Knows nothing of models or jobs.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
from functools import cache
from typing import Any, TypeGuard

import torch
from diffusers.models.activations import GEGLU
from diffusers.models.resnet import ResnetBlock2D
from diffusers.models.transformers.transformer_2d import Transformer2DModel
from diffusers.models.upsampling import Upsample2D
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["pixels_first", "possible", "restore", "swap"]

pixels: Any = None
"""The kernels, `engine.kernels.pixels`, once `possible` found that they run."""

_LOG = logging.getLogger(__name__)
_WIDEST = 8192
"""Numbers of a token that one program normalises at once."""


@cache
def possible(device: str) -> bool:
    """Whether these blocks can be had on a device: tried once, since Triton needs a C compiler to begin."""
    global pixels
    if not device.startswith("cuda") or importlib.util.find_spec("triton") is None:
        return False
    x = torch.randn(2, 64, 8, 8, device=device).to(memory_format=torch.channels_last)
    weight, bias = torch.randn(2, 64, device=device)
    try:
        pixels = importlib.import_module("engine.kernels.pixels")  # for speed: a CPU never needs Triton
        found = pixels.normalised(x, 8, weight, bias, 1e-5, None, True)
    except Exception as error:  # whatever a compiler, a driver or a file system may lack
        _LOG.warning("U-Nets run slower than they could: no kernel can be built here: %s", error)
        return False
    wanted = functional.silu(functional.group_norm(x, 8, weight, bias, 1e-5))
    return bool(torch.allclose(found, wanted, atol=1e-3, rtol=1e-3))


def pixels_first(module: Any, device: str) -> None:
    """Has a module read pixels and not planes (channels last), with these blocks where they can be had."""
    module.to(memory_format=torch.channels_last)
    if possible(device):
        swap(module)


def swap(module: nn.Module) -> None:
    """All blocks in a module that are known here compute so from now on."""
    for part in module.modules():
        known = _BLOCKS.get(type(part))
        if known is not None and known.usual(part):
            part.__class__ = known


def restore(module: nn.Module) -> None:
    """Takes `swap` back."""
    for part in module.modules():
        if type(part) in _BLOCKS.values():
            part.__class__ = type(part).__mro__[1]


class _GroupNorm(nn.GroupNorm):
    @staticmethod
    def usual(block: Any) -> bool:
        return bool(block.affine)

    def forward(self, input: Tensor) -> Tensor:
        x = input[..., None] if input.dim() == 3 else input
        if not _fits(x):
            return super().forward(input)
        made = pixels.normalised(x, self.num_groups, self.weight, self.bias, self.eps, None, False)
        return made[..., 0] if input.dim() == 3 else made


class _LayerNorm(nn.LayerNorm):
    @staticmethod
    def usual(block: Any) -> bool:
        wide = block.normalized_shape
        return block.weight is not None and block.bias is not None and len(wide) == 1 and wide[0] <= _WIDEST

    def forward(self, input: Tensor) -> Tensor:
        if not (pixels.reads(input) and input.is_contiguous() and input.dtype == self.weight.dtype):
            return super().forward(input)
        return pixels.layer_norm(input, self.weight, self.bias, self.eps)


class _Gated(GEGLU):
    @staticmethod
    def usual(block: Any) -> bool:
        return True

    def forward(self, hidden_states: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        both = self.proj(hidden_states)
        if not (pixels.reads(both) and both.is_contiguous()):
            value, gate = both.chunk(2, dim=-1)
            return value * functional.gelu(gate)
        return pixels.gated(both)


class _Upsample(Upsample2D):
    @staticmethod
    def usual(block: Any) -> bool:
        return block.norm is None and block.use_conv and block.interpolate and not block.use_conv_transpose

    def forward(
        self, hidden_states: Tensor, output_size: int | None = None, *args: Any, **kwargs: Any
    ) -> Tensor:
        if output_size is not None or not _fits(hidden_states):
            return super().forward(hidden_states, output_size, *args, **kwargs)
        n, channels, height, width = hidden_states.shape
        pixel = hidden_states.permute(0, 2, 3, 1)[:, :, None, :, None]
        twice = pixel.expand(n, height, 2, width, 2, channels).reshape(n, 2 * height, 2 * width, channels)
        return (self.conv if self.name == "conv" else self.Conv2d_0)(twice.permute(0, 3, 1, 2))


class _Transformer(Transformer2DModel):
    """Tokens are pixels side by side already: none is moved on the way in or out."""

    @staticmethod
    def usual(block: Any) -> bool:
        return bool(block.is_input_continuous)

    def _operate_on_continuous_inputs(self, hidden_states: Tensor) -> tuple[Tensor, int]:
        if not _fits(hidden_states):
            return super()._operate_on_continuous_inputs(hidden_states)
        height, width = hidden_states.shape[2:]
        tokens = self.norm(hidden_states).permute(0, 2, 3, 1).flatten(1, 2)
        tokens = _pointwise(self.proj_in, tokens, height, width)
        return tokens, tokens.shape[-1]

    def _get_output_for_continuous_inputs(
        self,
        hidden_states: Tensor,
        residual: Tensor,
        batch_size: int,
        height: int,
        width: int,
        inner_dim: int,
    ) -> Tensor:
        tokens = _pointwise(self.proj_out, hidden_states, height, width)
        return _summed(_picture(tokens, height, width), residual, None, 1.0)


class _ResnetBlock(ResnetBlock2D):
    @staticmethod
    def usual(block: Any) -> bool:
        """Whether a block is as those of Stable Diffusion are."""
        return (
            block.upsample is None
            and block.downsample is None
            and block.time_embedding_norm == "default"
            and isinstance(block.nonlinearity, nn.SiLU)
            and block.norm1.affine
            and block.norm2.affine
        )

    def forward(self, input_tensor: Tensor, temb: Tensor | None, *args: Any, **kwargs: Any) -> Tensor:
        if self.training or (temb is None) is not (self.time_emb_proj is None):
            return super().forward(input_tensor, temb, *args, **kwargs)
        hidden, shift = _convolved(self.conv1, _normalised(self.norm1, input_tensor, silu=True))
        if temb is not None:
            time = self.time_emb_proj(temb if self.skip_time_act else functional.silu(temb))
            shift = time if shift is None else time + shift
        elif shift is not None:
            shift = shift[None]
        hidden, bias = _convolved(self.conv2, _normalised(self.norm2, hidden, shift=shift, silu=True))
        if self.conv_shortcut is not None:
            input_tensor, more = _convolved(self.conv_shortcut, input_tensor)
            bias = more if bias is None else bias if more is None else bias + more
        return _summed(input_tensor, hidden, bias, 1 / self.output_scale_factor)


_BLOCKS: dict[type[nn.Module], Any] = {
    nn.GroupNorm: _GroupNorm,
    nn.LayerNorm: _LayerNorm,
    GEGLU: _Gated,
    Upsample2D: _Upsample,
    Transformer2DModel: _Transformer,
    ResnetBlock2D: _ResnetBlock,
}


def _normalised(norm: nn.GroupNorm, x: Tensor, *, shift: Tensor | None = None, silu: bool = False) -> Tensor:
    if not (_fits(x) and _bare(norm)):
        x = norm(x if shift is None else x + shift[:, :, None, None])
        return functional.silu(x) if silu else x
    return pixels.normalised(x, norm.num_groups, norm.weight, norm.bias, norm.eps, shift, silu)


def _summed(x: Tensor, y: Tensor, bias: Tensor | None, factor: float) -> Tensor:
    if not (_fits(x) and _fits(y) and x.dtype == y.dtype):
        y = y if bias is None else y + bias[:, None, None]
        return (x + y) * factor
    return pixels.summed(x, y, bias, factor)


def _fits(x: Tensor) -> bool:
    """Whether a tensor lies as the kernels read it."""
    return x.dim() == 4 and pixels.reads(x) and x.is_contiguous(memory_format=torch.channels_last)


def _convolved(conv: nn.Module, x: Tensor) -> tuple[Tensor, Tensor | None]:
    """What a convolution gives, and the bias that is still to be added to it."""
    if not _plain(conv, x) or conv.bias is None:
        return conv(x), None
    made = functional.conv2d(x, conv.weight, None, conv.stride, conv.padding, conv.dilation, conv.groups)
    return made, conv.bias


def _pointwise(layer: nn.Module, tokens: Tensor, height: int, width: int) -> Tensor:
    """What a linear layer, or a convolution of single pixels, makes of tokens of pictures of a shape."""
    if not isinstance(layer, nn.Conv2d):
        return layer(tokens)
    if _plain(layer, tokens) and layer.kernel_size == (1, 1):
        return functional.linear(tokens, layer.weight.flatten(1), layer.bias)
    return layer(_picture(tokens, height, width)).permute(0, 2, 3, 1).flatten(1, 2)


def _picture(tokens: Tensor, height: int, width: int) -> Tensor:
    """Tokens (n, h·w, c) as pictures (n, c, h, w), channels last."""
    return tokens.reshape(len(tokens), height, width, tokens.shape[-1]).permute(0, 3, 1, 2)


def _plain(conv: nn.Module, x: Tensor) -> TypeGuard[nn.Conv2d]:
    """Whether a convolution is only what its weights say: nothing hangs on it, nothing wraps around."""
    return (
        type(conv) is nn.Conv2d
        and conv.padding_mode == "zeros"
        and not isinstance(conv.padding, str)
        and _bare(conv)
        and conv.weight.dtype == x.dtype
    )


def _bare(layer: Any) -> bool:
    """Whether nothing hangs on a layer, and its weights are plain ones."""
    return (
        "forward" not in vars(layer)
        and not layer._forward_hooks
        and not layer._forward_pre_hooks
        and type(layer.weight) is nn.Parameter
    )
