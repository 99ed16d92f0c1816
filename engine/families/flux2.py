"""FLUX.2: one text encoder, distilled guidance, and latents whose cells are tokens."""

from engine.families.family import Edits, Family, Guidance, Layout

__all__ = ["FAMILY"]

FAMILY = Family(
    texts=("prompt_embeds", None),
    guidance=Guidance.INPUT,
    axes={"img_ids": 0, "txt_ids": 0},
    layout=Layout.TOKENS,
    given=Layout.PLAIN,
    edits=Edits(most=4),
)
