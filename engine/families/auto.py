"""Any other pipeline that diffusers loads: called with plain text, and only what every pipeline takes."""

from engine.families.family import Ability, Family

__all__ = ["FAMILY"]

_WHY = "how its texts are encoded is not known"

FAMILY = Family(cannot=dict.fromkeys((Ability.TEXTS, Ability.EFFECTS), _WHY))
