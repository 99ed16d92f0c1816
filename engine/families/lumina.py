"""Lumina-Next: a transformer over Gemma whose texts are as long as they are."""

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
    pad=64,
)
