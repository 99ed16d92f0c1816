"""The control: a ControlNet of the shipped denoiser that learns to draw what edges show, in any look.

Every structure is drawn once and its edges found; then it is drawn again in other colours, surroundings and
styles, everything at its place. So the control learns that edges say what stands where, and nothing else:
the horizon or the stars of one setting do not bind the picture of another. The denoiser stays as it is.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import numpy as np
import torch
from diffusers import ControlNetModel, StableDiffusionPipeline
from PIL import Image, ImageFilter
from rich.progress import track
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine.pictures.edges import HIGH, LOW, edges
from pocket.model.control import make_control
from pocket.training.denoiser import SHARES, SILENCE, noise_levels
from pocket.training.latents import Axes, as_tensor
from pocket.training.precision import mixed
from pocket.training.run import Schedule, train
from pocket.training.text import noisy_caption, token_ids
from pocket.words.english import look_caption
from pocket.world.draw import draw
from pocket.world.layouts import layouts
from pocket.world.scenes import COLOURS, SETTINGS, SIZES_OF_PICTURES, STYLES, Scene, random_scene, visible

LOOKS = 4  # how often each structure is drawn: as it is, and in three other looks
AS_IT_IS = 0.25  # share of the pictures whose edges are their own, surroundings included
LOOK_ALONE = 0.1  # share of the captions that say the look alone, as `/retexture` is often told
BLUR = 0.8  # pixels by which a picture is blurred at most before its edges are found, as decoding leaves it


@dataclass(frozen=True, slots=True)
class Structures:
    """Structures of one picture size: maps packed to bits (n, h, w/8), and each in `LOOKS` looks.

    `looks[i]` are the scenes of structure i, `latents[i]` (LOOKS, 24, h/16, w/16) their latents.
    """

    maps: np.ndarray
    looks: list[list[Scene]]
    latents: Tensor

    def conditions(self, chosen: list[int]) -> Tensor:
        """The maps of some structures (n, 3, h, w) as a ControlNet takes them, 0 or 1."""
        bits = np.unpackbits(self.maps[chosen], axis=-1)
        return torch.from_numpy(bits).float()[:, None].expand(-1, 3, -1, -1)


def another_look(scene: Scene, rng: Random) -> Scene:
    """The same things, in other colours, elsewhere, in a style."""
    while True:
        setting = "plain" if rng.random() < 0.35 else rng.choice(SETTINGS[1:])
        backdrop = rng.choice(list(COLOURS)) if setting == "plain" and rng.random() < 0.75 else None
        style = "flat" if rng.random() < 0.6 else rng.choice(STYLES[1:])
        anew = rng.random() < 0.75
        colours = [rng.choice(list(COLOURS)) if anew else thing.colour for thing in scene.things]
        if all(visible(colour, setting, backdrop, style) for colour in colours):
            break
    things = tuple(replace(t, colour=c) for t, c in zip(scene.things, colours, strict=True))
    return Scene(things, setting, backdrop, scene.relation, style)


def make_structures(axes: Axes, ratio: str, n: int, seed: int, file: Path) -> Structures:
    """Draw `n` structures of a ratio, find their edges, and read the latents of their looks.

    What was drawn lies in `file`, and is taken from there by whoever comes again.
    """
    width, height = SIZES_OF_PICTURES[ratio]
    chances = [Random(f"control/{seed}/{ratio}/{i}") for i in range(n)]
    scenes = [random_scene(chance) for chance in chances]
    looks = [
        [scene, *(another_look(scene, chance) for _ in range(LOOKS - 1))]
        for scene, chance in zip(scenes, chances, strict=True)
    ]
    if not file.exists():
        maps, latents = [], []
        for scene, drawn, chance in zip(scenes, looks, chances, strict=True):
            layout, tints = chance.randrange(layouts(scene, width, height)), chance.getrandbits(32)
            maps.append(_map(draw(scene, width, height, Random(tints), 2, layout), chance))
            small = [
                np.asarray(draw(look, width // 4, height // 4, Random(tints), 4, layout, scene))
                for look in drawn
            ]
            latents.append(axes.encode(as_tensor(np.stack(small))).half())
        file.parent.mkdir(parents=True, exist_ok=True)
        found = {"maps": torch.from_numpy(np.stack(maps)), "latents": torch.stack(latents).contiguous()}
        save_file(found, file.with_suffix(".new"))
        file.with_suffix(".new").replace(file)
    kept = load_file(file)
    return Structures(kept["maps"].numpy(), looks, kept["latents"])


def _map(picture: Image.Image, chance: Random) -> np.ndarray:
    """A picture's edges as bits (h, w/8), now and then of a softer picture or found sooner."""
    soft = picture.filter(ImageFilter.GaussianBlur(BLUR * chance.random()))
    scale = chance.choice((0.6, 0.8, 1.0, 1.0))
    found = np.asarray(edges(soft, round(scale * LOW), round(scale * HIGH)))[..., 0]
    return np.packbits(found > 0, axis=-1)


def train_control(
    pipeline: StableDiffusionPipeline,
    axes: Axes,
    run: Path,
    schedule: Schedule,
    seed: int,
    structures: int,
    batch: int,
    device: str,
) -> ControlNetModel:
    """The control, on the CPU, with averaged weights; the pipeline's weights stay as they are."""
    unet = pipeline.unet.to(device, memory_format=torch.channels_last).requires_grad_(False)
    encoder = pipeline.text_encoder.to(device).requires_grad_(False)
    torch.manual_seed(seed)
    control = make_control(unet).to(device, memory_format=torch.channels_last)
    drawn = {
        ratio: make_structures(
            axes,
            ratio,
            max(16, round(structures * share)),
            seed,
            run / f"{ratio.replace(':', 'x')}.safetensors",
        )
        for ratio, share in track(SHARES.items(), "structures")
    }
    counts = axes.weights()[:, None, None].to(device)

    def loss_at(step: int) -> Tensor:
        rng = Random(f"{seed}/{step}")
        generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
        known = drawn[rng.choices(list(SHARES), list(SHARES.values()))[0]]
        chosen = [rng.randrange(len(known.looks)) for _ in range(batch)]
        which = [0 if rng.random() < AS_IT_IS else rng.randrange(1, LOOKS) for _ in range(batch)]
        texts = [_said(known.looks[i][k], rng) for i, k in zip(chosen, which, strict=True)]
        clean = known.latents[chosen, which].float()
        noise = torch.randn(clean.shape, generator=generator)
        level = noise_levels(batch, generator)
        share = level[:, None, None, None]
        noisy = ((1 - share) * clean + share * noise).to(device).contiguous(memory_format=torch.channels_last)
        maps = known.conditions(chosen).to(device).contiguous(memory_format=torch.channels_last)
        times = (1000 * level).floor().to(device)
        with mixed(device):
            with torch.no_grad():
                states = encoder(token_ids(pipeline.tokenizer, texts).to(device)).last_hidden_state
            down, middle = control(noisy, times, states, maps, return_dict=False)
            flow = unet(
                noisy,
                times,
                states,
                down_block_additional_residuals=down,
                mid_block_additional_residual=middle,
            ).sample
        return (counts * (flow.float() - (noise - clean).to(device)).square()).mean()

    averaged = train("control", run, control, schedule, loss_at, keep=0.99, save_seconds=120, muon=True)
    control.load_state_dict(averaged)
    return control.cpu()


def _said(scene: Scene, rng: Random) -> str:
    if rng.random() < SILENCE:
        return ""
    return look_caption(scene, rng) if rng.random() < LOOK_ALONE else noisy_caption(scene, rng, 0.08)
