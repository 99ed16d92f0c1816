"""The editing model: the shipped denoiser learns to change a picture as it is told, and to leave the rest.

Its shape is InstructPix2Pix's (Brooks et al., 2023, arXiv:2211.09800): the picture's latents stand beside
the noisy ones at the input, so the first layer has twice the channels, the new ones zero at the beginning. A
copy of the text encoder, with rows for the words that instructions have and captions have not, learns first
to read them.
"""

from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from diffusers import UNet2DConditionModel
from rich.progress import track
from torch import Tensor, nn
from transformers import CLIPTextModel, CLIPTokenizer

from pocket.model.architecture import (
    LATENT_CHANNELS,
    TEXT_WIDTH,
    make_text_encoder,
    make_tokenizer,
    make_unet,
)
from pocket.training.denoiser import noise_levels
from pocket.training.latents import Axes, as_tensor
from pocket.training.precision import mixed
from pocket.training.run import Schedule, train
from pocket.training.text import token_ids
from pocket.words.instructions import instruction, instruction_words
from pocket.world.edits import ACTS, LOCAL, PLACES, Edit, View, edited, random_edit, random_view
from pocket.world.scenes import COLOURS, KINDS, SETTINGS, SIZES_OF_PICTURES, STYLES

SHARES = {"1:1": 0.5, "3:2": 0.14, "2:3": 0.14, "16:9": 0.05, "9:16": 0.05, "4:3": 0.06, "3:4": 0.06}
EACH = 3  # edits of one picture
SILENCE = 0.05  # share of empty instructions; as often no picture, and as often neither
THING = 4.0  # what an error counts where a thing stands before: there it is decided which one is meant
ASIDE = 1.5  # ... and elsewhere, where words are about things; 1 where they are about the whole picture
DECIDED = 0.8  # noise level above which the noisy picture hardly tells what is to change
EARLY = 0.45  # share of the examples above it: there the words must be understood, below they are drawn
DRAWN = 5.0  # what an error counts below it where the picture changes; 1 elsewhere
SOURCE_NOISE = 0.06  # in the latents of the picture: what decoding and encoding again does to them
TEXT_BATCH = 96

_OPTIONAL = {  # what an instruction tells; of each, "not said" is the last answer
    "of": KINDS,
    "kind": KINDS,
    "colour": tuple(COLOURS),
    "place": PLACES,
    "setting": SETTINGS,
    "backdrop": tuple(COLOURS),
    "style": STYLES,
}
FIELDS = {"act": len(ACTS)} | {name: len(options) + 1 for name, options in _OPTIONAL.items()}


@dataclass(frozen=True, slots=True)
class Pairs:
    """Edits of pictures of one size: `before` (m, 24, h, w), `after` (n, 24, h, w), n = EACH · m, halves."""

    views: list[View]
    edits: list[Edit]
    before: Tensor
    after: Tensor


def make_pairs(axes: Axes, ratio: str, n: int, seed: int) -> Pairs:
    """Draw `n` pictures of a ratio and `EACH` edits of every one."""
    rng = Random(f"edits/{seed}/{ratio}")
    views = [random_view(rng, *SIZES_OF_PICTURES[ratio]) for _ in range(n)]
    edits = [random_edit(view, rng) for view in views for _ in range(EACH)]
    afters = [edited(views[i // EACH], edit) for i, edit in enumerate(edits)]

    def latents(drawn: list[View]) -> Tensor:
        return torch.cat([axes.encode(as_tensor(_small(view)[None])).half() for view in drawn])

    return Pairs(views, edits, latents(views), latents(afters))


def _small(view: View) -> np.ndarray:
    return np.array(view.draw(fine=4, part=4))


def answers(edit: Edit, said: str) -> list[int]:
    """The edit as one number per field; "it" names no kind."""
    of = None if {"it", "them"} & set(said.split()) else edit.of
    told = {name: getattr(edit, name) for name in _OPTIONAL} | {"of": of}
    return [
        ACTS.index(edit.act),
        *(options.index(told[name]) if told[name] else len(options) for name, options in _OPTIONAL.items()),
    ]


def grown_tokenizer(base: CLIPTokenizer) -> CLIPTokenizer:
    """The tokenizer with the words of instructions behind its own, whose ids stay."""
    return make_tokenizer(instruction_words(), base)


def grown_encoder(encoder: CLIPTextModel, tokenizer: CLIPTokenizer) -> CLIPTextModel:
    """A copy of the encoder with rows for the tokenizer's new words: the mean of the known ones."""
    fresh, known = make_text_encoder(tokenizer), encoder.state_dict()
    name = next(key for key in known if key.endswith("token_embedding.weight"))
    rows = known[name]
    more = rows.mean(0, keepdim=True).expand(len(tokenizer) - len(rows), -1)
    fresh.load_state_dict(known | {name: torch.cat([rows, more])})
    return fresh


def editing_unet(denoiser: UNet2DConditionModel) -> UNet2DConditionModel:
    """The denoiser with a picture's latents beside the noisy ones, which at first changes nothing."""
    unet = make_unet(2 * LATENT_CHANNELS)
    weights = denoiser.state_dict()
    first = weights["conv_in.weight"]
    unet.load_state_dict(weights | {"conv_in.weight": torch.cat([first, torch.zeros_like(first)], 1)})
    return unet


class _Reader(nn.Module):
    """The text encoder with one linear reading per field on its end states."""

    def __init__(self, encoder: CLIPTextModel) -> None:
        super().__init__()
        self.encoder = encoder
        self.readings = nn.Linear(TEXT_WIDTH, sum(FIELDS.values()))

    def forward(self, ids: Tensor, places: Tensor) -> tuple[Tensor, ...]:
        """Answers to every field, read at the token places (n, p) → tuple of (n·p, answers)."""
        states = self.encoder(ids).last_hidden_state
        chosen = states.gather(1, places[..., None].expand(-1, -1, states.shape[-1]))
        return self.readings(chosen.flatten(0, 1).float()).split(list(FIELDS.values()), -1)


def _told(rng: Random) -> tuple[str, list[int]]:
    """An instruction and what it says."""
    view = random_view(rng, 256, 256)
    edit = random_edit(view, rng)
    said = instruction(edit, view, rng)
    return said, answers(edit, said)


def train_reading(
    encoder: CLIPTextModel, tokenizer: CLIPTokenizer, folder: Path, seed: int, steps: int, device: str
) -> float:
    """The encoder learns to tell what an instruction says; every state from the end mark on must tell it.

    Returns the share of unseen instructions whose every field is read right.
    """
    reader = _Reader(encoder).to(device)
    end = tokenizer.eos_token_id

    def loss_at(step: int) -> Tensor:
        rng = Random(f"reading/{seed}/{step}")
        said, wanted = zip(*(_told(rng) for _ in range(TEXT_BATCH)), strict=True)
        ids = token_ids(tokenizer, list(said))
        first_end, last = (ids == end).int().argmax(1), ids.shape[1] - 1
        later = torch.tensor([rng.randint(int(p), last) for p in first_end])
        places = torch.stack([first_end, later], 1)
        right = torch.tensor(wanted).repeat_interleave(2, 0).to(device)
        found = reader(ids.to(device), places.to(device))
        return torch.stack([F.cross_entropy(f, right[:, i]) for i, f in enumerate(found)]).sum()

    reader.load_state_dict(train("reading", folder, reader, Schedule(steps, 5e-4), loss_at, keep=0.99))
    return _measure(reader.cpu(), tokenizer)


@torch.no_grad()
def _measure(reader: _Reader, tokenizer: CLIPTokenizer, n: int = 500) -> float:
    rng = Random(10**6)
    said, wanted = zip(*(_told(rng) for _ in range(n)), strict=True)
    ids = token_ids(tokenizer, list(said))
    ends = (ids == tokenizer.eos_token_id).int().argmax(1, keepdim=True)
    found = torch.stack([f.argmax(-1) for f in reader(ids, ends)], 1)
    return float((found == torch.tensor(wanted)).all(1).float().mean())


def _levels(n: int, generator: torch.Generator) -> Tensor:
    """Noise levels (n,), `EARLY` of them evenly above `DECIDED`, the others as the denoiser's own."""
    early = DECIDED + (1 - DECIDED) * torch.rand(n, generator=generator)
    chosen = torch.rand(n, generator=generator) < EARLY
    return torch.where(chosen, early, noise_levels(n, generator))


def _meant(view: View, edit: Edit, shape: torch.Size) -> Tensor:
    """What an error counts in each cell (1, h, w) while it is open what changes.

    By what is known beforehand, never by what changes: errors that count more where something changed teach
    to change what nobody named.
    """
    down, across = (torch.arange(side) + 0.5 for side in shape)
    counted = torch.full((1, *shape), ASIDE if edit.act in LOCAL else 1.0)
    for one in view.stands:
        reach = one.radius + 0.75
        near = ((down - one.y).abs() < reach)[:, None] & ((across - one.x).abs() < reach)
        counted[:, near] = THING
    return counted


def train_editing(
    unet: UNet2DConditionModel,
    encoder: CLIPTextModel,
    tokenizer: CLIPTokenizer,
    pairs: dict[str, Pairs],
    weights: Tensor,
    folder: Path,
    schedule: Schedule,
    seed: int,
    batch: int,
    device: str,
) -> None:
    """Flow matching as the denoiser's own, of the edited pictures; those before stand beside them.

    `weights` (24,) is what an error in each channel counts.
    """
    counts = weights[:, None, None].to(device)
    unet.to(device, memory_format=torch.channels_last)
    encoder.to(device).requires_grad_(False)

    def loss_at(step: int) -> Tensor:
        rng = Random(f"{seed}/{step}")
        generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
        library = pairs[rng.choices(list(SHARES), list(SHARES.values()))[0]]
        chosen = [rng.randrange(len(library.edits)) for _ in range(batch)]
        said = [instruction(library.edits[i], library.views[i // EACH], rng) for i in chosen]
        before = library.before[[i // EACH for i in chosen]].float()
        clean = library.after[chosen].float()
        meant = torch.stack(
            [_meant(library.views[i // EACH], library.edits[i], clean.shape[2:]) for i in chosen]
        )
        drawn = 1 + (DRAWN - 1) * ((clean - before).abs().mean(1, keepdim=True) > 0.05)
        silent = torch.rand(batch, generator=generator)
        texts = [text if chance >= 2 * SILENCE else "" for text, chance in zip(said, silent, strict=True)]
        before = before + SOURCE_NOISE * torch.randn(before.shape, generator=generator)
        before = before * ((silent < SILENCE) | (silent >= 3 * SILENCE))[:, None, None, None]
        noise = torch.randn(clean.shape, generator=generator)
        level = _levels(batch, generator)
        share = level[:, None, None, None]
        counted = torch.where(share > DECIDED, meant, drawn)
        noisy = torch.cat([(1 - share) * clean + share * noise, before], 1)
        noisy = noisy.to(device).contiguous(memory_format=torch.channels_last)
        with mixed(device):
            with torch.no_grad():
                states = encoder(token_ids(tokenizer, texts).to(device)).last_hidden_state
            flow = unet(noisy, (1000 * level).floor().to(device), states).sample
        apart = (flow.float() - (noise - clean).to(device)).square()
        return (counts * counted.to(device) * apart).mean()

    averaged = train("editing", folder, unet, schedule, loss_at, keep=0.99, muon=True)
    unet.load_state_dict(averaged)


def all_pairs(axes: Axes, n: int, seed: int) -> dict[str, Pairs]:
    """Edits of about `n` pictures over all ratios."""
    return {
        ratio: make_pairs(axes, ratio, max(8, round(n * share)), seed)
        for ratio, share in track(SHARES.items(), "edited scenes")
    }
