"""A reference adapter made ready for one model: what its attentions see of a picture, or of a style number.

What a picture becomes is kept a while, so that re-rolls encode nothing. Knows nothing of files or of jobs;
what is computed with the keys and values is the business of `engine.sharing.image_prompts`.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from diffusers.models.embeddings import ImageProjection
from PIL import Image
from torch import Tensor, nn
from transformers import CLIPVisionModelWithProjection

from engine.errors import ModelUnavailable
from engine.pictures.decoding import load_input
from engine.planning.references import AdapterEntry, Reference, point_of
from engine.sharing.image_prompts import ImagePrompt, ImagePrompts, Place, Seen

__all__ = ["Layer", "ReferenceAdapter", "References"]

_KEPT = 32
"""Pictures whose tokens are kept: some ten thousand numbers each."""


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One place, its name in the denoiser, and what makes keys and values of tokens there."""

    name: str
    place: Place
    key: nn.Linear
    value: nn.Linear
    heads: int

    def sees(self, tokens: Tensor, weight: float) -> Seen:
        """Tokens (tokens, width) as this attention sees them."""
        keys, values = (
            made(tokens).unflatten(-1, (self.heads, -1)).transpose(0, 1).contiguous()
            for made in (self.key, self.value)
        )
        return Seen(keys, values, weight)


@dataclass(eq=False)
class ReferenceAdapter:
    """An adapter made ready for one model, on its device and in its precision."""

    entry: AdapterEntry
    encoder: CLIPVisionModelWithProjection
    project: nn.Module
    layers: Sequence[Layer]
    levels: tuple[tuple[float, ...], tuple[float, ...]]
    anchors: Tensor | None = None
    _tokens: OrderedDict[bytes, Tensor] = field(default_factory=OrderedDict, repr=False)

    @property
    def name(self) -> str:
        """The name of its entry."""
        return self.entry.name

    @property
    def size(self) -> int:
        """The memory that it takes, in bytes."""
        modules = (
            self.encoder,
            self.project,
            *(m for layer in self.layers for m in (layer.key, layer.value)),
        )
        return sum(weight.nbytes for module in modules for weight in module.parameters())

    def prompts(self, reference: Reference, picture: bytes | None) -> tuple[ImagePrompt, ImagePrompt]:
        """What a row sees that is drawn after the reference, and what one sees that is not."""
        tokens, nothing = self._seen(reference, picture)
        wanted = () if reference.whole else self.entry.layers.get(reference.role, ())
        here = [
            layer
            for layer in self.layers
            if not wanted or any(layer.name.startswith(begin) for begin in wanted)
        ]
        with torch.no_grad():
            shown, hidden = (
                ImagePrompt({layer.place: layer.sees(each, reference.weight) for layer in here})
                for each in (tokens, nothing)
            )
        return shown, hidden

    def _seen(self, reference: Reference, picture: bytes | None) -> tuple[Tensor, Tensor]:
        """The tokens of a picture, or of a style number, and those of no picture."""
        key = hashlib.blake2b(picture).digest() if picture is not None else f"code {reference.code}".encode()
        found = [self._known(key, lambda: self._shown(reference, picture)), self._known(b"", self._nothing)]
        return found[0], found[1]

    def _known(self, key: bytes, make: Callable[[], Tensor]) -> Tensor:
        if key not in self._tokens:
            with torch.no_grad():
                self._tokens[key] = make()
        self._tokens.move_to_end(key)
        if len(self._tokens) > _KEPT:
            self._tokens.popitem(last=False)
        return self._tokens[key]

    def _shown(self, reference: Reference, picture: bytes | None) -> Tensor:
        if picture is not None:
            return self._read(self._pixels(load_input(picture)))
        assert reference.code is not None
        if self.anchors is None:
            raise ModelUnavailable(f"{self.entry.title} has no styles of numbers.")
        places = point_of(reference.code, len(self.anchors))
        point = torch.stack([share * self.anchors[place].float() for place, share in places]).sum(0)
        tokens: Tensor = self.project(point.to(self._like)[None])
        return tokens[0]

    def _nothing(self) -> Tensor:
        """As diffusers does: a black picture's features, or an embedding of zeros."""
        if isinstance(self.project, ImageProjection):
            width = int(self.encoder.config.projection_dim)
            tokens: Tensor = self.project(torch.zeros(1, width).to(self._like))
            return tokens[0]
        side = int(self.encoder.config.image_size)
        return self._read(torch.zeros(1, 3, side, side))

    def _read(self, pixels: Tensor) -> Tensor:
        pixels = pixels.to(next(self.encoder.parameters()))
        if isinstance(self.project, ImageProjection):
            features = self.encoder(pixels).image_embeds
        else:
            features = self.encoder(pixels, output_hidden_states=True).hidden_states[-2]
        tokens: Tensor = self.project(features.to(self._like))
        return tokens[0]

    def _pixels(self, picture: Image.Image) -> Tensor:
        """The whole picture pressed into the encoder's square (1, 3, side, side)."""
        side = int(self.encoder.config.image_size)
        small = np.array(picture.convert("RGB").resize((side, side), Image.Resampling.BICUBIC))
        mean, std = (torch.tensor(each).view(1, 3, 1, 1) for each in self.levels)
        return (torch.from_numpy(small).movedim(-1, 0)[None].float() / 255 - mean) / std

    @property
    def _like(self) -> Tensor:
        return next(self.project.parameters())


@dataclass(frozen=True, slots=True)
class References:
    """What a job's rows see: ``shown`` those that are drawn after its references, ``hidden`` the others."""

    shown: ImagePrompts = ()
    hidden: ImagePrompts = ()
