"""What a plan means in work: the rows of its forwards, what all of it costs, and what a job so demands.

Pure, and light enough for the process that holds the gateway connection: it loads neither torch nor numpy.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from engine.families import FAMILIES, Family
from engine.job import Job, Lane
from engine.planning.plan import Action, Plan
from engine.planning.registry import Registry
from engine.planning.stages import staged
from engine.turns.capacity import Demand

__all__ = ["COSTS", "ForwardShape", "cost", "demand_of", "rows_of"]

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


def demand_of(job: Job, registry: Registry) -> Demand:
    """What a job demands of a worker; an upscale needs no model. Raises UnknownModel."""
    lane, plan = tuple(Lane).index(job.lane), job.plan
    if plan.action is Action.UPSCALE:
        return Demand(job.id, job.owner, lane, "", len(plan.seeds), 0.0)
    family = FAMILIES[registry.get(plan.model).family]
    return Demand(job.id, job.owner, lane, plan.model, rows_of(plan, family), cost(plan, family))
