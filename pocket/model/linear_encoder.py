"""The linear latents written into the encoder's weights: what it computes is exact, and needs no training.

Its convolutions of stride two see squares of 2×2 pixels: two of them take the mean, two keep all four side by
side, and a shortcut of 1×1 turns the 48 numbers that a cell then has onto the axes. Residual branches add
nothing. Two things stand in a line's way at the end. The norm would divide by how strong a picture is: among
channels that hold large constants that is always the same. SiLU bends: but silu(x) − silu(−x) = x.
"""

import torch
from diffusers.models.autoencoders.vae import Encoder
from torch import Tensor

from pocket.model.architecture import LATENT_CHANNELS

_STEADY = 256.0  # in channels of their own; a picture's latents of some 1 change the norm by 1/130,000
_CALM = -12.0  # log-variance of the encoder's output: next to none, so that reading is not left to chance


@torch.no_grad()
def write_encoder(encoder: Encoder, mean: Tensor, basis: Tensor) -> None:
    """Have the encoder compute the latents of these axes: `mean` (48,), `basis` (48, 24), of patches."""
    for parameter in encoder.parameters():
        parameter.zero_()
    for name, parameter in encoder.named_parameters():
        if "norm" in name and name.endswith("weight"):
            parameter.fill_(1)
    _pass(encoder.conv_in.weight, 3)
    blocks = encoder.down_blocks
    for block in blocks[:4]:
        if (shortcut := block.resnets[0].conv_shortcut) is not None:
            _pass(shortcut.weight, shortcut.weight.shape[1])
    for block in blocks[:2]:
        for colour in range(3):
            block.downsamplers[0].conv.weight[colour, colour, :2, :2] = 0.25
    for block, channels in ((blocks[2], 3), (blocks[3], 12)):
        for channel in range(channels):
            for place in range(4):
                block.downsamplers[0].conv.weight[4 * channel + place, channel, place // 2, place % 2] = 1
    _turn(blocks[4].resnets[0].conv_shortcut, mean, basis[_order()])
    encoder.conv_norm_out.weight.zero_()
    encoder.conv_norm_out.weight[: 2 * LATENT_CHANNELS] = _STEADY / 2**0.5
    for channel in range(LATENT_CHANNELS):
        encoder.conv_out.weight[channel, channel, 1, 1] = 1
        encoder.conv_out.weight[channel, LATENT_CHANNELS + channel, 1, 1] = -1
    encoder.conv_out.bias[LATENT_CHANNELS:] = _CALM


def _pass(weight: Tensor, channels: int) -> None:
    """The first channels go through as they are."""
    middle = weight.shape[-1] // 2
    for channel in range(channels):
        weight[channel, channel, middle, middle] = 1


def _order() -> Tensor:
    """Which number of an unfolded 4×4 patch (colour, row, column) each of the 48 channels is."""
    place = torch.arange(48)
    colour, inner, outer = place // 16, place // 4 % 4, place % 4
    row, column = 2 * (outer // 2) + inner // 2, 2 * (outer % 2) + inner % 2
    return 16 * colour + 4 * row + column


def _turn(shortcut: torch.nn.Conv2d, mean: Tensor, basis: Tensor) -> None:
    """48 numbers → their latents, the negatives of those, and constants that cancel each other."""
    n = LATENT_CHANNELS
    towards = basis.T
    shift = -(mean[_order()] @ basis)
    shortcut.weight[:n, :48, 0, 0], shortcut.weight[n : 2 * n, :48, 0, 0] = towards, -towards
    shortcut.bias[:n], shortcut.bias[n : 2 * n] = shift, -shift
    shortcut.bias[2 * n :: 2], shortcut.bias[2 * n + 1 :: 2] = _STEADY, -_STEADY
