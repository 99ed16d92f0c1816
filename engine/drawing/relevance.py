"""Which places an instruction is about; all others stay as they are in the picture that is changed.

A pipeline that edits asks its denoiser three times a step: with the words and the picture, with the picture
alone, with neither. Each answer foresees a finished picture. Where the words lead far from the picture that
is there, and farther than it would have gone without them, they have something to say (after Mirzaei et al.
2023, “Watch Your Steps”, arXiv:2308.08947, who take the distance between both answers). Once the first steps
have told, all other latents are put back after every step as they would be at that step's noise, and the
model draws on beside the picture itself. Knows nothing of prompts.
"""

from __future__ import annotations

import functools
from typing import Any

import torch
from PIL import Image
from torch import nn
from torch.nn.functional import max_pool2d

from engine.drawing.estimate import foreseen
from engine.drawing.late import noised
from engine.drawing.overriding import overriding
from engine.errors import EngineError

__all__ = ["CHANGED", "Unnamed", "listening_denoiser"]

CHANGED = "changed"
"""Where a picture that was drawn has the cells that changed, in its ``info``."""

_LOOKED = 0.25
"""Share of the steps after which it is settled what changes: layout is drawn first, details are not."""

_GROUND = 0.25
"""Share of what a place must be led away to change: another ground or style makes as much everywhere."""

_ALL = 0.5
"""Share of a picture from which on all of it changes, when so much of it is led away by that."""

_BESIDE = 0.07
"""Share of the farthest distance below which a cell beside what changes stays: a neighbour's edge."""

_ANYWAY = 0.6
"""How much of the distance that is gone without words is no work of theirs: what the model copies badly."""

_FARTHEST = 0.98
"""Share of a picture's places that lie nearer than its farthest: one place alone decides nothing."""

_ROWS = 3
"""Answers a picture: with words and picture, with the picture, with neither."""


class Unnamed:
    """What of one job's pictures the words do not name, and how it is held. It hears every answer."""

    def __init__(self, scheduler: Any, clean: torch.Tensor, least: float, pictures: int) -> None:
        """``clean`` (1, c, h, w) are the picture's latents.

        Places change that are led away from it ``least`` (a share) of the farthest one's distance.
        """
        self._scheduler, self._clean, self._least, self._pictures = scheduler, clean, least, pictures
        self._noise: torch.Tensor | None = None
        self._answers: tuple[torch.Tensor, torch.Tensor] | None = None
        self._led: torch.Tensor | None = None
        self._away: torch.Tensor | None = None
        self._changes: torch.Tensor | None = None
        self._listen()

    def hears(self, answers: torch.Tensor) -> None:
        """One step's answers (3 · pictures, c, h, w); of other numbers of rows nothing can be told."""
        if self._changes is None and len(answers) == _ROWS * self._pictures:
            worded, shown, _ = answers.chunk(_ROWS)
            self._answers = worded, shown

    def put_back(self, latents: torch.Tensor, share: float, timestep: torch.Tensor | None) -> torch.Tensor:
        """``latents`` (n, c, h, w) with what is not named as it is at ``timestep``, None: the end.

        ``share`` of the steps is done. Raises EngineError when the latents are none of this picture.
        """
        if share < _LOOKED or self._led is None or self._away is None or self._noise is None:
            return latents
        if self._changes is None:
            self._changes = _changing(self._led, self._away, self._least)
        if latents.shape != self._noise.shape:
            raise EngineError("This model cannot leave a part of a picture as it is.")
        clean = self._clean.expand(latents.shape).to(latents)
        still = clean
        if timestep is not None:
            still = noised(self._scheduler, clean, self._noise, timestep.expand(len(latents)))
        return torch.where(self._changes.to(latents.device), latents, still.to(latents))

    def changed(self) -> tuple[Image.Image, ...]:
        """Of each picture the cells that changed, white (mode L); none before it is settled."""
        if self._changes is None:
            return ()
        white = self._changes[:, 0].to("cpu", torch.uint8).mul(255).numpy()
        return tuple(Image.fromarray(one) for one in white)

    def _listen(self) -> None:
        """The first latents are the noise, in the scheduler's measure; every step tells where words lead."""
        step = self._scheduler.step

        @functools.wraps(step)
        def heard(model_output: torch.Tensor, timestep: Any, sample: torch.Tensor, *a: Any, **k: Any) -> Any:
            if self._noise is None:
                self._noise = sample / getattr(self._scheduler, "init_noise_sigma", 1.0)
            output = step(model_output, timestep, sample, *a, **k)
            if self._answers is not None and self._changes is None:
                estimate = foreseen(self._scheduler, output, model_output, timestep, sample)
                self._follow(estimate, model_output, sample)
            return output

        self._scheduler.step = heard

    def _follow(self, estimate: torch.Tensor, answer: torch.Tensor, latents: torch.Tensor) -> None:
        """How far the words lead from the picture, by what ``answer`` at ``latents`` led to."""
        assert self._answers is not None
        kept, used = _shares(estimate, answer, latents)
        clean, noisy = _exact(self._clean), _exact(latents)
        worded, shown = (
            (kept * noisy + used * _exact(each) - clean).abs().mean(1, keepdim=True) for each in self._answers
        )
        away = worded - _ANYWAY * shown
        self._led = worded if self._led is None else self._led + worded
        self._away = away if self._away is None else self._away + away


def listening_denoiser(denoiser: nn.Module, unnamed: Unnamed) -> nn.Module:
    """A light copy of ``denoiser`` whose every answer is heard."""
    return overriding(denoiser, _Listening, _asked=denoiser, _unnamed=unnamed)


class _Listening:
    _asked: nn.Module
    _unnamed: Unnamed

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        answer = self._asked(*args, **kwargs)
        self._unnamed.hears(answer[0])
        return answer


def _shares(estimate: torch.Tensor, answer: torch.Tensor, latents: torch.Tensor) -> tuple[float, float]:
    """The two numbers that make ``estimate`` of latents and answer: it is linear, whatever the scheduler."""
    both = torch.stack([_exact(latents).flatten(), _exact(answer).flatten()], 1)
    kept, used = torch.linalg.lstsq(both, _exact(estimate).flatten()[:, None]).solution.flatten()
    return float(kept), float(used)


def _exact(values: torch.Tensor) -> torch.Tensor:
    """In double precision, on the processor: some devices have none."""
    return values.cpu().double()


def _changing(led: torch.Tensor, away: torch.Tensor, least: float) -> torch.Tensor:
    """Where pictures change (n, 1, h, w), by how far words lead, and how far of it is their own doing."""
    own = away.clamp_min(0)
    far = (own > least * _farthest(own)).float()
    around = -max_pool2d(-max_pool2d(far, 5, 1, 2), 3, 1, 1)  # one cell on each side, and no holes between
    beside = (around > 0) & (led > _BESIDE * _farthest(led))
    grounds = (own > _GROUND * least * _farthest(own)).float().mean((1, 2, 3), keepdim=True)
    return (far > 0) | beside | (grounds > _ALL)


def _farthest(distances: torch.Tensor) -> torch.Tensor:
    return distances.flatten(1).quantile(_FARTHEST, 1)[:, None, None, None]
