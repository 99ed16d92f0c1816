"""FLUX.2 klein: as FLUX.2, with guidance by contrast where it is not distilled away."""

from engine.families.family import Edits, Family, Layout

__all__ = ["FAMILY"]

FAMILY = Family(
    texts=("prompt_embeds", None),
    axes={"img_ids": 0, "txt_ids": 0},
    layout=Layout.TOKENS,
    given=Layout.PLAIN,
    edits=Edits(most=4),
)
