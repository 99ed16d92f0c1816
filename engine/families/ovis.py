"""Ovis-Image: FLUX-like, over Qwen3."""

from engine.families.family import Family, Layout

__all__ = ["FAMILY"]

FAMILY = Family(texts=("prompt_embeds", "negative_prompt_embeds", None, None), layout=Layout.PACKED)
