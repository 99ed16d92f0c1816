"""What a plan means in work: the rows of its forwards, and what all of it costs beside other plans.

Pure, and light enough for the process that holds the gateway connection: it loads neither torch nor numpy.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from engine.families import Family
from engine.planning.plan import Plan
from engine.planning.stages import staged

__all__ = ["COSTS", "ForwardShape", "cost", "rows_of"]

COSTS = (0.3, 1.0, 5.0)
"""A forward whatever its rows, a megapixel in it, a megapixel decoded. Measured: a forward's own cost is that
of five rows of 256 × 256 or one of 512; decoding counts as some passes (2 with SDXL and 4 with SD, by their
shapes; 8 with the embedded model)."""


@dataclass(frozen=True, slots=True)
class ForwardShape:
    """What forwards have in common that take the same time and can be shared."""

    model: str
    width: int
    height: int
    mode: Hashable = None

    @property
    def megapixels(self) -> float:
        """Of one picture."""
        return self.width * self.height / 1e6


def rows_of(plan: Plan, family: Family) -> int:
    """How many rows a plan's forwards have: each picture, as often as its family asks about it.

    What is not wanted is weighed against a prediction about nothing, which guidance has anyway.
    """
    unwanted = any(part.weight < 0 for part in plan.conditionings)
    texts = len(plan.conditionings) + (unwanted and not family.contrasts(plan.acting_guidance))
    return len(plan.seeds) * family.rows(texts, plan.acting_guidance)


def cost(plan: Plan, family: Family) -> float:
    """The work that a plan means, in megapixels through the denoisers of all its stages."""
    steps = rows = area = 0.0
    for drawn, by in staged(plan, family):
        area = ForwardShape(plan.model, drawn.width, drawn.height).megapixels
        steps += drawn.stop_step
        rows += drawn.stop_step * rows_of(drawn, by) * area
    work = (steps, rows, len(plan.seeds) * area)
    return sum(each * much for each, much in zip(COSTS, work, strict=True))
