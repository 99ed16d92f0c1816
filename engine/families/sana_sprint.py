"""Sana Sprint: Sana distilled to one to four steps; guidance is an input."""

from engine.families.family import Family, Guidance

__all__ = ["FAMILY"]

FAMILY = Family(
    texts=("prompt_embeds", "prompt_attention_mask"),
    masks=frozenset({"prompt_attention_mask"}),
    guidance=Guidance.INPUT,
    said={"intermediate_timesteps": None},
)
