"""What LoRAs cost where many share a forward: the same jobs with and without, side by side."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from bench.sheet import Sheet
from engine import Lora, Plan

__all__ = ["loras"]

USERS = 8
ROUNDS = 7
NAMES = ("dawn", "indigo", "spotlight")
WEIGHTS = (1.0, 0.5, -0.7, 0.8)


def loras(draw: Callable[[Sequence[Plan]], object], kinds: dict[str, Callable[[int], Plan]]) -> Sheet:
    """Throughput of eight users with LoRAs over that of the same jobs without, by kind of job.

    ``draw`` draws the plans of as many users at once. With one LoRA all have the same at different weights,
    with three each has one of them.
    """
    sheet = Sheet("LoRAs", ("8 users", "one LoRA, over none", "three LoRAs, over none"))
    for name, plan in kinds.items():
        plans = [plan(n) for n in range(USERS)]
        taken: dict[int, list[float]] = {0: [], 1: [], 3: []}
        draw([_with(each, n, 3) for n, each in enumerate(plans)])  # they are in memory from now on
        for _ in range(ROUNDS):
            for count, times in taken.items():
                these = [_with(each, n, count) for n, each in enumerate(plans)]
                start = time.perf_counter()
                draw(these)
                times.append(time.perf_counter() - start)
        plain, one, three = (statistics.median(times) for times in taken.values())
        sheet.add(name, plain / one, plain / three)
    sheet.says = f"Median of {ROUNDS} rounds in turn. Bar: ≥ 0.9."
    return sheet


def _with(plan: Plan, number: int, count: int) -> Plan:
    """The plan with one of the first ``count`` LoRAs."""
    if not count:
        return plan
    return replace(plan, loras=(Lora(NAMES[number % count], WEIGHTS[number % len(WEIGHTS)]),))
