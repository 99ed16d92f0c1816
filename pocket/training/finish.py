"""Fourth stage: the decoder learns to mend what the denoiser leaves. Knows no words but those of the scenes.

A decoder that saw only true latents, or true ones with even noise, shows every blotch that sampling leaves.
Here true latents are disturbed to one of the sampler's last noise levels and sampled on from there: the
outcome is nearly the scene, with the denoiser's own faults, and the decoder is asked for the true picture.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from random import Random

import torch
from diffusers import StableDiffusionPipeline
from rich.progress import track
from torch import Tensor

from pocket.model.architecture import make_scheduler
from pocket.model.samples import GUIDANCE, STEPS
from pocket.training.autoencoder import decoder_loss, draw_pictures
from pocket.training.denoiser import SHARES
from pocket.training.latents import Axes, levels
from pocket.training.precision import mixed
from pocket.training.run import Schedule, train
from pocket.training.text import token_ids
from pocket.words.captions import caption
from pocket.world.scenes import Scene

LAST = (10, 11)  # the steps from which sampling is taken up: at more noise it draws details of its own
CHUNK = 64  # pictures sampled at a time, by memory
BATCH = 6  # whole pictures a step, by memory
EXACT = 0.45  # share of latents left as they are: edits, variations and image prompts keep much of a picture


@torch.no_grad()
def sampled(
    pipeline: StableDiffusionPipeline, scenes: Sequence[Scene], latents: Tensor, seed: int, device: str
) -> Tensor:
    """The latents (n, 24, h, w) as the last steps of sampling would leave them."""
    unet, encoder = pipeline.unet.to(device).eval(), pipeline.text_encoder.to(device)
    rng, made = Random(f"sampled/{seed}"), []
    unsaid = encoder(token_ids(pipeline.tokenizer, [""]).to(device)).last_hidden_state
    for start in track(range(0, len(scenes), CHUNK), "sampling"):
        clean = latents[start : start + CHUNK].to(device)
        words = [caption(scene, rng) for scene in scenes[start : start + CHUNK]]
        said = encoder(token_ids(pipeline.tokenizer, words).to(device)).last_hidden_state
        states = torch.cat([unsaid.expand_as(said), said])
        scheduler, first = make_scheduler(), rng.choice(LAST)
        scheduler.set_timesteps(STEPS)
        scheduler.set_begin_index(first)
        generator = torch.Generator().manual_seed(seed * 1_000_003 + start)
        noise = torch.randn(clean.shape, generator=generator).to(device)
        level = float(scheduler.sigmas[first])
        z = (1 - level) * clean + level * noise
        for time in scheduler.timesteps[first:]:
            with mixed(device):
                flow = unet(torch.cat([z, z]), time.expand(2 * len(z)).to(device), states).sample
            without, with_it = flow.float().chunk(2)
            z = scheduler.step(without + GUIDANCE * (with_it - without), time, z).prev_sample
        made.append(z.cpu())
    return torch.cat(made)


def finish_decoder(
    pipeline: StableDiffusionPipeline,
    axes: Axes,
    folder: Path,
    seed: int,
    steps: int,
    pictures: int,
    device: str,
) -> None:
    """Train the decoder on the denoiser's own latents, on whole pictures: its norms look at all of one.

    In every ratio, as often as the denoiser was: things are not equally large in all of them.
    """

    @cache
    def library(ratio: str) -> tuple[Tensor, Tensor, Tensor]:
        n = max(BATCH, round(pictures * SHARES[ratio]))
        scenes, true = draw_pictures(n, f"finish/{seed}/{ratio}", ratio)
        exact = torch.cat([axes.read(levels(part)) for part in true.split(CHUNK)])
        return true, exact, sampled(pipeline, scenes, exact, seed, device)

    decoder = pipeline.vae.decoder.to(device, memory_format=torch.channels_last)

    def loss_at(step: int) -> Tensor:
        rng = Random(f"{seed}/{step}")
        true, exact, left = library(rng.choices(list(SHARES), list(SHARES.values()))[0])
        chosen = [rng.randrange(len(true)) for _ in range(BATCH)]
        given = torch.stack([(exact if rng.random() < EXACT else left)[i] for i in chosen])
        z = given.to(device).contiguous(memory_format=torch.channels_last)
        with mixed(device):
            made = pipeline.vae.decode(z).sample
        return decoder_loss(made, levels(true[chosen].to(device)))

    averaged = train(
        "finish", folder, decoder, Schedule(steps, 1e-3, fall=0.8), loss_at, keep=0.99, muon=True
    )
    decoder.load_state_dict(averaged)
