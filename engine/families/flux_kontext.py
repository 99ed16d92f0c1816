"""FLUX.1 Kontext: FLUX.1 that redraws a picture it is shown."""

from engine.families.family import Edits, Family, Guidance, Layout

__all__ = ["FAMILY"]

FAMILY = Family(
    texts=("prompt_embeds", "pooled_prompt_embeds", None),
    guidance=Guidance.INPUT,
    layout=Layout.PACKED,
    said={"max_area": lambda width, height: width * height, "_auto_resize": False},
    edits=Edits(),
)
