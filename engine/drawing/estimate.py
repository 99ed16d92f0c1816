"""One job's scheduler, watched: what the finished picture looks like from here, at every step.

The estimate x̂₀ is what previews show; the mean of those so far is what `--stop` decodes: softer than the end,
never noise. Works with any diffusers scheduler, by what it already knows. Knows nothing of prompts or pixels.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeAlias

import torch

__all__ = ["OnStep", "Watch", "foreseen"]

OnStep: TypeAlias = Callable[[int, int, torch.Tensor | None], None]
"""Told after every step: steps done, steps in all, and the pictures' latents as they would end from here.

(n, channels, height, width); None where they are not to be shown, or not known."""


class Watch:
    """Keeps the latest estimate of the finished latents in ``estimate``.

    ``changes``, when set, is told after each step how many there have been and the latents that came of it,
    and returns those to go on with. Those that it ends with stand for what is finished, too.

    Noise that a step adds is of ``generators``, one or one a picture, where the pipeline names none: torch's
    own is that of all jobs.
    """

    def __init__(
        self, scheduler: Any, generators: torch.Generator | list[torch.Generator] | None = None
    ) -> None:
        self.estimate: torch.Tensor | None = None
        self.changes: Callable[[int, torch.Tensor], torch.Tensor] | None = None
        self._steps = 0
        step = scheduler.step
        draws = "generator" in inspect.signature(step).parameters

        @functools.wraps(step)
        def watched(
            model_output: torch.Tensor,
            timestep: Any,
            sample: torch.Tensor,
            *args: Any,
            return_dict: bool = True,
            **kwargs: Any,
        ) -> Any:
            if draws and not args and kwargs.get("generator") is None:
                kwargs["generator"] = generators
            output = step(model_output, timestep, sample, *args, return_dict=True, **kwargs)
            self.estimate = foreseen(scheduler, output, model_output, timestep, sample)
            self._steps += 1
            if self.changes is not None:
                _replace(output, self.changes(self._steps, output.prev_sample))
            return output if return_dict else output.to_tuple()

        scheduler.step = watched


def _replace(output: Any, latents: torch.Tensor) -> None:
    """Puts other latents in the place of a step's: the finished ones too, which some pipelines decode."""
    if latents is not output.prev_sample:
        for name in set(output) & {"prev_sample", "denoised", "pred_original_sample"}:
            output[name] = latents


def foreseen(
    scheduler: Any, output: Any, model_output: torch.Tensor, timestep: Any, sample: torch.Tensor
) -> torch.Tensor:
    """x̂₀: told by the step, held by a multistep solver, or what the prediction says of the sample.

    ``output`` is what the scheduler's step returned for ``model_output`` at ``timestep``, by names.
    """
    for name in ("pred_original_sample", "denoised"):
        told = getattr(output, name, None)
        if told is not None:
            return _tensor(told)
    held = getattr(scheduler, "model_outputs", None)
    solver = str(scheduler.config.get("algorithm_type", ""))
    if held and held[-1] is not None and ("++" in solver or scheduler.config.get("predict_x0", False)):
        return _tensor(held[-1])
    if "FlowMatch" in type(scheduler).__name__ and scheduler.step_index is not None:
        sigma = scheduler.sigmas[scheduler.step_index - 1].to(sample)
        return _tensor(sample - sigma * model_output)
    levels = _levels(scheduler, timestep)
    predicted = scheduler.config.get("prediction_type")
    if levels is None or predicted not in _PREDICTED:
        return _tensor(output.prev_sample)
    alpha, sigma = (level.to(sample) for level in levels)
    learned = model_output[:, : sample.shape[1]]  # behind it some denoisers predict a variance
    return _tensor(_PREDICTED[predicted](sample, learned, alpha, sigma))


_PREDICTED: dict[str, Callable[..., torch.Tensor]] = {
    "epsilon": lambda sample, noise, alpha, sigma: (sample - sigma * noise) / alpha,
    "v_prediction": lambda sample, velocity, alpha, sigma: alpha * sample - sigma * velocity,
    "flow_prediction": lambda sample, flow, alpha, sigma: sample - sigma * flow,
    "sample": lambda sample, clean, alpha, sigma: clean,
}
"""x̂₀ of a sample α·x₀ + σ·noise, by what the denoiser was trained to predict."""


def _levels(scheduler: Any, timestep: Any) -> tuple[torch.Tensor, torch.Tensor] | None:
    """α and σ of the sample that the step just taken was given; None where the scheduler does not say."""
    if hasattr(scheduler, "_sigma_to_alpha_sigma_t") and scheduler.step_index is not None:
        alpha, sigma = scheduler._sigma_to_alpha_sigma_t(scheduler.sigmas[scheduler.step_index - 1])
        return torch.as_tensor(alpha), torch.as_tensor(sigma)
    shares = getattr(scheduler, "alphas_cumprod", None)
    if shares is None or hasattr(scheduler, "sigmas"):
        return None
    share = shares[int(timestep)]
    return share.sqrt(), (1 - share).sqrt()


def _tensor(value: Any) -> torch.Tensor:
    assert isinstance(value, torch.Tensor)
    return value
