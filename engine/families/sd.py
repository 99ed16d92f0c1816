"""Stable Diffusion 1 and 2: one text encoder, a U-Net, and a place for a safety checker."""

from engine.families.family import Family

__all__ = ["FAMILY"]

FAMILY = Family(
    texts=("prompt_embeds", "negative_prompt_embeds"), pieces=True, together=True, nudge=1e-6, checker=True
)
