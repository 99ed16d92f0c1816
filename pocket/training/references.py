"""A stage of its own: the shipped model learns to refer to pictures.

Three small things are trained, the denoiser stays as it is: an image encoder that tells what is in a drawn
scene; an adapter that takes the *style* of a picture (how it is painted, and the surroundings); and one that
takes its *thing* (kind and colour). Every target is drawn: the words say one part of it, the reference shows
the other, and what both name the words decide. Stops and goes on wherever it was.
"""

from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from random import Random

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from diffusers import StableDiffusionPipeline
from rich.progress import track
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import CLIPVisionModelWithProjection, ViTModel

from pocket.model.architecture import TEXT_WIDTH
from pocket.model.references import (
    SIDE,
    TOKENS,
    ReferenceAdapter,
    begin_as,
    features,
    make_image_encoder,
    make_resampler,
)
from pocket.training.denoiser import FREE, SHARES, Library, noise_levels
from pocket.training.latents import Axes, as_tensor, levels
from pocket.training.precision import mixed
from pocket.training.reference_examples import (
    Example,
    Maker,
    any_place,
    drawn,
    placed_like,
    reference_picture,
    shows,
)
from pocket.training.run import Schedule, train
from pocket.training.text import token_ids
from pocket.words.captions import plain_caption
from pocket.world.layouts import layouts
from pocket.world.scenes import (
    COLOURS,
    KINDS,
    SETTINGS,
    SIZES_OF_PICTURES,
    STYLES,
    Scene,
    random_scene,
)

RATE, GENTLE = 1e-3, 1.5e-4  # while the tokens stay as they are, and when all learns together
TOGETHER = 0.6  # steps of the latter, as a share of the former
SILENCE, BLIND = 0.1, 0.1  # shares without words, and without a picture, for guidance
WHOLE = 0.7  # share of the pictures asked for at the weight 1; the others at any of `STRONG`
STRONG = (0.8, 1.5)
THING = 3.0  # what an error in a thing's cells counts, beside 1 elsewhere: what tells its kind is small
ANCHOR_VIEWS = 8  # drawings whose mean an anchor is
VIEWS = 3  # references drawn for each scene, of which every step takes any
_COLOURS = tuple(COLOURS)
_FIELDS = (len(SETTINGS), len(_COLOURS) + 1, len(STYLES), len(KINDS), len(_COLOURS))
_UNSAID = -100


def worn(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Pictures (n, 3, s, s) in −1…1 in other light and a little noise, and half of them as in a mirror."""
    n = len(pictures)
    turned = torch.rand(n, 1, 1, 1, generator=generator) < 0.5
    pictures = torch.where(turned, pictures.flip(-1), pictures)
    light = 1 + 0.06 * torch.randn(n, 1, 1, 1, generator=generator)
    tint = 0.04 * torch.randn(n, 3, 1, 1, generator=generator)
    grain = 0.05 * torch.rand(n, 1, 1, 1, generator=generator)
    return (pictures * light + tint + grain * torch.randn(pictures.shape, generator=generator)).clamp(-1, 1)


class Teller(nn.Module):
    """The image encoder, a resampler, and one linear reading per field on top of its tokens."""

    def __init__(self, encoder: CLIPVisionModelWithProjection) -> None:
        super().__init__()
        self.encoder = encoder
        self.resampler = make_resampler()
        self.readings = nn.Linear(TOKENS * TEXT_WIDTH, sum(_FIELDS))

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        """Pictures (n, 3, s, s) → a score for each answer of every field."""
        tokens = self.resampler(features(self.encoder, pictures))
        return self.readings(tokens.flatten(1).float()).split(_FIELDS, -1)


def answers(scene: Scene) -> list[int]:
    """The scene as one number per field; of several things none is asked for."""
    first, alone = scene.things[0], len(scene.things) == 1
    return [
        SETTINGS.index(scene.setting),
        _COLOURS.index(scene.backdrop) if scene.backdrop else len(_COLOURS),
        STYLES.index(scene.style),
        KINDS.index(first.kind) if alone else _UNSAID,
        _COLOURS.index(first.colour) if alone else _UNSAID,
    ]


def _any_scene(rng: Random) -> Scene:
    scene = any_place(rng) if rng.random() < 0.5 else random_scene(rng)
    if len(scene.things) == 2 and rng.random() < 0.6:
        return replace(scene, things=scene.things[:1], relation=None)
    return scene


def train_encoder(
    run: Path, reader: ViTModel, seed: int, steps: int, pictures: int, batch: int = 64
) -> Teller:
    """Train on drawn scenes; every answer must be read off the tokens alone. Begins as the describer's."""
    torch.manual_seed(seed)
    teller, rng = Teller(make_image_encoder()), Random(f"{seed}/encoder")
    scenes = [_any_scene(rng) for _ in range(pictures)]
    stored = run / "encoder-pictures.npy"
    if not stored.exists():
        run.mkdir(parents=True, exist_ok=True)
        np.save(stored, np.stack([reference_picture(s, rng) for s in track(scenes, "pictures")]))
    library = torch.from_numpy(np.load(stored)).permute(0, 3, 1, 2)
    wanted = torch.tensor([answers(s) for s in scenes])
    small = F.interpolate(levels(library[:64]), reader.config.image_size, mode="area")
    begin_as(teller.encoder, reader, small)

    def loss_at(step: int) -> Tensor:
        generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
        chosen = torch.randint(len(scenes), (batch,), generator=generator)
        with mixed("cpu"):
            found = teller(worn(levels(library[chosen]), generator))
        losses = [F.cross_entropy(f, wanted[chosen, i]) for i, f in enumerate(found)]
        return torch.stack(losses).sum()

    average = train("encoder", run, teller, Schedule(steps, 1e-3), loss_at, keep=0.995, muon=True)
    teller.load_state_dict(average)
    return teller.eval()


@torch.no_grad()
def measure(teller: Teller, n: int = 600) -> dict[str, float]:
    """The share of unseen pictures of which each field is read right."""
    rng = Random(10**6)
    scenes = [_any_scene(rng) for _ in range(n)]
    pictures = torch.from_numpy(np.stack([reference_picture(s, rng) for s in scenes])).permute(0, 3, 1, 2)
    found = torch.stack([f.argmax(-1) for f in teller(levels(pictures))], 1)
    wanted = torch.tensor([answers(s) for s in scenes])
    names = ("setting", "backdrop", "style", "kind", "colour")
    asked = wanted != _UNSAID
    return {name: float((found == wanted)[:, i][asked[:, i]].float().mean()) for i, name in enumerate(names)}


@dataclass(frozen=True, slots=True)
class Lessons:
    """Examples of one picture size: the targets' latents in all their layouts, the references' features.

    ``things`` is (layouts, 1, rows, columns), 1 in the latents' cells that a thing touches.
    ``views`` is (n, 3, 145, 128), halves: what the encoder makes of several drawings of each reference.
    """

    examples: list[Example]
    targets: Library
    things: Tensor
    views: Tensor


@torch.no_grad()
def make_lessons(
    axes: Axes, encoder: CLIPVisionModelWithProjection, make: Maker, ratio: str, n: int, seed: int
) -> Lessons:
    """``n`` examples, drawn and encoded."""
    rng = Random(f"lessons/{seed}/{ratio}")
    generator = torch.Generator().manual_seed(seed)
    width, height = SIZES_OF_PICTURES[ratio]
    examples = [make(rng) for _ in range(n)]
    counts = [layouts(e.target, width, height) for e in examples]
    latents, things, views = [], [], []
    for example, count in zip(examples, counts, strict=True):
        pictures, where = zip(
            *(drawn(example.target, width, height, k, rng) for k in range(count)), strict=True
        )
        latents.append(axes.encode(as_tensor(np.stack(pictures))).half())
        cells = torch.from_numpy(np.stack(where)).float()[:, None]
        things.append(F.adaptive_max_pool2d(cells, latents[-1].shape[-2:]))
        shown = np.stack([reference_picture(example.reference, rng) for _ in range(VIEWS)])
        views.append(features(encoder, worn(as_tensor(shown), generator)).half())
    scenes = [example.target for example in examples]
    targets = Library(scenes, [0, *accumulate(counts)], torch.cat(latents))
    return Lessons(examples, targets, torch.cat(things), torch.stack(views))


def begin(
    name: str,
    teller: Teller,
    pipeline: StableDiffusionPipeline,
    lessons: Lessons,
    run: Path,
    seed: int,
    steps: int,
) -> dict[str, Tensor]:
    """A resampler whose tokens are as the text encoder would have said the same: a start near the end."""
    resampler, end = make_resampler(), pipeline.tokenizer.eos_token_id
    resampler.load_state_dict(teller.resampler.state_dict())

    def loss_at(step: int) -> Tensor:
        # A caption of the reference says what the adapter must tell and, by chance, what it must not; the
        # mean of many says only the first.
        rng = Random(f"{seed}/{name}/{step}")
        chosen = [rng.randrange(len(lessons.examples)) for _ in range(64)]
        texts = []
        for i in chosen:
            example, other = lessons.examples[i], random_scene(rng)
            if example.whole == "style":
                scene = placed_like(replace(other, things=other.things[:1], relation=None), example.reference)
            else:
                scene = replace(other, things=example.reference.things, relation=None)
            texts.append(plain_caption(scene, rng))
        ids = token_ids(pipeline.tokenizer, texts)
        with torch.no_grad():
            states = pipeline.text_encoder(ids).last_hidden_state
        first = (ids == end).int().argmax(1).clamp_max(ids.shape[1] - TOKENS)
        places = first[:, None] + torch.arange(TOKENS)
        wanted = states.gather(1, places[..., None].expand(-1, -1, states.shape[-1]))
        with mixed("cpu"):
            found = resampler(lessons.views[chosen, rng.randrange(VIEWS)].float())
        return F.mse_loss(found.float(), wanted)

    return train(f"{name}-tokens", run, resampler, Schedule(steps, 1e-3), loss_at, keep=0.99, muon=True)


def train_adapter(
    name: str,
    make: Maker,
    pipeline: StableDiffusionPipeline,
    axes: Axes,
    teller: Teller,
    run: Path,
    seed: int,
    steps: int,
    examples: int,
    batch: int,
) -> ReferenceAdapter:
    """An adapter for the pipeline's denoiser, whose own weights stay as they are."""
    unet = pipeline.unet.to(memory_format=torch.channels_last).requires_grad_(False)
    text_encoder = pipeline.text_encoder.requires_grad_(False)
    torch.manual_seed(seed)
    adapter = ReferenceAdapter(unet)
    lessons = {
        ratio: make_lessons(axes, teller.encoder, make, ratio, max(16, round(examples * share)), seed)
        for ratio, share in track(SHARES.items(), f"examples of {name}")
    }
    adapter.project.load_state_dict(begin(name, teller, pipeline, lessons["1:1"], run, seed, steps))
    with torch.no_grad():
        nothing = features(teller.encoder, torch.full((1, 3, SIDE, SIDE), -1.0))
    channels = axes.weights()
    counts = channels[:, None, None]

    def loss_at(step: int) -> Tensor:
        rng = Random(f"{seed}/{step}")
        generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
        some = lessons[rng.choices(list(SHARES), list(SHARES.values()))[0]]
        chosen = [rng.randrange(len(some.examples)) for _ in range(batch)]
        texts = [some.examples[i].said(rng) if rng.random() >= SILENCE else "" for i in chosen]
        shown = some.views[chosen, rng.randrange(VIEWS)].float()
        blind = torch.rand(batch, generator=generator) < BLIND
        shown = torch.where(blind[:, None, None], nothing, shown)
        noise = torch.randn(batch, *some.targets.latents.shape[1:], generator=generator)
        level = noise_levels(batch, generator)
        free = (level < FREE) & (torch.rand(batch, generator=generator) < 0.5)
        guides = torch.where(free[:, None, None, None], noise.flip(0), noise)
        places = [some.targets.nearest(i, guide, channels) for i, guide in zip(chosen, guides, strict=True)]
        whole = torch.rand(batch, generator=generator) < WHOLE
        any_weight = STRONG[0] + (STRONG[1] - STRONG[0]) * torch.rand(batch, generator=generator)
        weight = torch.where(whole, torch.ones(batch), any_weight)
        clean = some.targets.latents[places].float()
        share = level[:, None, None, None]
        noisy = ((1 - share) * clean + share * noise).contiguous(memory_format=torch.channels_last)
        with mixed("cpu"), adapter.beside(unet, shown, weight):
            with torch.no_grad():
                states = text_encoder(token_ids(pipeline.tokenizer, texts)).last_hidden_state
            flow = unet(noisy, (1000 * level).floor(), states).sample
        counting = counts * (1 + (THING - 1) * some.things[places])
        return (counting * (flow.float() - (noise - clean)).square()).mean()

    # Trained from the beginning, the resampler forgets within a thousand steps what kinds look like.
    stages = ((name, False, steps, RATE), (f"{name}-together", True, round(TOGETHER * steps), GENTLE))
    for stage, with_tokens, length, rate in stages:
        adapter.project.requires_grad_(with_tokens)
        schedule = Schedule(length, rate, warm=min(50, steps), fall=0.6)
        averaged = train(stage, run, adapter, schedule, loss_at, keep=0.995, save_seconds=60, muon=True)
        adapter.load_state_dict(averaged)
    return adapter


def style_anchors(
    encoder: CLIPVisionModelWithProjection, adapter: ReferenceAdapter, seed: int, file: Path
) -> None:
    """Writes the tokens between which the styles of numbers lie: every style in every setting.

    They are in a fixed order, for a number must mean the same for ever.
    """
    rng = Random(f"{seed}/anchors")
    places = [(setting, None) for setting in SETTINGS[1:]] + [("plain", colour) for colour in _COLOURS]
    found = []
    for style in STYLES:
        for setting, backdrop in places:
            shown = []
            while len(shown) < ANCHOR_VIEWS:
                scene = replace(random_scene(rng), setting=setting, backdrop=backdrop, style=style)
                if shows(scene):
                    shown.append(reference_picture(scene, rng))
            with torch.no_grad():
                found.append(adapter.project(features(encoder, as_tensor(np.stack(shown)))).mean(0))
    file.parent.mkdir(parents=True, exist_ok=True)
    save_file({"anchors": torch.stack(found).half()}, file)


def about(name: str, steps: int, batch: int) -> dict[str, str]:
    """What the file says of itself."""
    return {
        "format": "pt",
        "modelspec.sai_model_spec": "1.0.0",
        "modelspec.architecture": "stable-diffusion-v1/ip-adapter",
        "modelspec.title": f"pocket {name}",
        "modelspec.license": "MIT",
        "steps": str(steps),
        "batch": str(batch),
    }
