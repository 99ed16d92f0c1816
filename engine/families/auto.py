"""Any other pipeline that diffusers loads: called with plain text, and only what every pipeline takes."""

from engine.families.family import Family

__all__ = ["FAMILY"]

FAMILY = Family(guided=True)
