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
from jinja2 import TemplateError
from transformers import AutoModelForCausalLM, AutoModelForImageTextToText, AutoProcessor, AutoTokenizer

from engine.errors import ModelUnavailable
from engine.job import CUT_OFF, Description, Request
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
    words, whole = model.answer(request)
    if not words:
        raise ModelUnavailable("The language model said nothing.")
    return Description((words,), () if whole else (CUT_OFF,))


@dataclass(frozen=True, slots=True)
class _Speaking:
    """One loaded model, and what prepares texts (and pictures) for it."""

    model: Any
    prepare: Any

    def answer(self, request: Request) -> tuple[str, bool]:
        """What it says (the likeliest word each time: equal questions, equal answers), and if that is all."""
        tokenizer = getattr(self.prepare, "tokenizer", self.prepare)
        asked = self._asked(request)
        begun = tokenizer.bos_token is not None and asked.startswith(tokenizer.bos_token)
        options = {"return_tensors": "pt", **({"add_special_tokens": False} if begun else {})}
        if request.png is None:
            inputs = self.prepare(asked, **options)
        else:
            inputs = self.prepare(text=asked, images=load_input(request.png), **options)
        room = self._room(inputs)
        with torch.no_grad():
            ids = self.model.generate(**inputs, max_new_tokens=room, do_sample=False)[0]
        said = ids[1:] if self.model.config.is_encoder_decoder else ids[inputs["input_ids"].shape[1] :]
        whole = len(said) < room or int(said[-1]) in self._ends()
        return str(tokenizer.decode(said, skip_special_tokens=True)).strip(), whole

    def _ends(self) -> list[int]:
        """The tokens with which it ends an answer."""
        ends = self.model.generation_config.eos_token_id
        return ends if isinstance(ends, list) else [ends]

    def _asked(self, request: Request) -> str:
        """The request in the model's template; where that takes no system message, the task is the user's."""
        if getattr(self.prepare, "chat_template", None) is None:
            return f"{request.task}\n\n{request.text}\n"
        sees = request.png is not None
        task = {"role": "system", "content": _content(request.task, sees=sees)}
        try:
            return self._written([task, {"role": "user", "content": _content(request.text, sees, sees=sees)}])
        except TemplateError:
            joined = f"{request.task}\n\n{request.text}"
            return self._written([{"role": "user", "content": _content(joined, sees, sees=sees)}])

    def _written(self, messages: list[dict[str, Any]]) -> str:
        return str(self.prepare.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))

    def _room(self, inputs: Any) -> int:
        """How many tokens it may say: no more than it has places for. Raises ModelUnavailable."""
        places = getattr(self.model.config.get_text_config(), "max_position_embeddings", None)
        room = _TOKENS if places is None else min(_TOKENS, int(places) - inputs["input_ids"].shape[1])
        if room < 1:
            raise ModelUnavailable("The text is too long for the language model.")
        return room


def _content(text: str, pictured: bool = False, *, sees: bool) -> Any:
    """A text as templates take it: those of models that see in parts, with a picture's place perhaps."""
    parts = [*([{"type": "image"}] if pictured else []), {"type": "text", "text": text}]
    return parts if sees else text


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
