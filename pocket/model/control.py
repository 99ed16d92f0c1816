"""The shape of the control: a ControlNet that begins as the denoiser's own first half, made smaller.

Standard class and layout; what it learns is decided elsewhere.
"""

from pathlib import Path

import torch
from diffusers import ControlNetModel, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor

_EMBEDDING = (1, 4, 16, 64, 64)  # four halvings: a map of 16h×16w pixels becomes h×w latent cells
_KEPT = 1.2784645  # silu of this is 1: black stays 0 and white 1, through however many layers


def make_control(unet: UNet2DConditionModel) -> ControlNetModel:
    """Noisy latents, time, text states and a map (n, 3, 16h, 16w) in 0…1 → what is added inside the denoiser.

    The last block and the middle have no cross-attention here: what stands where is in the map, and with it
    the weights would be 7 MB instead of 4.4. All other weights begin as the denoiser's.
    """
    told = unet.config
    control = ControlNetModel(
        in_channels=told.in_channels,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
        mid_block_type="UNetMidBlock2D",
        block_out_channels=told.block_out_channels,
        layers_per_block=told.layers_per_block,
        cross_attention_dim=told.cross_attention_dim,
        attention_head_dim=told.attention_head_dim,
        norm_num_groups=told.norm_num_groups,
        conditioning_embedding_out_channels=_EMBEDDING,
    )
    mine = control.state_dict()
    known = {k: v for k, v in unet.state_dict().items() if k in mine and v.shape == mine[k].shape}
    control.load_state_dict(known, strict=False)
    _lay_out(control)
    control.set_attn_processor(AttnProcessor())  # SDPA's backward is slow on CPUs at these sizes
    return control


@torch.no_grad()
def _lay_out(control: ControlNetModel) -> None:
    """The map's reading begins with a fixed layout: each 4×4 pixels become 16 channels, nothing is lost.

    Learnt layers at the map's full size would cost more than all the rest of a training step.
    """
    reading = control.controlnet_cond_embedding
    fixed = [reading.conv_in, *reading.blocks[:4]]
    for layer in fixed:
        layer.weight.zero_()
        layer.bias.zero_()
        layer.requires_grad_(False)
    reading.conv_in.weight[0, :, 1, 1] = _KEPT / 3
    for pixel, halved in ((reading.blocks[0], reading.blocks[1]), (reading.blocks[2], reading.blocks[3])):
        for channel in range(pixel.in_channels):
            pixel.weight[channel, channel, 1, 1] = _KEPT
            for place in range(4):  # a kernel of 3×3 whose middle is on the upper left of each 2×2
                halved.weight[4 * channel + place, channel, 1 + place // 2, 1 + place % 2] = _KEPT


def save_control(control: ControlNetModel, folder: Path) -> None:
    """Write the standard folder in half precision."""
    control.to("cpu", torch.float16).save_pretrained(folder, safe_serialization=True)
