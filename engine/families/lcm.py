"""Latent consistency models: Stable Diffusion distilled to a few steps; guidance is an input."""

from engine.families.family import Family, Guidance

__all__ = ["FAMILY"]

FAMILY = Family(
    texts=("prompt_embeds", "negative_prompt_embeds"),
    guidance=Guidance.INPUT,
    checker=True,
    together=True,
    pieces=True,
)
