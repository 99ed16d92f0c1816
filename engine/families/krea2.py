"""Krea 2: a transformer over layers of Qwen3-VL; guidance is counted from 0."""

from engine.families.family import Family, Layout

__all__ = ["FAMILY"]

FAMILY = Family(
    texts=("prompt_embeds", "prompt_embeds_mask"),
    masks=frozenset({"prompt_embeds_mask"}),
    less=1.0,
    layout=Layout.PACKED,
)
