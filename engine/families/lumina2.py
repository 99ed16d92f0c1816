"""Lumina 2: a transformer over Gemma 2, told what it is for before the prompt."""

from engine.families.family import Family

__all__ = ["FAMILY"]

FAMILY = Family(
    texts=(
        "prompt_embeds",
        "prompt_attention_mask",
        "negative_prompt_embeds",
        "negative_prompt_attention_mask",
    ),
    masks=frozenset({"prompt_attention_mask"}),
)
