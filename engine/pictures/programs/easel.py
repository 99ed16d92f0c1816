"""Easel's own pictures: the prompt as it ran, with the seed of that very picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.pictures.programs.found import FoundPrompt, number, text

__all__ = ["read"]


def read(claims: Mapping[str, Any]) -> FoundPrompt | None:
    """The prompt among what a file's texts claim of Easel."""
    words = text(claims.get("prompt"))
    if not words or "seed" not in claims:
        return None
    model = text(claims.get("model"))
    return FoundPrompt("Easel", words, seed=number(claims["seed"]), model=model, language=True)
