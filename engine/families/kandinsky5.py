"""Kandinsky 5 text to picture: a film of one frame, drawn at the plan's size."""

from engine.families.family import Ability, Family, Layout

__all__ = ["FAMILY"]

_WHY = "its transformer reads one text at a time"

FAMILY = Family(
    texts=("prompt_embeds_qwen", "prompt_embeds_clip", "prompt_cu_seqlens"),
    axes={"visual_rope_pos": None, "text_rope_pos": None},
    sets={"resolutions": lambda width, height: [(width, height)]},  # else it takes the nearest it lists
    layout=Layout.CHANNELS_LAST,
    cannot=dict.fromkeys((Ability.TEXTS, Ability.WITHOUT, Ability.LENGTHS), _WHY),
    needs=("torchvision",),
)
