"""What happens between two steps of one job: the estimate is kept and reported, `--stop` stops, tiles roll.

And what is to stay of a source picture is put back. Called by the pipeline (`callback_on_step_end`); knows
nothing of texts, or of who else is rendering.
"""

from __future__ import annotations

from typing import Any

import torch
from PIL import Image

from engine.drawing.estimate import OnStep, Watch
from engine.drawing.latents import cells, laid
from engine.drawing.model import LoadedModel, denoiser_name
from engine.drawing.repaint import Held
from engine.drawing.seamless import Roll
from engine.planning.plan import Plan
from engine.sharing.batching import pause

__all__ = ["BetweenSteps"]


class BetweenSteps:
    """One job's `callback_on_step_end`; the lighter ``hold``, the longer the source picture stays."""

    def __init__(
        self, pipe: Any, model: LoadedModel, plan: Plan, report: OnStep, hold: Image.Image | None
    ) -> None:
        self._watch = Watch(pipe.scheduler)
        self._held = None if hold is None else Held(pipe.scheduler, hold)
        self._family, self._plan, self._report = model.family, plan, report
        self._soft: torch.Tensor | None = None
        rolls = plan.tile and denoiser_name(pipe, model.family) != "unet" and model.texts is not None
        self._roll = Roll(plan.seeds[0]) if rolls else None

    def __call__(self, pipe: Any, step: int, timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        """After ``step`` (from 0): what of ``tensors`` the pipeline is to go on with instead."""
        done, last = step + 1, pipe.num_timesteps
        stopping = done >= self._plan.stop_step and self._plan.stopped and done < last
        held = self._watch.estimate
        estimate = self._plain(pipe, tensors["latents"] if held is None else held)
        if self._held is not None:
            estimate = self._held.put_back(estimate, done / last, None)
        if self._plan.stopped:
            # Guidance overshoots early; the mean of all estimates so far is soft and keeps the colours.
            self._soft = estimate if self._soft is None else self._soft.lerp(estimate, 1 / done)
        self._report(done, self._plan.stop_step if self._plan.stopped else last, estimate)
        if stopping or done >= last:
            pause()
        if stopping:
            assert self._soft is not None
            pipe._interrupt = True
            return {"latents": self._packed(pipe, self._soft)}
        if self._roll is None and self._held is None:
            return {}
        flat = self._plain(pipe, tensors["latents"])
        if self._held is not None:
            to_come = None if done >= last else pipe.scheduler.timesteps[done - last]
            flat = self._held.put_back(flat, done / last, to_come)
        rolled = flat if self._roll is None or done >= last else self._roll.on(flat)
        return {"latents": self._packed(pipe, rolled)}

    def count(self) -> None:
        """For a pipeline that tells nothing between steps: its scheduler does; it is not stopped early."""
        self._watch.told = lambda done: self._report(done, self._plan.running, self._watch.estimate)

    def _plain(self, pipe: Any, latents: torch.Tensor) -> torch.Tensor:
        """Latents as (n, channels, height, width), not rolled."""
        latents = cells(latents, self._family.layout, self._plan.height, self._plan.width)
        return latents if self._roll is None else self._roll.back(latents)

    def _packed(self, pipe: Any, latents: torch.Tensor) -> torch.Tensor:
        return laid(latents, self._family.layout)
