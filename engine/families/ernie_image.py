"""ERNIE-Image: a transformer over Ministral, whose texts are lists, as long as they are."""

from engine.families.family import Ability, Family

__all__ = ["FAMILY"]

_WHY = "its pipeline pads the texts of a picture to each other, and the model reads them so"

FAMILY = Family(
    texts=("prompt_embeds",),
    said={"use_pe": False},
    cannot=dict.fromkeys((Ability.TEXTS, Ability.WITHOUT, Ability.LENGTHS), _WHY),
)
