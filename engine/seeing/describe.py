"""What a picture shows, as four prompts that would draw something like it, each ending in its proportion.

An image-to-text model of the transformers kind says it, whichever the registry lists first and this machine
has, and classical vision says what is plain to see. A model that knows how its own pictures look says when
one is unlike them. Knows nothing of prompts' meaning.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from transformers import AutoImageProcessor, AutoModelForImageTextToText, AutoProcessor, AutoTokenizer

from engine.job import Description
from engine.pictures.decoding import load_input
from engine.planning.registry import DescriberEntry, Registry
from engine.seeing.classical import look_at
from engine.seeing.familiar import Familiar
from engine.seeing.loading import loading
from engine.seeing.readings import readings

__all__ = ["captions", "describe", "friendly_ratio"]

NO_DESCRIBER = "No describer is on this machine: these words come from colours and simple forms alone."
UNLIKE = "This picture looks unlike those that it knows, so take its word for what is in it as a guess."

_MOST_TOKENS = 60  # of a description; a sentence of the describers here has about 20
_FRIENDLY = tuple(
    Fraction(ratio)
    for ratio in ("1", "5/4", "4/3", "7/5", "3/2", "5/3", "16/9", "9/5", "2", "7/3", "5/2", "3", "4")
)
_NEAR = 0.04
_LONGEST = Fraction(14)


def describe(png: bytes, describers: Sequence[DescriberEntry] | None = None, *, turn: int = 0) -> Description:
    """Four different prompts for the picture, each with ` --ar W:H` at its end, and what to know of them.

    Each ``turn`` gives others. ``describers`` are tried in order; None means the package's own list. Raises
    BadPicture.
    """
    picture = load_input(png)
    listed = Registry.load().describers if describers is None else describers
    chosen = next((entry for entry in listed if entry.on_this_machine()), None)
    said: list[str] = []
    notes, sure = [NO_DESCRIBER], True
    if chosen is not None:
        model = _loaded(chosen)
        said, sure = _different(model.say(picture)), model.knows(picture)
        notes = [sentence for sentence in (chosen.about, "" if sure else UNLIKE) if sentence]
    texts = map(_plain, readings(said, look_at(picture), turn, sure=sure))
    ratio = friendly_ratio(*picture.size)
    return Description(tuple(f"{text} --ar {ratio}" for text in texts), tuple(notes))


def captions(picture: Image.Image, describers: Sequence[DescriberEntry]) -> list[str]:
    """What the first describer that is here says of a picture, the likeliest first; nothing without one."""
    chosen = next((entry for entry in describers if entry.on_this_machine()), None)
    return [] if chosen is None else _different(_loaded(chosen).say(picture))


def friendly_ratio(width: int, height: int) -> str:
    """The proportion as people write it: a common one when it is within 4 %, otherwise in small numbers."""
    exact = Fraction(width, height)
    common = min((r for f in _FRIENDLY for r in (f, 1 / f)), key=lambda r: abs(float(r / exact) - 1))
    near = abs(float(common / exact) - 1) <= _NEAR
    ratio = common if near else min(max(exact, 1 / _LONGEST), _LONGEST).limit_denominator(20)
    return f"{ratio.numerator}:{ratio.denominator}"


@dataclass(frozen=True, slots=True)
class _Describer:
    """One loaded model and what prepares pictures for it."""

    model: Any
    prepare: Any
    tokenizer: Any
    prompts: tuple[str, ...]
    familiar: Familiar | None = None

    def knows(self, picture: Image.Image) -> bool:
        """Whether the picture is like those that it was trained on; True where it cannot tell."""
        if self.familiar is None:
            return True
        pixels = self.prepare(images=picture, return_tensors="pt").pixel_values
        with torch.no_grad():
            patches = self.model.encoder(pixels.to(self.model.dtype)).last_hidden_state
        return self.familiar.holds(patches)

    def say(self, picture: Image.Image) -> list[str]:
        """What the model says, the likeliest first; then what it says when it draws lots."""
        return [*self._texts(picture, num_beams=6, num_return_sequences=6), *self._drawn(picture)]

    def _drawn(self, picture: Image.Image) -> list[str]:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return self._texts(picture, do_sample=True, top_p=0.9, num_return_sequences=6)

    def _texts(self, picture: Image.Image, **how: Any) -> list[str]:
        found: list[str] = []
        for prompt in self.prompts or ("",):
            asked = {"text": prompt} if prompt else {}
            inputs = self.prepare(images=picture, return_tensors="pt", **asked).to(self.model.device)
            with torch.no_grad():
                ids = self.model.generate(**inputs, max_new_tokens=_room(self.model.config), **how)
            found += self.tokenizer.batch_decode(ids, skip_special_tokens=True)
        return found


def _room(config: Any) -> int:
    """How many tokens a model may say: no more than its decoder has places for."""
    decoder = getattr(config, "decoder", None) or config
    places = getattr(decoder, "max_position_embeddings", None) or _MOST_TOKENS + 1
    return min(_MOST_TOKENS, int(places) - 1)


@lru_cache(maxsize=1)
def _loaded(entry: DescriberEntry) -> _Describer:
    """The describer on the CPU: it speaks seldom, and the pictures need the rest."""
    with loading(entry) as source:
        model = AutoModelForImageTextToText.from_pretrained(**source).eval()
        tokenizer = AutoTokenizer.from_pretrained(**source)
        kind = AutoProcessor if entry.prompts else AutoImageProcessor
        familiar = Familiar.beside(Path(entry.folder)) if entry.folder is not None else None
        return _Describer(model, kind.from_pretrained(**source), tokenizer, entry.prompts, familiar)


def _different(texts: Iterable[str]) -> list[str]:
    """The texts fit for a prompt, each once."""
    return list(dict.fromkeys(filter(None, map(_plain, texts))))


def _plain(text: str) -> str:
    """Without what the prompt language would read as its own: dashes in a row, colons, braces, links."""
    plain = re.sub(r"https?://\S+|[^\w\s,.'’-]", " ", text)
    plain = re.sub(r"[-.]{2,}|(?<!\w)-|-(?!\w)", " ", plain)
    return re.sub(r"\s+([,.])", r"\1", " ".join(plain.split())).strip(" .,")
