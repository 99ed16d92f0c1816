"""Chroma: FLUX.1's transformer with one text encoder, masks, and guidance by contrast."""

from engine.families.family import Family, Layout

__all__ = ["FAMILY"]

FAMILY = Family(
    texts=(
        "prompt_embeds",
        None,
        "prompt_attention_mask",
        "negative_prompt_embeds",
        None,
        "negative_prompt_attention_mask",
    ),
    masks=frozenset({"prompt_attention_mask"}),
    layout=Layout.PACKED,
)
