"""FLUX.1 Fill: FLUX.1 that draws a part of a picture anew, or what lies around it."""

from engine.families.family import Ability, Family, Fills, Guidance, Layout

__all__ = ["FAMILY"]

_WHY = "it only fills a part of the picture it is shown"

FAMILY = Family(
    texts=("prompt_embeds", "pooled_prompt_embeds", None),
    guidance=Guidance.INPUT,
    layout=Layout.PACKED,
    fills=Fills(),
    cannot=dict.fromkeys((Ability.TEXT, Ability.PICTURE, Ability.TILE), _WHY),
)
