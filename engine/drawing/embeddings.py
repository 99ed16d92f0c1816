"""Embeddings (textual inversions) beside a model: read from their files, and put in the place of their words.

A text's tokenizer is a copy of the model's with a token more for each row, and while the encoder reads such a
text, those tokens are looked up among the rows. Nothing of the model or its tokenizer is changed: a text
without embeddings is read as if there were none. Knows nothing of jobs.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import AddedToken

from engine.drawing.model import LoadedModel
from engine.errors import ModelUnavailable
from engine.planning.embeddings import EmbeddingEntry, pattern_of

__all__ = ["Embedding", "Rows", "load_embedding", "looked_up", "reading"]

_ENCODERS = {"text_encoder": "tokenizer", "text_encoder_2": "tokenizer_2"}
"""The encoders that take embeddings, and the tokenizers that read for them."""

_KEYS = {"text_encoder": "clip_l", "text_encoder_2": "clip_g"}
"""What the rows for each encoder are called in a file that has some for two."""

_PLAIN = 0
"""The token that stands in the place of rows for what looks at tokens only: an ordinary one, no end."""


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """One made ready for a model: ``rows`` (n, width) for each encoder. ``size`` is in bytes."""

    name: str
    word: str
    rows: Mapping[str, Tensor] = field(repr=False)

    @property
    def size(self) -> int:
        """The memory that its rows take."""
        return sum(rows.nbytes for rows in self.rows.values())


def load_embedding(entry: EmbeddingEntry, model: LoadedModel) -> Embedding:
    """The embedding for the encoders of ``model``, on its device and in its precision.

    Raises ModelUnavailable with a sentence where the file cannot be had or read, or does not fit the model.
    """
    path = entry.path()
    if path is None:
        raise ModelUnavailable(f"The file of the embedding {entry.name} is not on this machine.")
    try:
        tensors = load_file(path)
    except (OSError, SafetensorError, ValueError) as error:
        raise ModelUnavailable(f"The file of the embedding {entry.name} could not be read.") from error
    rows: dict[str, Tensor] = {}
    for name in _ENCODERS:
        encoder = getattr(model.pipe, name, None)
        if encoder is None:
            continue
        found = tensors.get(_KEYS[name]) if len(tensors) > 1 else next(iter(tensors.values()), None)
        like = encoder.get_input_embeddings().weight
        found = found[None] if found is not None and found.dim() == 1 else found
        if found is None or found.dim() != 2 or found.shape[1] != like.shape[1] or not found.isfinite().all():
            raise ModelUnavailable(f"The embedding {entry.name} was not made for {model.entry.title}.")
        rows[name] = found.to(like.device, like.dtype)
    if len({len(each) for each in rows.values()}) != 1:
        raise ModelUnavailable(f"The embedding {entry.name} was not made for {model.entry.title}.")
    return Embedding(entry.name, entry.word, rows)


def reading(pipe: Any, embeddings: Sequence[Embedding]) -> tuple[Any, tuple[Rows, ...]]:
    """A light copy of the pipeline whose tokenizers read the embeddings' names as tokens of their own.

    And what its encoders look up for these, for `looked_up`.
    """
    light, found = copy.copy(pipe), []
    for encoder, name in _ENCODERS.items():
        tokenizer, module = getattr(pipe, name, None), getattr(pipe, encoder, None)
        if tokenizer is None or module is None:
            continue
        rows = torch.cat([each.rows[encoder] for each in embeddings])
        tokens = [f"\ue000{number}\ue001" for number in range(len(rows))]
        own = copy.deepcopy(tokenizer)
        own.add_tokens([AddedToken(each, normalized=False, lstrip=True, rstrip=True) for each in tokens])
        left, said = list(tokens), {}
        for embedding in embeddings:
            count = len(embedding.rows[encoder])
            said[pattern_of(embedding.name, embedding.word)] = f" {' '.join(left[:count])} "
            del left[:count]
        own.__class__ = type(type(own).__name__, (_Reading, type(own)), {"_said": said})
        vars(light)[name] = own
        found.append(Rows(module, int(own.convert_tokens_to_ids(tokens[0])), rows))
    return light, tuple(found)


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """What an encoder looks up for the tokens from the number ``first`` on: ``rows`` (n, width)."""

    encoder: nn.Module
    first: int
    rows: Tensor = field(repr=False)

    def hooked(self) -> Iterator[Any]:
        """Hangs the hooks on the encoder that look up the rows; each can be removed."""
        chosen: list[Tensor] = []

        def before(_: nn.Module, args: tuple[Any, ...], said: dict[str, Any]) -> Any:
            ids = args[0] if args else said["input_ids"]
            chosen[:] = [ids - self.first]
            plain = ids.masked_fill(ids >= self.first, _PLAIN)
            return ((plain, *args[1:]), said) if args else (args, said | {"input_ids": plain})

        def after(_: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> Tensor:
            (at,) = chosen
            rows = self.rows.to(output.dtype)[at.clamp(min=0)]
            return torch.where((at >= 0)[..., None], rows, output)

        yield self.encoder.register_forward_pre_hook(before, with_kwargs=True)
        yield self.encoder.get_input_embeddings().register_forward_hook(after)  # type: ignore[operator]


@contextmanager
def looked_up(every: Sequence[Rows]) -> Iterator[None]:
    """While it lasts, the encoders read those tokens as their rows."""
    with ExitStack() as hooks:
        for rows in every:
            for hook in rows.hooked():
                hooks.enter_context(hook)
        yield


class _Reading:
    _said: Mapping[re.Pattern[str], str]

    def __call__(self, text: Any = None, *args: Any, **said: Any) -> Any:
        """The same as the tokenizer's own, with other words for the embeddings' names."""
        read = [self._read(each) for each in text] if isinstance(text, list) else self._read(text)
        return super().__call__(read, *args, **said)  # type: ignore[misc]

    def _read(self, text: Any) -> Any:
        for pattern, tokens in self._said.items():
            text = pattern.sub(tokens, text) if isinstance(text, str) else text
        return text
