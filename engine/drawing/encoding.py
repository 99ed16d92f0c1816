"""One text as the denoiser reads it: any pipeline's `encode_prompt`, called by what its signature asks for.

Knows one text at a time; what is made of several is the business of `texts` and `effects`.
"""

from __future__ import annotations

import inspect
from typing import Any

import torch
from torch.nn.functional import pad

from engine.drawing import pieces
from engine.drawing.unread import overheard
from engine.families import Embeds, Family

__all__ = ["encoded"]

_ALIKE = (
    "clip_skip",
    "complex_human_instruction",
    "max_sequence_length",
    "skip_text_cleaning",
    "system_prompt",
    "text_encoder_out_layers",
    "tokenizer_max_length",
)
"""Arguments that a pipeline hands on to its `encode_prompt`, whose own defaults are others."""


def encoded(pipe: Any, family: Family, text: str | None) -> tuple[Embeds, tuple[str, ...]]:
    """The embeddings of ``text``, one row each, and its words that were not read; None is the absent text."""
    pipe, heard = overheard(pipe)
    with torch.no_grad(), torch.random.fork_rng():
        torch.manual_seed(0)  # a prior that draws what a text looks like draws it alike each time
        if family.encode is not None:
            made = family.encode(pipe, text)
        elif family.pieces and text:
            made = _whole(pipe, family, text)
        else:
            made = _asked(pipe, family, text)
    return _padded(made, family) if family.pad else made, heard.words(text or "")


def _whole(pipe: Any, family: Family, text: str) -> Embeds:
    """All of a text, however many pieces it takes; what stands for the text as a whole is the first one's."""
    count = pieces.count(pipe, text)
    if count == 1:
        return _asked(pipe, family, text)
    made = [_asked(pieces.piece(pipe, index), family, text) for index in range(count)]
    return made[0] | {family.state: torch.cat([each[family.state] for each in made], 1)}


def _asked(pipe: Any, family: Family, text: str | None) -> Embeds:
    """What `encode_prompt` returns, by name. Where it makes a negative half, the absent text is that.

    A checkpoint says so whether nothing is the empty text, zeros, or a text without its preface.
    """
    takes = inspect.signature(pipe.encode_prompt).parameters
    call = inspect.signature(type(pipe).__call__).parameters
    said: dict[str, Any] = {name: call[name].default for name in _ALIKE if name in call}
    said |= {name: value for name, value in family.said.items() if not callable(value)}
    said |= {
        "prompt": text or "",
        "device": pipe._execution_device,
        "batch_size": 1,
        "num_images_per_prompt": 1,
        "do_classifier_free_guidance": text is None,
        "clean_caption": False,
    }
    for name, parameter in takes.items():
        if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD:
            said.setdefault(name, None)
    answer = pipe.encode_prompt(**{name: value for name, value in said.items() if name in takes})
    answer = answer if isinstance(answer, tuple) else (answer,)
    named = {name: value for name, value in zip(family.texts, answer, strict=True) if name is not None}
    for name in family.masks & named.keys():
        if named[name] is None:  # a text without padding
            state = named[family.state]
            named[name] = torch.ones(state.shape[:2], dtype=torch.long, device=state.device)
    wanted = {name for name in named if not name.startswith("negative_")}
    if text is None and wanted != named.keys():
        return {name: named[f"negative_{name}"] for name in wanted}
    return {name: named[name] for name in wanted}


def _padded(embeds: Embeds, family: Family) -> Embeds:
    """The same with states and masks brought to a multiple of ``family.pad`` tokens, by zeros."""
    return {name: _longer(value, -value.shape[1] % family.pad) for name, value in embeds.items()}


def _longer(value: Any, missing: int) -> Any:
    """Rows (n, tokens, …) with so many more tokens of zeros."""
    return pad(value, (0, 0) * (value.ndim - 2) + (0, missing)) if missing else value
