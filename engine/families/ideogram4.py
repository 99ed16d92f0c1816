"""Ideogram 4: text and picture are one row of tokens; another transformer draws without text."""

from engine.families.family import Ability, Family, Layout

__all__ = ["FAMILY"]

_WHY = "text and picture are one row of tokens, and nothing is asked beside it"

FAMILY = Family(
    axes={"position_ids": 0},
    layout=Layout.TOKENS,
    denoisers=("transformer", "unconditional_transformer"),
    said={"guidance_schedule": None},
    cannot=dict.fromkeys((Ability.TEXTS, Ability.WITHOUT, Ability.EFFECTS), _WHY),
)
