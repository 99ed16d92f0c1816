"""Third stage: the denoiser learns to make a scene's latents out of noise, told by its caption."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from pocket.architecture import NOISE_SHIFT
from pocket.latents import Axes, as_tensor, small_picture
from pocket.run import Schedule, train
from pocket.scenes import SIZES_OF_PICTURES, Scene, random_scene
from pocket.train_text import noisy_caption, token_ids

SHARES = {"1:1": 0.34, "3:2": 0.19, "2:3": 0.19, "16:9": 0.07, "9:16": 0.07, "4:3": 0.07, "3:4": 0.07}
SILENCE = 0.1  # share of empty captions, for classifier-free guidance


@dataclass(frozen=True, slots=True)
class Library:
    """Scenes of one picture size and their latents (n, 24, h, w)."""

    scenes: list[Scene]
    latents: Tensor


def _scene(rng: Random) -> Scene:
    """A scene of the mix, every other single thing of medium size passed over: they are learnt first."""
    while True:
        scene = random_scene(rng)
        (first, *others) = scene.things
        if others or first.count > 1 or first.size != "medium" or rng.random() < 0.5:
            return scene


def make_library(axes: Axes, ratio: str, n: int, seed: int) -> Library:
    """Draw `n` scenes of a ratio and read their latents (half precision)."""
    rng = Random(f"{seed}/{ratio}")
    width, height = SIZES_OF_PICTURES[ratio]
    scenes = [_scene(rng) for _ in range(n)]
    latents = []
    for start in range(0, n, 256):
        pictures = [small_picture(s, width, height, rng) for s in scenes[start : start + 256]]
        latents.append(axes.encode(torch.stack([as_tensor(p[None])[0] for p in pictures])).half())
    return Library(scenes, torch.cat(latents))


def make_libraries(axes: Axes, n: int, seed: int) -> dict[str, Library]:
    """About `n` scenes over all ratios."""
    return {
        ratio: make_library(axes, ratio, max(64, round(n * share)), seed) for ratio, share in SHARES.items()
    }


def noise_levels(n: int, generator: torch.Generator) -> Tensor:
    """Noise levels in 0…1, spread evenly and shifted towards noise as the sampler's are."""
    even = (torch.arange(n) + torch.rand(n, generator=generator)) / n
    return NOISE_SHIFT * even / (1 + (NOISE_SHIFT - 1) * even)


def train_denoiser(
    unet: UNet2DConditionModel,
    encoder: CLIPTextModel,
    tokenizer: CLIPTokenizer,
    libraries: dict[str, Library],
    weights: Tensor,
    folder: Path,
    schedule: Schedule,
    seed: int,
    batch: int,
    device: str,
    sample: Callable[[dict[str, Tensor], int], None] | None = None,
) -> None:
    """Flow matching: at noise level σ the denoiser sees (1 − σ)·picture + σ·noise, says noise − picture.

    `weights` (24,) is what an error in each channel counts: an even loss leaves flat colours blotchy, since
    the few channels that hold them are as many as any other few.
    """
    counts = weights[:, None, None].to(device)
    unet.to(device, memory_format=torch.channels_last)
    encoder.to(device).requires_grad_(False)

    def loss_at(step: int) -> Tensor:
        rng = Random(f"{seed}/{step}")
        generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
        library = libraries[rng.choices(list(SHARES), list(SHARES.values()))[0]]
        chosen = [rng.randrange(len(library.scenes)) for _ in range(batch)]
        texts = [
            noisy_caption(library.scenes[i], rng, 0.08) if rng.random() >= SILENCE else "" for i in chosen
        ]
        clean = library.latents[chosen].float()
        noise = torch.randn(clean.shape, generator=generator)
        level = noise_levels(batch, generator)
        share = level[:, None, None, None]
        noisy = ((1 - share) * clean + share * noise).to(device).contiguous(memory_format=torch.channels_last)
        with torch.autocast(device, torch.bfloat16):
            with torch.no_grad():
                states = encoder(token_ids(tokenizer, texts).to(device)).last_hidden_state
            flow = unet(noisy, (1000 * level).floor().to(device), states).sample
        return (counts * (flow.float() - (noise - clean).to(device)).square()).mean()

    averaged = train(
        "denoiser",
        folder,
        unet,
        schedule,
        loss_at,
        keep=0.998,
        sample=sample,
        sample_seconds=420,
        muon=True,
    )
    unet.load_state_dict(averaged)
