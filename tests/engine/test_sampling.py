"""What a job's scheduler tells of the picture to come, for the kinds of scheduler that models bring along."""

from typing import Any

import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    LCMScheduler,
    PNDMScheduler,
    UniPCMultistepScheduler,
)

from engine.drawing.estimate import Watch
from pocket.model.architecture import make_scheduler

TRUTH = torch.tensor([[[[0.5, -1.0], [0.75, 0.25]]]])
EPSILON = (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    EulerAncestralDiscreteScheduler,
    LCMScheduler,
    UniPCMultistepScheduler,
)


def at_level(scheduler: Any, step: int, noise: torch.Tensor) -> torch.Tensor:
    """The truth with as much noise as the scheduler has at ``step``."""
    scheduler.set_begin_index(step) if hasattr(scheduler, "set_begin_index") else None
    return scheduler.add_noise(TRUTH, noise, scheduler.timesteps[step : step + 1])  # type: ignore[no-any-return]


@pytest.mark.parametrize("kind", EPSILON)
def test_a_perfect_guess_of_the_noise_shows_the_finished_picture(kind: Any) -> None:
    scheduler = kind()
    scheduler.set_timesteps(10)
    watch = Watch(scheduler)
    noise = torch.randn(TRUTH.shape, generator=torch.Generator().manual_seed(0))
    sample = at_level(scheduler, 2, noise)
    scheduler.step(noise, scheduler.timesteps[2], sample, return_dict=False)
    assert watch.estimate is not None
    torch.testing.assert_close(watch.estimate, TRUTH, atol=2e-2, rtol=2e-2)


@pytest.mark.parametrize("scheduler", [FlowMatchEulerDiscreteScheduler(shift=3.0), make_scheduler()])
def test_a_perfect_guess_of_the_flow_shows_the_finished_picture(scheduler: Any) -> None:
    scheduler.set_timesteps(8)
    watch = Watch(scheduler)
    noise = torch.randn(TRUTH.shape, generator=torch.Generator().manual_seed(0))
    sigma = scheduler.sigmas[3]
    scheduler.set_begin_index(3)
    scheduler.step(
        noise - TRUTH, scheduler.timesteps[3], (1 - sigma) * TRUTH + sigma * noise, return_dict=False
    )
    assert watch.estimate is not None
    torch.testing.assert_close(watch.estimate, TRUTH, atol=1e-3, rtol=1e-3)


def test_a_scheduler_that_tells_nothing_shows_the_picture_as_it_stands() -> None:
    scheduler = PNDMScheduler(skip_prk_steps=True)
    scheduler.set_timesteps(10)
    watch = Watch(scheduler)
    (after,) = scheduler.step(torch.zeros_like(TRUTH), scheduler.timesteps[0], TRUTH, return_dict=False)
    assert watch.estimate is after


def test_the_watched_step_returns_what_the_step_returns() -> None:
    plain, watched = DDIMScheduler(), DDIMScheduler()
    for scheduler in (plain, watched):
        scheduler.set_timesteps(10)
    told: list[int] = []

    def heard(done: int, latents: torch.Tensor) -> torch.Tensor:
        told.append(done)
        return latents

    Watch(watched).changes = heard
    arguments = (torch.ones_like(TRUTH), plain.timesteps[0], TRUTH)
    for return_dict in (False, True):
        one, other = (s.step(*arguments, return_dict=return_dict) for s in (plain, watched))
        assert torch.equal(one[0], other[0])
        assert len(one) == len(other)
    assert told == [1, 2]
