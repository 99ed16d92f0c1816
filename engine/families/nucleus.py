"""Nucleus-Image: a transformer of experts over Qwen3-VL, each of which chooses its tokens of a row."""

from engine.families.family import Family, Layout

__all__ = ["FAMILY"]

FAMILY = Family(
    texts=("prompt_embeds", "prompt_embeds_mask"),
    masks=frozenset({"prompt_embeds_mask"}),
    pad=32,
    layout=Layout.PACKED,
    needs=("torchvision",),
)
