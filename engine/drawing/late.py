"""A job's scheduler that begins late, where a picture is its start, and ends early, where the plan says so.

Image to image needs no pipeline of its own: whatever pipeline draws from noise goes through the time steps
that its scheduler hands out, and is handed those from the picture's on. The scheduler itself goes on knowing
all of them. Knows nothing of prompts, pixels or denoisers.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch
from diffusers import DDPMWuerstchenScheduler, SCMScheduler

__all__ = ["begun", "noised", "shorten", "unit"]

_ASKED = ("add_noise", "scale_model_input", "scale_noise", "set_timesteps", "step")
"""The methods inside which a scheduler sees all its time steps."""


class _Ready(BaseException):
    """The rehearsed pipeline has set its time steps; no error, which modular pipelines would log."""


def shorten(scheduler: Any, skip: int, stop: int | None, *, begins: bool) -> None:
    """From now on ``scheduler`` hands out its time steps from ``skip`` up to ``stop`` (None: the end).

    ``begins`` says that the latents it is given are a picture with as much noise as belongs there already.
    """
    kind = type(scheduler)
    body: dict[str, Any] = {"__module__": kind.__module__}
    body |= {name: _whole(getattr(kind, name)) for name in _ASKED if hasattr(kind, name)}
    if _turns(scheduler):
        body["add_noise"] = _turned
    last = isinstance(scheduler, SCMScheduler | DDPMWuerstchenScheduler)  # the end is among their time steps
    if begins:
        body["init_noise_sigma"] = 1.0
        vars(scheduler).pop("init_noise_sigma", None)
    known = vars(scheduler).pop("timesteps", None)
    scheduler.__class__ = type(kind.__name__, (_Shortened, kind), body)
    calls = getattr(kind, "order", 1)  # of the denoiser in a step
    scheduler._window = slice(skip * calls, None if stop is None else stop * calls + last)
    scheduler._inside, scheduler._rehearsing = 0, False
    scheduler.timesteps = known


def begun(pipe: Any, call: Callable[[], Any], clean: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
    """``clean`` latents with as much of ``noise`` as they have where the pipeline's scheduler begins.

    How its time steps lie is the pipeline's own business: ``call`` is it, and goes as far as that.
    """
    scheduler = pipe.scheduler
    scheduler._rehearsing = True
    try:
        call()
    except _Ready:
        pass
    finally:
        scheduler._rehearsing = False
    return noised(scheduler, clean, noise, scheduler.timesteps[:1].expand(len(clean)))


def noised(scheduler: Any, clean: torch.Tensor, noise: torch.Tensor, times: torch.Tensor) -> torch.Tensor:
    """``clean`` with as much ``noise``, both (n, …), as a scheduler has it at ``times`` (n,)."""
    if hasattr(scheduler, "scale_noise"):
        mixed: torch.Tensor = scheduler.scale_noise(clean, times, noise)
    else:
        mixed = scheduler.add_noise(clean, noise, times)
    return mixed


class _Shortened:
    _window: slice
    _inside: int
    _rehearsing: bool
    _whole: Any
    _begin_index: int | None

    @property
    def timesteps(self) -> Any:
        """All of them inside the scheduler, those that it hands out to anyone else."""
        return self._whole if self._inside or self._whole is None else self._whole[self._window]

    @timesteps.setter
    def timesteps(self, value: Any) -> None:
        self._whole = value

    def set_begin_index(self, begin_index: int = 0) -> None:
        """The pipeline counts from the first time step that it knows."""
        self._begin_index = begin_index + (self._window.start or 0)

    def scale_model_input(self, sample: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        """For pipelines that ask every scheduler of a kind that they do not know."""
        return sample


def _whole(method: Callable[..., Any]) -> Callable[..., Any]:
    """The same with all time steps in sight; what begins late is told so as soon as they are set."""

    @functools.wraps(method)
    def asked(self: Any, *args: Any, **kwargs: Any) -> Any:
        self._inside += 1
        try:
            answer = method(self, *args, **kwargs)
        finally:
            self._inside -= 1
        if method.__name__ == "set_timesteps" and not self._inside:
            if self._window.start and hasattr(self, "_begin_index"):
                self.set_begin_index(0)
            if self._rehearsing:
                raise _Ready
        return answer

    return asked


def unit(scheduler: Any) -> float:
    """What latents are multiplied by between steps: only where time is an angle (TrigFlow) not 1."""
    return float(scheduler.config.sigma_data) if _turns(scheduler) else 1.0


def _turns(scheduler: Any) -> bool:
    """Whether the time is an angle, from the picture at 0 to noise at π/2 (TrigFlow)."""
    return isinstance(scheduler, SCMScheduler)


def _turned(
    self: Any, original_samples: torch.Tensor, noise: torch.Tensor, timesteps: torch.Tensor
) -> torch.Tensor:
    """The noise of such a scheduler, which knows of none itself."""
    angle = timesteps.to(original_samples).view(-1, *[1] * (original_samples.ndim - 1))
    return torch.cos(angle) * original_samples + torch.sin(angle) * noise
