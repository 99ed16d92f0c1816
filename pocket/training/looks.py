"""The LoRAs: each teaches the shipped denoiser a look that it does not know, and nothing else.

Every scene is drawn plainly and in the look, alike in all but the look. The captions name no look, so that
the LoRA alone brings it. At a weight w the picture asked for lies w of the way from the plain one to the
other: half the weight is half the look.
"""

from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from random import Random

import torch
from diffusers import StableDiffusionPipeline
from rich.progress import track
from torch import Tensor

from pocket.model.adapter import RANK, Adapter
from pocket.training.denoiser import FREE, SHARES, SILENCE, Library, noise_levels
from pocket.training.latents import Axes, as_tensor, small_picture
from pocket.training.precision import mixed
from pocket.training.run import Schedule, train
from pocket.training.text import noisy_caption, token_ids
from pocket.world.layouts import layouts
from pocket.world.scenes import SIZES_OF_PICTURES, random_scene

RATE = 2e-3  # learning rate; a LoRA's B begins at zero and takes larger steps than the net
WHOLE = 0.5  # share of the pictures asked for at the full weight; the others at any


def make_pairs(axes: Axes, ratio: str, look: str, n: int, seed: int) -> tuple[Library, Tensor]:
    """`n` plain scenes of a ratio, and the latents of the same in the look, place for place."""
    rng = Random(f"look/{seed}/{ratio}")
    width, height = SIZES_OF_PICTURES[ratio]
    scenes = [replace(random_scene(rng), style="flat") for _ in range(n)]
    counts = [layouts(s, width, height) for s in scenes]
    versions = [(i, k) for i, count in enumerate(counts) for k in range(count)]

    def latents(style: str) -> Tensor:
        made = []
        for i, k in versions:
            scene, chance = replace(scenes[i], style=style), Random(f"{seed}/{i}/{k}")
            picture = small_picture(scene, width, height, chance, k)
            made.append(axes.encode(as_tensor(picture[None])).half())
        return torch.cat(made)

    return Library(scenes, [0, *accumulate(counts)], latents("flat")), latents(look)


def train_look(
    look: str,
    pipeline: StableDiffusionPipeline,
    axes: Axes,
    run: Path,
    seed: int,
    steps: int,
    scenes: int,
    batch: int,
    device: str,
) -> Adapter:
    """The LoRA of a look, on the CPU; the pipeline's weights stay as they are."""
    unet = pipeline.unet.to(device, memory_format=torch.channels_last).requires_grad_(False)
    encoder = pipeline.text_encoder.to(device).requires_grad_(False)
    torch.manual_seed(seed)
    adapter = Adapter(unet).to(device)
    pairs = {
        ratio: make_pairs(axes, ratio, look, max(16, round(scenes * share)), seed)
        for ratio, share in track(SHARES.items(), f"scenes in {look}")
    }
    channels = axes.weights()
    counts = channels[:, None, None].to(device)

    def loss_at(step: int) -> Tensor:
        rng = Random(f"{seed}/{step}")
        generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
        library, looked = pairs[rng.choices(list(SHARES), list(SHARES.values()))[0]]
        chosen = [rng.randrange(len(library.scenes)) for _ in range(batch)]
        texts = [
            noisy_caption(library.scenes[i], rng, 0.08) if rng.random() >= SILENCE else "" for i in chosen
        ]
        noise = torch.randn(batch, *looked.shape[1:], generator=generator)
        level = noise_levels(batch, generator)
        free = (level < FREE) & (torch.rand(batch, generator=generator) < 0.5)
        guides = torch.where(free[:, None, None, None], noise.flip(0), noise)
        places = [library.nearest(i, guide, channels) for i, guide in zip(chosen, guides, strict=True)]
        whole = torch.rand(batch, generator=generator) < WHOLE
        weight = torch.where(whole, torch.ones(batch), torch.rand(batch, generator=generator))
        clean = torch.lerp(
            library.latents[places].float(), looked[places].float(), weight[:, None, None, None]
        )
        share = level[:, None, None, None]
        noisy = ((1 - share) * clean + share * noise).to(device).contiguous(memory_format=torch.channels_last)
        with mixed(device), adapter.beside(unet, weight.to(device)):
            with torch.no_grad():
                states = encoder(token_ids(pipeline.tokenizer, texts).to(device)).last_hidden_state
            flow = unet(noisy, (1000 * level).floor().to(device), states).sample
        return (counts * (flow.float() - (noise - clean).to(device)).square()).mean()

    schedule = Schedule(steps, RATE, warm=min(40, steps), fall=0.6)
    averaged = train(f"look-{look}", run, adapter, schedule, loss_at, keep=0.98, save_seconds=60)
    adapter.load_state_dict(averaged)
    return adapter.cpu()


def about(look: str, steps: int, batch: int) -> dict[str, str]:
    """What the file says of itself, under the names that others read: modelspec's and kohya's."""
    return {
        "format": "pt",
        "modelspec.sai_model_spec": "1.0.0",
        "modelspec.architecture": "stable-diffusion-v1/lora",
        "modelspec.title": look,
        "modelspec.description": f"The embedded model's world in the look “{look}”.",
        "modelspec.license": "MIT",
        "ss_network_module": "networks.lora",
        "ss_network_dim": str(RANK),
        "ss_network_alpha": str(RANK),
        "ss_output_name": look,
        "ss_base_model_version": "pocket",
        "ss_steps": str(steps),
        "ss_total_batch_size": str(batch),
    }
