"""First stage: a decoder that writes full-size pictures from the latents that the encoder computes."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from diffusers import AutoencoderKL
from torch import Tensor

from pocket.model.architecture import LATENT_FACTOR
from pocket.model.linear_encoder import write_encoder
from pocket.training.latents import Axes, levels
from pocket.training.precision import mixed
from pocket.training.run import Schedule, train
from pocket.world.draw import draw
from pocket.world.scenes import SIZES_OF_PICTURES, Scene, random_scene

LATENT_NOISE = 0.2  # up to this much in training: the denoiser's latents are never exact
NEAR = 3  # pixels around a pixel that tell how much contrast there is
FAINT, FAINTEST = 0.3, 0.05  # flat ground counts 7 times, a step of half the range of levels 1.3 times
BLOCKS = 0.1  # share of pictures made pixel art, whose corners a decoder that sees few of them rounds off


def draw_pictures(n: int, seed: int | str, ratio: str = "1:1") -> tuple[list[Scene], Tensor]:
    """`n` random scenes and their pictures, as bytes (n, 3, height, width), 256×256 when square."""
    rng, scenes, pictures = Random(seed), [], []
    width, height = SIZES_OF_PICTURES[ratio]
    for _ in range(n):
        scene = random_scene(rng)
        scenes.append(replace(scene, style="pixel art") if rng.random() < BLOCKS else scene)
        pictures.append(np.asarray(draw(scenes[-1], width, height, rng, fine=3)))
    return scenes, torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous()


def _crops(pictures: Tensor, n: int, side: int, step: int, seed: int, device: str) -> Tensor:
    """`n` random crops on the latent grid, in −1…1."""
    rng = Random(f"{seed}/{step}")
    cut = []
    for _ in range(n):
        i = rng.randrange(len(pictures))
        y, x = (rng.randrange(0, 256 - side + 1, LATENT_FACTOR) for _ in range(2))
        cut.append(pictures[i, :, y : y + side, x : x + side])
    return levels(torch.stack(cut).to(device)).contiguous(memory_format=torch.channels_last)


def _edges(a: Tensor) -> tuple[Tensor, Tensor]:
    return a[..., 1:] - a[..., :-1], a[..., 1:, :] - a[..., :-1, :]


def _contrast(true: Tensor) -> Tensor:
    """The range of levels within three pixels (n, 1, h, w): 0 on flat ground, 2 where black meets white."""
    most = F.max_pool2d(true, 2 * NEAR + 1, 1, NEAR)
    least = -F.max_pool2d(-true, 2 * NEAR + 1, 1, NEAR)
    return (most - least).amax(1, keepdim=True)


def decoder_loss(made: Tensor, true: Tensor) -> Tensor:
    """Flat areas flat, edges where they are, however little the colours on both sides differ.

    An error counts by what is around it: a pink moon's edge on red is an edge, a haze on flat ground shows.
    No squares: they prefer a soft edge to one that may be a pixel off.
    """
    made = made.float()
    counts = 1 + FAINT / (_contrast(true) + FAINTEST)
    (made_x, made_y), (true_x, true_y) = _edges(made), _edges(true)
    across = (counts[..., 1:] * (made_x - true_x).abs()).mean()
    down = (counts[..., 1:, :] * (made_y - true_y).abs()).mean()
    return (counts * (made - true).abs()).mean() + 0.5 * (across + down)


def train_autoencoder(
    vae: AutoencoderKL, axes: Axes, folder: Path, seed: int, steps: int, pictures: int, device: str
) -> None:
    """Write the encoder and train the decoder, on crops first, on whole pictures last; both end in `vae`."""
    write_encoder(vae.encoder, axes.mean, axes.basis)
    library = cache(lambda: draw_pictures(pictures, seed)[1])
    vae.to(device, memory_format=torch.channels_last)

    def loss_at(step: int) -> Tensor:
        side, n = (256, 8) if step >= 0.8 * steps else (128, 16)
        true = _crops(library(), n, side, step, seed, device)
        z = axes.read(true).contiguous(memory_format=torch.channels_last)
        noise = torch.randn(z.shape, generator=torch.Generator().manual_seed(seed * 1_000_003 + step)).to(
            device
        )
        amount = LATENT_NOISE * torch.linspace(0, 1, len(z), device=device)[:, None, None, None] ** 2
        with mixed(device):
            made = vae.decoder(z + amount * noise)
        return decoder_loss(made, true)

    weights = train("decoder", folder, vae.decoder, Schedule(steps, 2e-3), loss_at, keep=0.995)
    vae.decoder.load_state_dict(weights)


@torch.no_grad()
def measure(vae: AutoencoderKL, n: int = 48, seed: int = 10**6) -> float:
    """PSNR in dB of unseen scenes, there and back."""
    true = levels(draw_pictures(n, seed)[1]).to(next(vae.parameters()).device)
    made = vae.decode(vae.encode(true).latent_dist.mode()).sample
    return float(-10 * torch.log10(F.mse_loss(made.clamp(-1, 1), true) / 4))
