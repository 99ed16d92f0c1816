"""Whether what was asked for acts: a pipeline that would pass it over draws nothing, and says so.

Knows no plans and no models, but for a title to name in the sentence.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn

from engine.drawing import unread
from engine.drawing.estimate import OnStep
from engine.drawing.steering import steered
from engine.errors import EngineError

__all__ = ["left_out", "reported", "steers", "told"]

_SIZE = {"width": "a picture's size", "height": "a picture's size"}
_STEPS = {"num_inference_steps": "how many steps to take"}
"""What every pipeline that draws from text must take, and what it is."""


def told(pipe: Any, title: str, *, sized: bool) -> None:
    """Raises EngineError where a pipeline takes no number of steps, or no size, if it is to be ``sized``."""
    for name, meant in ((_SIZE if sized else {}) | _STEPS).items():
        if name not in inspect.signature(pipe.__call__).parameters:
            raise EngineError(f"{title} cannot be told {meant}.")


def reported(
    report: OnStep, check: Callable[[], None], done: int, steps: int, latents: torch.Tensor | None
) -> None:
    """A step is told of once what was asked for is known to act."""
    check()
    report(done, steps, latents)


def left_out(title: str, heard: unread.Heard, said: Mapping[str, Any]) -> None:
    """Raises EngineError where a pipeline took a negative prompt, and has not had it read."""
    away = said.get("negative_prompt")
    if away and heard.gave(said["prompt"][0]) and not heard.gave(away[0]):
        raise EngineError(f"{title} cannot leave out what `--no` names.")


def steers(title: str, denoiser: nn.Module) -> None:
    """Raises EngineError where no call of the denoiser held the text that others are weighed with."""
    if not steered(denoiser):
        raise EngineError(f"{title} cannot weigh several texts, or leave out what `--no` names.")
