"""Third stage: the denoiser learns to make a scene's latents out of noise, told by its caption."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from random import Random

import torch
from diffusers import UNet2DConditionModel
from rich.progress import track
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from pocket.model.architecture import NOISE_SHIFT
from pocket.training.latents import Axes, as_tensor, small_picture
from pocket.training.precision import mixed
from pocket.training.run import Schedule, train
from pocket.training.text import noisy_caption, token_ids
from pocket.world.layouts import layouts
from pocket.world.scenes import SIZES_OF_PICTURES, Scene, random_scene

SHARES = {"1:1": 0.34, "3:2": 0.19, "2:3": 0.19, "16:9": 0.07, "9:16": 0.07, "4:3": 0.07, "3:4": 0.07}
SILENCE = 0.1  # share of empty captions, for classifier-free guidance
FREE = 0.9  # noise level below which half of the pictures are of any layout, whatever the noise says


@dataclass(frozen=True, slots=True)
class Library:
    """Scenes of one picture size and their latents (n, 24, h, w), all layouts of a scene one after another.

    Those of `scenes[i]` are `latents[starts[i] : starts[i + 1]]`.
    """

    scenes: list[Scene]
    starts: list[int]
    latents: Tensor

    def nearest(self, i: int, noise: Tensor, weights: Tensor) -> int:
        """Of the layouts of scene `i` the one that `noise` (24, h, w) resembles most: its place in `latents`.

        So the noise itself says where things stand. Were every noise to go with every layout, the first steps
        would lead to the mean of them all, and what comes of it is now and then a thing at two places. The
        noise stays normal and each layout keeps about its share: multisample flow matching (Pooladian et al.,
        2023, arXiv:2304.14772) among pictures of one caption.
        """
        layouts = self.latents[self.starts[i] : self.starts[i + 1]].float()
        apart = (layouts - layouts.mean(0)) * weights[:, None, None]
        likeness = (apart * noise).flatten(1).sum(1) / apart.flatten(1).norm(dim=1).clamp_min(1e-6)
        return self.starts[i] + int(likeness.argmax())


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
    counts = [layouts(s, width, height) for s in scenes]
    versions = [(s, k) for s, count in zip(scenes, counts, strict=True) for k in range(count)]
    latents = []
    for start in range(0, len(versions), 256):
        pictures = [small_picture(s, width, height, rng, k) for s, k in versions[start : start + 256]]
        latents.append(axes.encode(torch.stack([as_tensor(p[None])[0] for p in pictures])).half())
    return Library(scenes, [0, *accumulate(counts)], torch.cat(latents))


def make_libraries(axes: Axes, n: int, seed: int) -> dict[str, Library]:
    """About `n` scenes over all ratios, each in all its layouts."""
    return {
        ratio: make_library(axes, ratio, max(64, round(n * SHARES[ratio])), seed)
        for ratio in track(SHARES, "scenes")
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
        noise = torch.randn(batch, *library.latents.shape[1:], generator=generator)
        level = noise_levels(batch, generator)
        # Variations start from a picture and a noise that do not match, so some do not here either.
        free = (level < FREE) & (torch.rand(batch, generator=generator) < 0.5)
        guides = torch.where(free[:, None, None, None], noise.flip(0), noise)
        nearest = [library.nearest(i, guide, weights) for i, guide in zip(chosen, guides, strict=True)]
        clean = library.latents[nearest].float()
        share = level[:, None, None, None]
        noisy = ((1 - share) * clean + share * noise).to(device).contiguous(memory_format=torch.channels_last)
        with mixed(device):
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
