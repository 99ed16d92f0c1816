"""Z-Image: texts are lists, as long as they are; guidance is counted from 0."""

from engine.families.family import Family

__all__ = ["FAMILY"]

FAMILY = Family(texts=("prompt_embeds", "negative_prompt_embeds"), less=1.0)
