"""FLUX.1: distilled guidance, which is an input of the transformer, and latents packed two by two."""

from engine.families.family import Family, Guidance, Layout

__all__ = ["FAMILY"]

FAMILY = Family(
    texts=("prompt_embeds", "pooled_prompt_embeds", None),
    guidance=Guidance.INPUT,
    layout=Layout.PACKED,
    together=True,
    nudge=-1e-6,
)
