"""GLM-Image: a language model writes the picture in tokens, which a transformer draws."""

from engine.families.family import Ability, Family

__all__ = ["FAMILY"]

FAMILY = Family(cannot=frozenset({Ability.TEXTS, Ability.WITHOUT, Ability.EFFECTS}))
