"""CogView3-Plus: a transformer over T5."""

from engine.families.family import Family

__all__ = ["FAMILY"]

FAMILY = Family(texts=("prompt_embeds", "negative_prompt_embeds"))
