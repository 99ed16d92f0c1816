"""From what one stage of a family drew to what the next one is given: numbers, texts, and reports of steps.

Knows plans and what pipelines return; runs none of them.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.nn.functional import interpolate, pad

from engine.drawing.estimate import OnStep
from engine.drawing.model import LoadedModel
from engine.drawing.steering import Steering
from engine.errors import EngineError
from engine.families import Family, Stage
from engine.planning.plan import Plan

__all__ = ["handed_on", "numbers", "steerings", "told_of_all"]

_NO_NUMBERS = (
    "The model's numbers overflowed, and its pictures would be black."
    " The operator can set `EASEL_PRECISION` to `bf16` or `fp32`."
)


def numbers(made: Any) -> torch.Tensor | list[Image.Image]:
    """What a pipeline made: numbers from 0 to 1 (n, 3, height, width), or pictures where it gives those.

    Raises EngineError where numbers overflowed, which would be black.
    """
    found = next(getattr(made, name) for name in ("images", "image", "frames") if hasattr(made, name))
    if isinstance(found, np.ndarray):
        found = torch.from_numpy(found).movedim(-1, 1)
    if not isinstance(found, torch.Tensor):
        return list(found)
    found = found.squeeze(1) if found.ndim == 5 else found
    if not torch.isfinite(found).all():
        raise EngineError(_NO_NUMBERS)
    return found


def handed_on(stage: Stage, made: Any, plan: Plan, pipe: Any) -> torch.Tensor:
    """What the ``stage``, whose plan and pipeline these are, is given of what the call before it ``made``."""
    drawn = getattr(made, stage.takes, None)
    if isinstance(drawn, torch.Tensor):
        if not torch.isfinite(drawn).all():
            raise EngineError(_NO_NUMBERS)
        return drawn
    found = numbers(made)
    assert isinstance(found, torch.Tensor)
    if plan.tile and "height" in inspect.signature(pipe.__call__).parameters:
        found = _enlarged_around(found, stage.larger)  # the pipeline itself would enlarge it, to its borders
    return 2 * found - 1 if stage.signed else found


def _enlarged_around(pictures: torch.Tensor, times: int) -> torch.Tensor:
    """Pictures (n, 3, h, w) so many times larger, which go on beyond each border from the other one."""
    around = interpolate(pad(pictures, (1, 1, 1, 1), mode="circular"), scale_factor=times, mode="bilinear")
    return around[..., times:-times, times:-times]


def steerings(model: LoadedModel, plan: Plan, first: Steering | None) -> list[Steering | None]:
    """What steers each stage: as the first one, or by texts that its own encoders read."""
    ways = [first]
    for stage, later in zip(model.family.stages, model.later, strict=True):
        if stage.reads and later.texts is not None:
            way = later.texts.steering(plan)
        else:
            assert first is not None
            way = replace(first, state=stage.family.state)
        way = replace(way, styled=None, styled_steps=frozenset())
        ways.append(way if stage.weighs else replace(way, weight=1.0, others=()))
    return ways


def told_of_all(report: OnStep, stages: Sequence[tuple[Plan, Family]], model: LoadedModel) -> list[OnStep]:
    """A report for each stage, whose steps are told as steps of the whole."""
    if len(stages) == 1:
        return [report]
    counts = [plan.stop_step for plan, _ in stages]
    return [
        functools.partial(_tell, report, sum(counts[:number]), sum(counts), later)
        for number, later in enumerate((None, *model.later))
    ]


def _tell(
    report: OnStep,
    before: int,
    whole: int,
    later: LoadedModel | None,
    done: int,
    _: int,
    latents: torch.Tensor | None,
) -> None:
    """A stage's step as one of the whole; estimates of a ``later`` one are shown as pixels from −1 to 1."""
    if latents is not None and later is not None:
        assert later.colours is not None
        seen = latents.float().cpu().movedim(1, -1) @ later.colours[:-1] + later.colours[-1]
        latents = (2 * seen - 1).movedim(-1, 1)
    report(before + done, whole, latents)
