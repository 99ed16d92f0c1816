"""Bria 3.2: FLUX-like, over T5, with guidance by contrast."""

from engine.families.family import Family, Layout

__all__ = ["FAMILY"]

FAMILY = Family(texts=("prompt_embeds", "negative_prompt_embeds", None), layout=Layout.PACKED)
