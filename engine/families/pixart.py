"""PixArt-α and PixArt-Σ: a transformer over T5, which tells nothing between steps."""

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
