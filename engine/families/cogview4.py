"""CogView4: a transformer over GLM, whose texts have a multiple of 16 tokens and no mask."""

from engine.families.family import Family

__all__ = ["FAMILY"]

FAMILY = Family(texts=("prompt_embeds", "negative_prompt_embeds"))
