"""InvokeAI: one JSON object today, another before 3.0, a command line in the beginning."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from engine.pictures.programs.found import (
    FoundPrompt,
    entries,
    number,
    object_in,
    size_of,
    text,
    with_loras,
)

__all__ = ["read"]

_DREAM = re.compile(r'"(?P<words>(?:[^"\\]|\\.)*)"(?P<options>(?:\s+-\w+\s+\S+)*)')
_OPTION = re.compile(r"-(\w)\s+(\S+)")


def read(texts: Mapping[str, str]) -> FoundPrompt | None:
    """The prompt in a file's texts, where InvokeAI wrote them."""
    return (
        _today(object_in(texts.get("invokeai_metadata", "")))
        or _before(object_in(texts.get("sd-metadata", "")))
        or _command(texts.get("Dream", ""))
    )


def _today(said: Mapping[str, Any]) -> FoundPrompt | None:
    words = ", ".join(
        filter(None, (text(said.get(f"positive_{kind}")) for kind in ("prompt", "style_prompt")))
    )
    if not words:
        return None
    return FoundPrompt(
        "InvokeAI",
        with_loras(words, _loras(said.get("loras"))),
        text(said.get("negative_prompt")),
        number(said.get("seed")),
        size_of(said.get("width"), said.get("height")),
        _model(said.get("model")),
    )


def _before(said: Mapping[str, Any]) -> FoundPrompt | None:
    image = said.get("image")
    if not isinstance(image, dict):
        return None
    prompt = image.get("prompt")
    parts = prompt if isinstance(prompt, list) else [prompt]
    words = ", ".join(filter(None, (text(p.get("prompt") if isinstance(p, dict) else p) for p in parts)))
    if not words:
        return None
    size = size_of(image.get("width"), image.get("height"))
    model = text(said.get("model_weights"))
    return FoundPrompt("InvokeAI", words, seed=number(image.get("seed")), size=size, model=model)


def _command(line: str) -> FoundPrompt | None:
    """`"a red fox" -s 50 -S 123 -W 512 -H 768`, as the first versions wrote it."""
    found = _DREAM.match(line.strip())
    if found is None or not (words := text(found["words"])):
        return None
    said = dict(_OPTION.findall(found["options"]))
    return FoundPrompt(
        "InvokeAI", words, seed=number(said.get("S")), size=size_of(said.get("W"), said.get("H"))
    )


def _loras(said: Any) -> list[tuple[str, Any]]:
    """The LoRAs' names and weights; the key of the name has been another one before 4.0."""
    each = entries(said, dict)
    return [(_model(one.get("model") or one.get("lora")), one.get("weight", 1)) for one in each]


def _model(said: Any) -> str:
    if isinstance(said, dict):
        return text(said.get("name")) or text(said.get("model_name"))
    return text(said)
