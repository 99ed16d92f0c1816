"""HunyuanImage 2.1: quoted text is read by an encoder of glyphs; guiders contrast predictions."""

from engine.families.family import Family

__all__ = ["FAMILY"]

FAMILY = Family(
    texts=("prompt_embeds", "prompt_embeds_mask", "prompt_embeds_2", "prompt_embeds_mask_2"),
    masks=frozenset({"prompt_embeds_mask", "prompt_embeds_mask_2"}),
    scale="distilled_guidance_scale",
    own=("scheduler", "guider", "ocr_guider"),
)
