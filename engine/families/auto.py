"""Any other pipeline that diffusers loads: called with plain text, and only what every pipeline takes."""

from engine.families.family import Ability, Family

__all__ = ["FAMILY"]

FAMILY = Family(cannot=frozenset({Ability.TEXTS, Ability.EFFECTS}))
