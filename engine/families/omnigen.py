"""OmniGen: one model reads the text and draws; it has no embeddings that could be mixed."""

from engine.families.family import Ability, Family

__all__ = ["FAMILY"]

_WHY = "its texts go into the transformer as tokens, which cannot be mixed"

FAMILY = Family(
    axes={"position_ids": None},
    cannot=dict.fromkeys((Ability.TEXTS, Ability.WITHOUT, Ability.EFFECTS), _WHY),
    needs=("torchvision",),
)
