"""A plan as each stage of its family draws it: sizes, steps and guidance; of most families there is one.

Pure arithmetic; knows nothing of pipelines.
"""

from __future__ import annotations

import math
from dataclasses import replace

from engine.families import Family
from engine.planning.plan import Plan

__all__ = ["staged"]


def staged(plan: Plan, family: Family) -> list[tuple[Plan, Family]]:
    """The plan for each pipeline that draws it, and how that one is called, in order.

    `--stop` ends every stage after the same share of its steps: what is soft in the first is so in the last.
    """
    if not family.stages:
        return [(plan, family)]
    smaller = math.prod(stage.larger for stage in family.stages)
    width, height = plan.width // smaller, plan.height // smaller
    plans = [(replace(plan, width=width, height=height), family)]
    for stage in family.stages:
        width, height = width * stage.larger, height * stage.larger
        steps = max(1, round(stage.steps * plan.steps))
        stop = max(1, round(steps * plan.stop_step / plan.running)) if plan.stopped else steps
        drawn = replace(
            plan, width=width, height=height, steps=steps, stop_step=stop, guidance=stage.guidance
        )
        plans.append((drawn, stage.family))
    return plans
