"""Stable Diffusion 1 and 2: one text encoder, a U-Net, and a place for a safety checker."""

from __future__ import annotations

from typing import Any

from engine.families.family import Embeds, Encoding, Family

__all__ = ["FAMILY"]


def _encode(pipe: Any, text: str) -> Embeds:
    states, _ = pipe.encode_prompt(text, pipe._execution_device, 1, False)
    return {"prompt_embeds": states}


FAMILY = Family(
    guided=True, encoding=Encoding(_encode, lambda pipe: _encode(pipe, "")), nudge=1e-6, checker=True
)
