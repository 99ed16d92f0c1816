"""Second stage: the text encoder learns to tell from a caption what is in the scene; then it is frozen."""

from pathlib import Path
from random import Random

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from transformers import CLIPTextModel, CLIPTokenizer

from pocket.model.architecture import TEXT_WIDTH
from pocket.training.precision import mixed
from pocket.training.run import Schedule, train
from pocket.words.captions import LANGUAGES, caption, noise_words
from pocket.world.scenes import COLOURS, KINDS, RELATIONS, SETTINGS, SIZES, STYLES, Scene, random_scene

_COLOURS = tuple(COLOURS)
BATCH = 96  # captions a step
FIELDS = {  # what a caption tells, and the number of answers; the last of the optional ones is "none"
    "setting": len(SETTINGS),
    "backdrop": len(_COLOURS) + 1,
    "relation": len(RELATIONS) + 1,
    "kind": len(KINDS),
    "colour": len(_COLOURS),
    "count": 4,
    "size": len(SIZES),
    "second kind": len(KINDS) + 1,
    "second colour": len(_COLOURS) + 1,
    "style": len(STYLES),
}
ENGLISH = 0.55  # share of the captions; the other languages have equal parts of the rest


def answers(scene: Scene) -> list[int]:
    """The scene as one number per field."""
    first = scene.things[0]
    second = scene.things[1] if len(scene.things) > 1 else None
    return [
        SETTINGS.index(scene.setting),
        _COLOURS.index(scene.backdrop) if scene.backdrop else len(_COLOURS),
        RELATIONS.index(scene.relation) if scene.relation else len(RELATIONS),
        KINDS.index(first.kind),
        _COLOURS.index(first.colour),
        first.count - 1,
        SIZES.index(first.size),
        KINDS.index(second.kind) if second else len(KINDS),
        _COLOURS.index(second.colour) if second else len(_COLOURS),
        STYLES.index(scene.style),
    ]


def any_language(rng: Random) -> str:
    """One of the languages, mostly English."""
    return "en" if rng.random() < ENGLISH else rng.choice(LANGUAGES[1:])


def noisy_caption(scene: Scene, rng: Random, share: float) -> str:
    """A caption in any language, in a `share` of cases with made-up words, which must change nothing."""
    text = caption(scene, rng, any_language(rng))
    if rng.random() < share:
        words, strange = text.split(" "), noise_words(rng)
        for _ in range(rng.randint(1, 2)):
            words.insert(rng.randint(0, len(words)), next(strange))
        text = " ".join(words)
    return text


def token_ids(tokenizer: CLIPTokenizer, texts: list[str]) -> Tensor:
    """Ids (n, 32), padded and cut as the pipelines do."""
    return tokenizer(
        texts,
        padding="max_length",
        max_length=tokenizer.model_max_length,
        truncation=True,
        return_tensors="pt",
    ).input_ids


class Reader(nn.Module):
    """The text encoder with one linear reading per field on top of its end states."""

    def __init__(self, encoder: CLIPTextModel) -> None:
        super().__init__()
        self.encoder = encoder
        self.readings = nn.Linear(TEXT_WIDTH, sum(FIELDS.values()))

    def forward(self, ids: Tensor, places: Tensor) -> tuple[Tensor, ...]:
        """Answers to every field, read at the given token places (n, p) → tuple of (n·p, answers)."""
        states = self.encoder(ids).last_hidden_state
        chosen = states.gather(1, places[..., None].expand(-1, -1, states.shape[-1]))
        return self.readings(chosen.flatten(0, 1).float()).split(list(FIELDS.values()), -1)


def train_text(
    encoder: CLIPTextModel, tokenizer: CLIPTokenizer, folder: Path, seed: int, steps: int, device: str
) -> float:
    """Train on captions of random scenes; every state from the end mark on must tell the whole scene.

    Returns the share of unseen captions whose every field is read right.
    """
    reader = Reader(encoder).to(device)
    end = tokenizer.eos_token_id

    def loss_at(step: int) -> Tensor:
        rng = Random(f"{seed}/{step}")
        scenes = [random_scene(rng) for _ in range(BATCH)]
        ids = token_ids(tokenizer, [noisy_caption(s, rng, 0.2) for s in scenes])
        first_end = (ids == end).int().argmax(1)
        last = ids.shape[1] - 1
        later = torch.tensor([rng.randint(int(p), last) for p in first_end])
        places = torch.stack([first_end, later], 1)
        wanted = torch.tensor([answers(s) for s in scenes]).repeat_interleave(2, 0).to(device)
        with mixed(device):
            found = reader(ids.to(device), places.to(device))
        losses = [F.cross_entropy(f, wanted[:, i]) for i, f in enumerate(found)]
        return torch.stack(losses).sum()

    weights = train("text", folder, reader, Schedule(steps, 1e-3), loss_at, keep=0.99)
    reader.load_state_dict(weights)
    return measure(reader.cpu(), tokenizer)


@torch.no_grad()
def measure(reader: Reader, tokenizer: CLIPTokenizer, n: int = 500, language: str = "en") -> float:
    """Share of unseen captions whose every field is read right."""
    rng = Random(10**6)
    scenes = [random_scene(rng) for _ in range(n)]
    ids = token_ids(tokenizer, [caption(s, rng, language) for s in scenes])
    ends = (ids == tokenizer.eos_token_id).int().argmax(1, keepdim=True)
    found = torch.stack([f.argmax(-1) for f in reader(ids, ends)], 1)
    wanted = torch.tensor([answers(s) for s in scenes])
    return float((found == wanted).all(1).float().mean())
