"""GLM-Image: a language model writes the picture in tokens, which a transformer draws."""

from engine.families.family import Ability, Family

__all__ = ["FAMILY"]

_WHY = "its texts become tokens, which cannot be mixed"

FAMILY = Family(cannot=dict.fromkeys((Ability.TEXTS, Ability.WITHOUT, Ability.EFFECTS), _WHY))
