"""Kandinsky 5 text to picture: a film of one frame, drawn at listed sizes."""

from engine.families.family import Ability, Family, Layout

__all__ = ["FAMILY"]

FAMILY = Family(
    texts=("prompt_embeds_qwen", "prompt_embeds_clip", "prompt_cu_seqlens"),
    axes={"visual_rope_pos": None, "text_rope_pos": None},
    layout=Layout.CHANNELS_LAST,
    cannot=frozenset({Ability.TEXTS, Ability.WITHOUT}),
    needs=("torchvision",),
)
