"""Language models of this machine, of the transformers kind: what one says, about a picture too.

A folder is all that is known of a model. One that names a chat template is asked in it, any other in plain
text. Knows nothing of prompts' meaning.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoModelForImageTextToText, AutoProcessor, AutoTokenizer

from engine.errors import ModelUnavailable
from engine.job import Description, Request
from engine.pictures.decoding import load_input
from engine.weights import LOADING

__all__ = ["say"]

_TOKENS = 240
"""Tokens of an answer at most: people wait for it, and a processor says a few in a second."""


def say(request: Request, folder: Path | None) -> Description:
    """The answer of the model in ``folder``. Raises BadPicture, and ModelUnavailable with a sentence."""
    if folder is None:
        raise ModelUnavailable("No language model is set up on this machine.")
    model = _loaded(folder, sees=request.png is not None)
    words = model.answer(request)
    if not words:
        raise ModelUnavailable("The language model said nothing.")
    return Description((words,))


@dataclass(frozen=True, slots=True)
class _Speaking:
    """One loaded model, and what prepares texts (and pictures) for it."""

    model: Any
    prepare: Any

    def answer(self, request: Request) -> str:
        """What it says, the likeliest word each time: equal questions, equal answers."""
        if request.png is None:
            inputs = self.prepare(self._asked(request), return_tensors="pt")
        else:
            picture = load_input(request.png)
            inputs = self.prepare(text=self._asked(request), images=picture, return_tensors="pt")
        with torch.no_grad():
            ids = self.model.generate(**inputs, max_new_tokens=self._room(inputs), do_sample=False)
        said = ids[0] if self.model.config.is_encoder_decoder else ids[0, inputs["input_ids"].shape[1] :]
        tokenizer = getattr(self.prepare, "tokenizer", self.prepare)
        return str(tokenizer.decode(said, skip_special_tokens=True)).strip()

    def _asked(self, request: Request) -> str:
        if getattr(self.prepare, "chat_template", None) is None:
            return f"{request.task}\n\n{request.text}\n"
        text: Any = request.text
        if request.png is not None:
            text = [{"type": "image"}, {"type": "text", "text": request.text}]
        task: Any = request.task if request.png is None else [{"type": "text", "text": request.task}]
        asked = [{"role": "system", "content": task}, {"role": "user", "content": text}]
        return str(self.prepare.apply_chat_template(asked, tokenize=False, add_generation_prompt=True))

    def _room(self, inputs: Any) -> int:
        """How many tokens it may say: no more than it has places for. Raises ModelUnavailable."""
        places = getattr(self.model.config.get_text_config(), "max_position_embeddings", None)
        room = _TOKENS if places is None else min(_TOKENS, int(places) - inputs["input_ids"].shape[1])
        if room < 1:
            raise ModelUnavailable("The text is too long for the language model.")
        return room


@lru_cache(maxsize=2)
def _loaded(folder: Path, *, sees: bool) -> _Speaking:
    """The model on the CPU: it speaks seldom, and the pictures need the rest."""
    kinds = (AutoModelForImageTextToText, AutoProcessor) if sees else (AutoModelForCausalLM, AutoTokenizer)
    try:
        with LOADING:
            model = kinds[0].from_pretrained(str(folder), local_files_only=True).eval()
        return _Speaking(model, kinds[1].from_pretrained(str(folder), local_files_only=True))
    except (OSError, ValueError, KeyError) as error:
        raise ModelUnavailable(f"The language model in {folder.name} could not be loaded.") from error
