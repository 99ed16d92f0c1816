"""What happens between two steps of one job: the estimate is kept and reported, `--stop` stops, tiles roll.

And what is to stay of a source picture is put back. It happens where every pipeline passes: in its
scheduler's step. Knows nothing of texts, or of who else is rendering.
"""

from __future__ import annotations

from typing import Any

import torch

from engine.drawing.estimate import OnStep, Watch
from engine.drawing.late import unit
from engine.drawing.latents import cells, laid
from engine.drawing.model import LoadedModel, denoiser_name
from engine.drawing.relevance import Unnamed
from engine.drawing.repaint import Held
from engine.drawing.seamless import Roll
from engine.errors import EngineError
from engine.families import Layout
from engine.planning.plan import Plan
from engine.sharing.batching import pause

__all__ = ["BetweenSteps"]


class BetweenSteps:
    """One job's steps, watched and changed; what is ``held`` of a source picture is put back."""

    def __init__(
        self,
        pipe: Any,
        model: LoadedModel,
        plan: Plan,
        report: OnStep,
        held: Held | Unnamed | None,
        generators: torch.Generator | list[torch.Generator],
    ) -> None:
        self._pipe, self._model, self._plan, self._report = pipe, model, plan, report
        self._watch = Watch(pipe.scheduler, generators)
        self._held = held
        self._unit = unit(pipe.scheduler)
        self._soft: torch.Tensor | None = None
        self._done, self._ended = 0, 0
        rolls = plan.tile and denoiser_name(pipe, model.family) != "unet"
        self._roll = Roll(plan.seeds[0]) if rolls else None
        self._watch.changes = self._stepped

    def _stepped(self, done: int, latents: torch.Tensor) -> torch.Tensor:
        """After ``done`` steps (from 1): what the pipeline is to go on with instead of its latents."""
        scheduler, plan = self._pipe.scheduler, self._plan
        self._done = done
        last = getattr(self._pipe, "_num_timesteps", None) or len(scheduler.timesteps)
        stop = self._stop(last)
        ends = done >= last if self._cut else done >= stop and plan.stopped and done < last
        held = self._watch.estimate
        estimate = self._plain(latents if held is None else held)
        if self._held is not None:
            estimate = self._held.put_back(estimate, done / last, None)
        if plan.stopped:
            # Guidance overshoots early; the mean of all estimates so far is soft and keeps the colours.
            self._soft = estimate if self._soft is None else self._soft.lerp(estimate, 1 / done)
        self._report(done, stop, self._shown(estimate))
        if ends or done >= last:
            pause()
        if ends and plan.stopped:
            assert self._soft is not None
            self._pipe._interrupt = True
            self._ended = done
            return self._packed(self._soft)
        if self._roll is None and self._held is None:
            return latents
        flat = self._plain(latents)
        if self._held is not None:
            to_come = None if done >= last else scheduler.timesteps[done - last]
            flat = self._held.put_back(flat, done / last, to_come)
        rolled = flat if self._roll is None or done >= last else self._roll.on(flat)
        return self._packed(rolled)

    def settle(self) -> None:
        """When the pipeline has ended: raises EngineError where its steps passed by what was planned."""
        plan, title = self._plan, self._model.entry.title
        if plan.stopped and (not self._ended or self._done > self._ended):
            raise EngineError(f"{title} cannot be stopped before its last step (`--stop`).")
        if (self._roll is not None or self._held is not None) and not self._done:
            raise EngineError(f"{title} draws in steps of its own, which nothing can be changed between.")
        if self._cut and plan.strength is not None and self._done > len(self._pipe.scheduler.timesteps):
            raise EngineError(f"{title} cannot start from a picture.")

    def _stop(self, last: int) -> int:
        """After how many of ``last`` calls of the scheduler the plan stops: some take two of them a step."""
        if self._cut or not self._plan.stopped:
            return last
        return max(1, round(last * self._plan.stop_step / self._plan.running))

    @property
    def _cut(self) -> bool:
        """Whether the scheduler itself ends where the plan stops."""
        return self._model.family.nudge is None

    def _shown(self, estimate: torch.Tensor) -> torch.Tensor | None:
        """The estimate as cells, None where nobody knows how it lies."""
        seen = estimate.ndim == 4 and self._model.family.layout is not Layout.UNSEEN
        return estimate if seen else None

    def _plain(self, latents: torch.Tensor) -> torch.Tensor:
        """Latents as (n, channels, height, width), not rolled."""
        flat = cells(latents, self._model.family.layout, self._plan.height, self._plan.width)
        if flat.ndim != 4 and (self._roll or self._held):
            said = "repeat without a seam" if self._roll else "draw a part of a picture"
            raise EngineError(f"{self._model.entry.title} cannot {said}.")
        flat = flat / self._unit if self._unit != 1.0 else flat
        return flat if self._roll is None else self._roll.back(flat)

    def _packed(self, latents: torch.Tensor) -> torch.Tensor:
        whole = laid(latents, self._model.family.layout)
        return whole * self._unit if self._unit != 1.0 else whole
