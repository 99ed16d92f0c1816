"""LongCat-Image: FLUX-like, over Qwen2.5-VL."""

from engine.families.family import Family, Layout

__all__ = ["FAMILY"]

FAMILY = Family(
    texts=("prompt_embeds", None),
    layout=Layout.PACKED,
    wordless=True,
    said={"enable_prompt_rewrite": False},
    needs=("torchvision",),
)
