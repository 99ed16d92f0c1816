"""A reference adapter made ready for one model: what its attentions see of a picture, or of a style number.

What a picture becomes is kept a while, so that re-rolls encode nothing. Knows nothing of files or of jobs;
what is computed with the keys and values is the business of `engine.sharing.image_prompts`.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import torch
from diffusers.models.attention_processor import SD3IPAdapterJointAttnProcessor2_0
from diffusers.models.embeddings import ImageProjection, IPAdapterTimeImageProjection
from PIL import Image
from torch import Tensor, nn
from transformers import CLIPVisionModelWithProjection, SiglipVisionModel

from engine.errors import ModelUnavailable
from engine.pictures.decoding import load_input
from engine.planning.references import AdapterEntry, Reference, point_of
from engine.sharing.image_prompts import ImagePrompt, ImagePrompts, Place, Seen

__all__ = ["Layer", "ReferenceAdapter", "References", "Timed", "TimedLayer", "parts_of"]

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


@dataclass(frozen=True, slots=True, eq=False)
class TimedLayer:
    """A place whose keys and values of a picture depend on the time step (SD 3.5).

    ``adapts`` makes them; its norms are also those of the attention's own queries and keys beside them.
    """

    name: str
    place: Place
    adapts: SD3IPAdapterJointAttnProcessor2_0
    heads: int

    def sees(self, tokens: Tensor, time: Tensor, weight: float) -> Seen:
        """Tokens (1, tokens, width) as this attention sees them, with the time's embedding (1, width)."""
        normed = self.adapts.norm_ip(tokens, temb=time)
        keys, values = (
            made(normed)[0].unflatten(-1, (self.heads, -1)).transpose(0, 1).contiguous()
            for made in (self.adapts.to_k_ip, self.adapts.to_v_ip)
        )
        return Seen(self.adapts.norm_ip_k(keys), values, weight)


Timed: TypeAlias = Callable[[float], tuple[ImagePrompt, ImagePrompt]]
"""What rows see at a time step that are drawn after a reference, and those that are not."""


@dataclass(eq=False)
class ReferenceAdapter:
    """An adapter made ready for one model, on its device and in its precision."""

    entry: AdapterEntry
    encoder: CLIPVisionModelWithProjection | SiglipVisionModel
    project: nn.Module
    layers: Sequence[Layer | TimedLayer]
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
        modules = (self.encoder, self.project, *(m for layer in self.layers for m in parts_of(layer)))
        return sum(weight.nbytes for module in modules for weight in module.parameters())

    @property
    def timed(self) -> bool:
        """Whether what it sees of a picture depends on the time step."""
        return isinstance(self.project, IPAdapterTimeImageProjection)

    def prompts_at(self, reference: Reference, picture: bytes | None) -> Timed:
        """What rows see at a time step, of an adapter that is ``timed``."""
        (picture_features, nothing), here = self._seen(reference, picture), self._here(reference)

        def seen(features: Tensor, time: Tensor) -> ImagePrompt:
            tokens, told = self.project(features[None], time)
            return ImagePrompt({each.place: each.sees(tokens, told, reference.weight) for each in here})

        def at(time: float) -> tuple[ImagePrompt, ImagePrompt]:
            now = torch.tensor([time], device=self._like.device)
            with torch.no_grad():
                return seen(picture_features, now), seen(nothing, now)

        return at

    def _here(self, reference: Reference) -> list[Any]:
        """The layers where the reference acts."""
        wanted = () if reference.whole else self.entry.layers.get(reference.role, ())
        return [
            layer
            for layer in self.layers
            if not wanted or any(layer.name.startswith(begin) for begin in wanted)
        ]

    def prompts(self, reference: Reference, picture: bytes | None) -> tuple[ImagePrompt, ImagePrompt]:
        """What a row sees that is drawn after the reference, and what one sees that is not."""
        tokens, nothing = self._seen(reference, picture)
        here = self._here(reference)
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
        if self.anchors.dim() == 3:  # tokens as they are
            return point.to(self._like)
        tokens: Tensor = self.project(point.to(self._like)[None])
        return tokens[0]

    def _nothing(self) -> Tensor:
        """As diffusers does: a black picture's features, or an embedding of zeros."""
        side = int(self.encoder.config.image_size)
        if self.timed:
            return torch.zeros_like(self._read(torch.zeros(1, 3, side, side)))
        if isinstance(self.project, ImageProjection):
            width = int(self.encoder.config.projection_dim)
            tokens: Tensor = self.project(torch.zeros(1, width).to(self._like))
            return tokens[0]
        return self._read(torch.zeros(1, 3, side, side))

    def _read(self, pixels: Tensor) -> Tensor:
        pixels = pixels.to(next(self.encoder.parameters()))
        if isinstance(self.project, ImageProjection):
            features = self.encoder(pixels).image_embeds
        else:
            features = self.encoder(pixels, output_hidden_states=True).hidden_states[-2]
        if self.timed:
            found: Tensor = features.to(self._like)[0]
            return found
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
    """What a job's rows see: ``shown`` those that are drawn after its references, ``hidden`` the others.

    Those ``timed`` are seen otherwise at each time step: functions of it.
    """

    shown: ImagePrompts = ()
    hidden: ImagePrompts = ()
    timed: tuple[Timed, ...] = ()

    @property
    def some(self) -> bool:
        """Whether there are any."""
        return bool(self.shown or self.timed)

    def at(self, time: float) -> References:
        """What they see at that time step."""
        made = [timed(time) for timed in self.timed]
        shown, hidden = tuple(each for each, _ in made), tuple(each for _, each in made)
        return References((*self.shown, *shown), (*self.hidden, *hidden))


def parts_of(layer: Layer | TimedLayer) -> tuple[nn.Module, ...]:
    """The modules of the adapter's own in one of its layers."""
    return (layer.adapts,) if isinstance(layer, TimedLayer) else (layer.key, layer.value)
