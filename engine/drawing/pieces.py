"""A prompt longer than its encoder reads at once, piece by piece: each with a start and an end of its own.

CLIP reads 77 tokens. A longer text is cut into pieces of 75, and their states stand one after the other, for
the denoiser to look at all of them. Knows tokenizers; nothing of what is done with the states.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from transformers import BatchEncoding

from engine.drawing.overriding import overriding

__all__ = ["count", "piece"]

_TOKENIZERS = ("tokenizer", "tokenizer_2")


def count(pipe: Any, text: str) -> int:
    """How many pieces the text takes, at least 1."""
    return max(-(-len(_ids(each, text)) // _room(each)) or 1 for each in _tokenizers(pipe).values())


def piece(pipe: Any, index: int) -> Any:
    """A light copy of the pipeline that reads the piece ``index`` (from 0) of every text, nothing else."""
    light = copy.copy(pipe)
    for name, tokenizer in _tokenizers(pipe).items():
        vars(light)[name] = overriding(tokenizer, _Cutting, _whole=tokenizer, _index=index)
    return light


def _tokenizers(pipe: Any) -> dict[str, Any]:
    found = {name: getattr(pipe, name, None) for name in _TOKENIZERS}
    return {name: tokenizer for name, tokenizer in found.items() if tokenizer is not None}


def _room(tokenizer: Any) -> int:
    """How many tokens of a text a piece holds, beside its start and its end."""
    return int(tokenizer.model_max_length) - 2


def _ids(tokenizer: Any, text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False, truncation=False, verbose=False).input_ids)


class _Cutting:
    _whole: Any
    _index: int

    def __call__(self, text: Any, **_: Any) -> BatchEncoding:
        """The piece's tokens with start, end and padding, as (1, `model_max_length`)."""
        whole, room = self._whole, _room(self._whole)
        said = text[0] if isinstance(text, list) else text
        ids = _ids(whole, said)[self._index * room : (self._index + 1) * room]
        row = [whole.bos_token_id, *ids, whole.eos_token_id]
        padding = int(whole.model_max_length) - len(row)
        made = {
            "input_ids": torch.tensor([row + [whole.pad_token_id] * padding]),
            "attention_mask": torch.tensor([[1] * len(row) + [0] * padding]),
        }
        return BatchEncoding(made)

    def _eventual_warn_about_too_long_sequence(self, *_: Any, **__: Any) -> None:
        """Warns of nothing: what is too long for this piece is in the others."""
