"""Qwen-Image: a transformer over Qwen2.5-VL, and an autoencoder of films."""

from engine.families.family import Family, Layout

__all__ = ["FAMILY"]

FAMILY = Family(
    texts=("prompt_embeds", "prompt_embeds_mask"),
    masks=frozenset({"prompt_embeds_mask"}),
    pad=32,
    scale="true_cfg_scale",
    layout=Layout.PACKED,
)
