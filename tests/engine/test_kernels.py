"""Blocks with kernels of their own compute what diffusers' blocks compute, whatever hangs on their layers."""

import importlib
import importlib.util
import os
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import Tensor, nn
from torch.nn import functional

from engine.drawing.seamless import circular
from engine.kernels import blocks
from tests.engine.torch_pixels import TorchPixels


@pytest.fixture
def kernels(monkeypatch: pytest.MonkeyPatch) -> TorchPixels:
    made = TorchPixels()
    monkeypatch.setattr(blocks, "pixels", made)
    return made


@pytest.fixture(params=[False, True], ids=["convolutions", "linear"])
def unet(request: pytest.FixtureRequest) -> UNet2DConditionModel:
    """A U-Net whose tokens are made by convolutions, as in SD 1.5, or by linear layers, as in SDXL."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(2)
        return uneven(
            UNet2DConditionModel(
                sample_size=8,
                block_out_channels=(32, 64),
                down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
                up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
                layers_per_block=1,
                cross_attention_dim=16,
                attention_head_dim=4,
                norm_num_groups=8,
                use_linear_projection=request.param,
            )
        )


def uneven(module: Any) -> Any:
    """Norms and biases that do something: trained ones are not ones and zeros."""
    for weight in module.requires_grad_(False).parameters():
        if weight.dim() == 1:
            weight.normal_(0.3, 0.5)
    return module.eval().to(memory_format=torch.channels_last)


def drawn(unet: UNet2DConditionModel, side: int = 8) -> Tensor:
    """What it makes of two rows at two times."""
    noise = torch.Generator().manual_seed(3)
    latents = torch.randn(2, 4, side, side, generator=noise)
    words = torch.randn(2, 5, 16, generator=noise)
    return unet(latents, torch.tensor([3.0, 700.0]), words).sample


def close(found: Tensor, wanted: Tensor) -> bool:
    return torch.allclose(found, wanted, atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("side", [8, 6, 5])
def test_a_unet_draws_the_same(unet: UNet2DConditionModel, kernels: TorchPixels, side: int) -> None:
    side *= 2
    wanted = drawn(unet, side)
    blocks.swap(unet)
    assert close(drawn(unet, side), wanted)
    assert kernels.seen["normalised"] > 16  # no norm went the long way round
    assert kernels.seen["layer_norm"] == 12
    assert kernels.seen["gated"] == 4
    before = dict(kernels.seen)
    blocks.restore(unet)
    assert torch.equal(drawn(unet, side), wanted)
    assert kernels.seen == before
    assert type(unet.conv_norm_out) is nn.GroupNorm


def test_an_autoencoder_draws_the_same(kernels: TorchPixels) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        vae = uneven(
            AutoencoderKL(
                down_block_types=("DownEncoderBlock2D",) * 2,
                up_block_types=("UpDecoderBlock2D",) * 2,
                block_out_channels=(16, 32),
                norm_num_groups=4,
                latent_channels=4,
            )
        )
        latents, picture = torch.randn(3, 4, 6, 8), torch.randn(1, 3, 12, 16)
    wanted, read = vae.decode(latents).sample, vae.encode(picture).latent_dist.mean
    blocks.swap(vae)
    assert close(vae.decode(latents).sample, wanted)
    assert close(vae.encode(picture).latent_dist.mean, read)
    assert kernels.seen["normalised"] > 20


def test_what_hangs_on_a_layer_is_not_passed_by(unet: UNet2DConditionModel, kernels: TorchPixels) -> None:
    """As LoRAs and offloading do."""
    layers = [part for part in unet.modules() if isinstance(part, nn.Conv2d | nn.Linear | nn.GroupNorm)]
    plain = drawn(unet)
    hooks = [layer.register_forward_hook(lambda module, args, output: output * 1.01) for layer in layers]
    hooks += [layer.register_forward_pre_hook(lambda module, args: (args[0] * 0.98,)) for layer in layers]
    wanted = drawn(unet)
    blocks.swap(unet)
    assert close(drawn(unet), wanted)
    assert not close(wanted, plain)
    for hook in hooks:
        hook.remove()
    assert close(drawn(unet), plain)


def test_a_picture_without_a_border_wraps_around(unet: UNet2DConditionModel, kernels: TorchPixels) -> None:
    with circular([unet]):
        wanted = drawn(unet)
    blocks.swap(unet)
    with circular([unet]):
        assert close(drawn(unet), wanted)
    assert not close(drawn(unet), wanted)


def test_layers_in_another_precision_are_asked_as_they_are(
    unet: UNet2DConditionModel, kernels: TorchPixels
) -> None:
    unet.enable_layerwise_casting(storage_dtype=torch.float16, compute_dtype=torch.float32)
    wanted = drawn(unet)
    blocks.swap(unet)
    assert close(drawn(unet), wanted)


def test_no_gpu_has_no_kernels() -> None:
    assert not blocks.possible("cpu")


@pytest.fixture
def triton_pixels() -> Any:
    """The real kernels, run by Triton's interpreter, which is chosen before Triton is first imported."""
    if os.environ.get("TRITON_INTERPRET") != "1" or importlib.util.find_spec("triton") is None:
        pytest.skip("Triton comes with PyTorch for GPUs: TRITON_INTERPRET=1 tries its kernels where it is")
    return importlib.import_module("engine.kernels.pixels")


@pytest.mark.parametrize(
    ("n", "channels", "height", "width", "groups"),
    [(2, 320, 16, 16, 32), (3, 64, 33, 40, 8), (1, 96, 7, 5, 4), (2, 2560, 4, 4, 32)],
)
def test_the_kernels_compute_what_torch_computes(
    triton_pixels: Any, n: int, channels: int, height: int, width: int, groups: int
) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        x = (torch.randn(n, channels, height, width) * 3 + torch.randn(1, channels, 1, 1) * 20).to(
            memory_format=torch.channels_last
        )
        weight, bias, shift = torch.randn(channels), torch.randn(channels), torch.randn(n, channels)
        tokens = torch.randn(3, 5, 2 * channels)
    for moved in (None, shift, shift[:1]):
        for silu in (False, True):
            wanted = x.double() if moved is None else (x + moved[:, :, None, None]).double()
            wanted = functional.group_norm(wanted, groups, weight.double(), bias.double(), 1e-5)
            wanted = functional.silu(wanted) if silu else wanted
            found = triton_pixels.normalised(x, groups, weight, bias, 1e-5, moved, silu)
            assert found.is_contiguous(memory_format=torch.channels_last)
            assert torch.allclose(found.double(), wanted, atol=1e-4, rtol=1e-4)
            alone = triton_pixels.normalised(
                x[:1], groups, weight, bias, 1e-5, None if moved is None else moved[:1], silu
            )
            assert torch.equal(alone, found[:1])  # a row has the same bits in any company
    y = torch.flip(x, (0, 2)).contiguous(memory_format=torch.channels_last)
    assert torch.allclose(triton_pixels.summed(x, y, bias, 0.5), (x + y + bias[:, None, None]) / 2, atol=1e-5)
    value, gate = tokens.chunk(2, -1)
    assert torch.allclose(triton_pixels.gated(tokens), value * functional.gelu(gate), atol=1e-5)
    both = torch.cat([weight, bias]), torch.cat([bias, weight])
    wanted = functional.layer_norm(tokens, (2 * channels,), *both)
    assert torch.allclose(triton_pixels.layer_norm(tokens, *both, 1e-5), wanted, atol=1e-4)
