"""Kandinsky 3: a U-Net over T5, and movq for an autoencoder."""

from engine.families.family import Family

__all__ = ["FAMILY"]

FAMILY = Family(
    texts=("prompt_embeds", "negative_prompt_embeds", "attention_mask", "negative_attention_mask"),
    said={"_cut_context": True, "output_type": "np"},  # its "pt" is from -1 to 1
    masks=frozenset({"attention_mask"}),
)
