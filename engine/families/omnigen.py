"""OmniGen: one model reads the text and draws; it has no embeddings that could be mixed."""

from engine.families.family import Ability, Family

__all__ = ["FAMILY"]

FAMILY = Family(
    axes={"position_ids": None},
    cannot=frozenset({Ability.TEXTS, Ability.WITHOUT, Ability.EFFECTS}),
    needs=("torchvision",),
)
