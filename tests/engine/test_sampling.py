"""What a job's scheduler tells of the picture to come, for the kinds of scheduler that models bring along."""

import functools
from dataclasses import replace
from typing import Any

import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DEISMultistepScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    HeunDiscreteScheduler,
    IPNDMScheduler,
    LCMScheduler,
    PNDMScheduler,
    SASolverScheduler,
    TCDScheduler,
    UniPCMultistepScheduler,
)
from PIL import Image

from engine import drawing
from engine.drawing import LoadedModel
from engine.drawing.estimate import Watch
from engine.pictures.decoding import to_png
from engine.planning.plan import Plan, running
from pocket.model.architecture import make_scheduler
from tests.engine import tiny

TRUTH = torch.tensor([[[[0.5, -1.0], [0.75, 0.25]]]])
EPSILON = (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    EulerAncestralDiscreteScheduler,
    LCMScheduler,
    UniPCMultistepScheduler,
    PNDMScheduler,
    DEISMultistepScheduler,
    SASolverScheduler,
    TCDScheduler,
    functools.partial(DPMSolverMultistepScheduler, algorithm_type="dpmsolver", final_sigmas_type="sigma_min"),
    functools.partial(UniPCMultistepScheduler, predict_x0=False),
    HeunDiscreteScheduler,
)
BETAS = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}


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


@pytest.mark.parametrize("kind", [DEISMultistepScheduler, PNDMScheduler, TCDScheduler])
def test_a_perfect_guess_of_the_velocity_shows_the_finished_picture(kind: Any) -> None:
    scheduler = kind(prediction_type="v_prediction")
    scheduler.set_timesteps(10)
    watch = Watch(scheduler)
    noise = torch.randn(TRUTH.shape, generator=torch.Generator().manual_seed(0))
    sample, share = at_level(scheduler, 2, noise), scheduler.alphas_cumprod[int(scheduler.timesteps[2])]
    velocity = share.sqrt() * noise - (1 - share).sqrt() * TRUTH
    scheduler.step(velocity, scheduler.timesteps[2], sample, return_dict=False)
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
    scheduler = IPNDMScheduler()
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


@pytest.fixture(scope="module", params=[HeunDiscreteScheduler, PNDMScheduler], ids=lambda kind: kind.__name__)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    """A tiny model whose scheduler asks the denoiser twice a step, or once more than there are steps."""
    folder = tiny.folder("sd", tmp_path_factory.mktemp("tiny"))
    made = drawing.load(tiny.entry("sd", folder), "cpu")
    skips = {"skip_prk_steps": True} if request.param is PNDMScheduler else {}
    for pipe in (made.pipe, made.image_pipe):
        pipe.scheduler = request.param(**BETAS, **skips)
    return made


class TestCallsThatAreNoSteps:
    def told(self, model: LoadedModel, plan: Plan, *inputs: Image.Image) -> list[tuple[int, int]]:
        """The reports of a plan's steps."""
        told: list[tuple[int, int]] = []
        one = replace(plan, seeds=plan.seeds[:1], muses=plan.muses[:1])
        drawing.run(
            model, one, [to_png(each) for each in inputs], lambda done, of, _: told.append((done, of))
        )
        return told

    def planned(self, model: LoadedModel, strength: float | None, share: float) -> Plan:
        stop = round(running(10, strength) * share)
        return replace(tiny.planned(model), steps=10, strength=strength, stop_step=stop)

    @pytest.mark.parametrize("strength", [None, 0.9])
    def test_a_picture_stops_at_its_share(self, model: LoadedModel, strength: float | None) -> None:
        source = [Image.new("RGB", (64, 64), "red")] if strength else []
        whole = len(self.told(model, self.planned(model, strength, 1.0), *source))
        stopped = self.told(model, self.planned(model, strength, 0.5), *source)
        assert len(stopped) == pytest.approx(whole / 2, abs=1)
        assert stopped[-1] == (len(stopped), len(stopped))

    def test_a_picture_starts_from_another(self, model: LoadedModel) -> None:
        told = self.told(model, self.planned(model, 0.9, 1.0), Image.new("RGB", (64, 64), "red"))
        assert told[-1] == (len(told), len(told))
