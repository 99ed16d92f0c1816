"""Stable Diffusion XL: two text encoders, a U-Net, and pooled embeddings beside the states."""

from __future__ import annotations

from typing import Any

from engine.families.family import Embeds, Encoding, Family

__all__ = ["FAMILY"]


def _encode(pipe: Any, text: str) -> Embeds:
    states, _, pooled, _ = pipe.encode_prompt(text, do_classifier_free_guidance=False)
    return {"prompt_embeds": states, "pooled_prompt_embeds": pooled}


def _nothing(pipe: Any) -> Embeds:
    """The absent text: the checkpoint says whether it is the empty text or zeros."""
    _, states, _, pooled = pipe.encode_prompt("", do_classifier_free_guidance=True)
    return {"prompt_embeds": states, "pooled_prompt_embeds": pooled}


FAMILY = Family(guided=True, encoding=Encoding(_encode, _nothing), nudge=1e-6)
