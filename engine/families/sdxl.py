"""Stable Diffusion XL: two text encoders, a U-Net, and pooled embeddings beside the states."""

from engine.families.family import Family

__all__ = ["FAMILY"]

FAMILY = Family(
    texts=(
        "prompt_embeds",
        "negative_prompt_embeds",
        "pooled_prompt_embeds",
        "negative_pooled_prompt_embeds",
    ),
    pieces=True,
    together=True,
    nudge=1e-6,
)
