"""Small pictures of what will be."""

import io

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL
from PIL import Image

from engine.drawing import preview


class Stripes:
    """Stands in for a loaded model whose latents are the pixels themselves, halved in size three times."""

    class _Dist:
        def __init__(self, latents: torch.Tensor) -> None:
            self._latents = latents

        def mode(self) -> torch.Tensor:
            return self._latents

    class _Encoded:
        def __init__(self, latents: torch.Tensor) -> None:
            self.latent_dist = Stripes._Dist(latents)

    class _Config:
        block_out_channels = (1, 1, 1, 1)
        scaling_factor = 0.5
        shift_factor = 0.2

    config = _Config()
    device, dtype = torch.device("cpu"), torch.float32

    def __init__(self) -> None:
        self.vae = self
        self.pipe = self
        self.colours: torch.Tensor | None = None

    def encode(self, pixels: torch.Tensor) -> "Stripes._Encoded":
        return Stripes._Encoded(torch.nn.functional.avg_pool2d(pixels, 8).flip(1) * 3 + 1)


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def test_colours_are_those_of_the_finished_picture() -> None:
    model = Stripes()
    pixels = torch.full((4, 3, 128, 128), -1.0)
    for index, channel in enumerate((0, 1, 2, 0)):
        pixels[index, channel] = 1.0
    latents = (model.encode(pixels).latent_dist.mode() - 0.2) * 0.5
    grid = opened(preview.render(model, latents))
    width, height = grid.size
    seen = [
        grid.getpixel((width // 4 + x, height // 4 + y)) for y in (0, height // 2) for x in (0, width // 2)
    ]
    wanted = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 0, 0)]
    assert np.abs(np.array(seen, dtype=int) - np.array(wanted)).max() < 25


@pytest.mark.parametrize("shape", [(4, 4, 128, 128), (4, 16, 16, 16), (1, 4, 90, 160), (2, 4, 64, 64)])
def test_a_preview_is_small_whatever_the_size(shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        block_out_channels=(4, 4),
        norm_num_groups=2,
        latent_channels=shape[1],
        mid_block_add_attention=False,
    )
    model = Stripes()
    model.vae = vae  # type: ignore[assignment]
    data = preview.render(model, torch.randn(shape))
    assert len(data) <= 30_000
    assert max(opened(data).size) <= 768


def test_the_shape_of_the_grid_is_the_pictures() -> None:
    model = Stripes()
    wide = opened(preview.render(model, torch.zeros(4, 3, 20, 30)))
    assert wide.width / wide.height == pytest.approx(1.5)
