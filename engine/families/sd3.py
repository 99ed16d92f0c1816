"""Stable Diffusion 3: three text encoders, a transformer, a rectified flow."""

from __future__ import annotations

from typing import Any

from engine.families.family import Embeds, Encoding, Family

__all__ = ["FAMILY"]


def _encode(pipe: Any, text: str) -> Embeds:
    states, _, pooled, _ = pipe.encode_prompt(text, None, None, do_classifier_free_guidance=False)
    return {"prompt_embeds": states, "pooled_prompt_embeds": pooled}


FAMILY = Family(guided=True, encoding=Encoding(_encode, lambda pipe: _encode(pipe, "")), nudge=-1e-6)
