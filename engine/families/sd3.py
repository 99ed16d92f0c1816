"""Stable Diffusion 3: three text encoders, a transformer, a rectified flow."""

from engine.families.family import Family

__all__ = ["FAMILY"]

FAMILY = Family(
    texts=(
        "prompt_embeds",
        "negative_prompt_embeds",
        "pooled_prompt_embeds",
        "negative_pooled_prompt_embeds",
    ),
    together=True,
    nudge=-1e-6,
)
