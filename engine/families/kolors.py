"""Kolors: SDXL's U-Net over ChatGLM."""

from engine.families.family import Family

__all__ = ["FAMILY"]

FAMILY = Family(
    texts=(
        "prompt_embeds",
        "negative_prompt_embeds",
        "pooled_prompt_embeds",
        "negative_pooled_prompt_embeds",
    ),
    needs=("sentencepiece",),
)
