"""Which places an instruction is about; all others stay as they are in the picture that is changed.

A pipeline that edits asks its denoiser three times a step: with the words and the picture, with the picture
alone, with neither. Where the first two answers lie far apart the words have something to say (Mirzaei et al.
2023, “Watch Your Steps”, arXiv:2308.08947). Once the first steps have told, all other latents are put back
after every step as they would be at that step's noise, and the model draws on beside the picture itself.
Knows nothing of prompts.
"""

from __future__ import annotations

import copy
import functools
from typing import Any

import torch
from torch import nn
from torch.nn.functional import max_pool2d

from engine.drawing.late import noised
from engine.errors import EngineError

__all__ = ["Unnamed", "listening_denoiser"]

_LOOKED = 0.25
"""Share of the steps after which it is settled what changes: layout is drawn first, details are not."""

_ALL = 0.5
"""Share of a picture from which on all of it changes: another ground shines through everywhere."""

_ROWS = 3
"""Answers a picture: with words and picture, with the picture, with neither."""


class Unnamed:
    """What of one job's pictures the words do not name, and how it is held. It hears every answer."""

    def __init__(self, scheduler: Any, clean: torch.Tensor, least: float, pictures: int) -> None:
        """``clean`` (1, c, h, w) are the picture's latents; answers that lie ``least`` apart matter."""
        self._scheduler, self._clean, self._least, self._pictures = scheduler, clean, least, pictures
        self._noise: torch.Tensor | None = None
        self._apart: torch.Tensor | None = None
        self._heard = 0
        self._changes: torch.Tensor | None = None
        self._listen()

    def hears(self, answers: torch.Tensor) -> None:
        """One step's answers (3 · pictures, c, h, w); of other numbers of rows nothing can be told."""
        if self._changes is not None or len(answers) != _ROWS * self._pictures:
            return
        worded, shown, _ = answers.float().chunk(_ROWS)
        apart = (worded - shown).abs().mean(1, keepdim=True)
        self._apart = apart if self._apart is None else self._apart + apart
        self._heard += 1

    def put_back(self, latents: torch.Tensor, share: float, timestep: torch.Tensor | None) -> torch.Tensor:
        """``latents`` (n, c, h, w) with what is not named as it is at ``timestep``, None: the end.

        ``share`` of the steps is done. Raises EngineError when the latents are none of this picture.
        """
        if share < _LOOKED or self._apart is None or self._noise is None:
            return latents
        if self._changes is None:
            self._changes = _changing(self._apart / self._heard, self._least)
        if latents.shape != self._noise.shape:
            raise EngineError("This model cannot leave a part of a picture as it is.")
        clean = self._clean.expand(latents.shape).to(latents)
        still = clean
        if timestep is not None:
            still = noised(self._scheduler, clean, self._noise, timestep.expand(len(latents)))
        return torch.where(self._changes.to(latents.device), latents, still.to(latents))

    def _listen(self) -> None:
        """The first latents are the noise, in the scheduler's measure."""
        step = self._scheduler.step

        @functools.wraps(step)
        def heard(model_output: torch.Tensor, timestep: Any, sample: torch.Tensor, *a: Any, **k: Any) -> Any:
            if self._noise is None:
                self._noise = sample / getattr(self._scheduler, "init_noise_sigma", 1.0)
            return step(model_output, timestep, sample, *a, **k)

        self._scheduler.step = heard


def listening_denoiser(denoiser: nn.Module, unnamed: Unnamed) -> nn.Module:
    """A light copy of ``denoiser`` whose every answer is heard."""
    light = copy.copy(denoiser)
    light.__class__ = type("Listening" + type(denoiser).__name__, (_Listening, type(denoiser)), {})
    vars(light)["_asked"] = denoiser
    vars(light)["_unnamed"] = unnamed
    return light


class _Listening:
    _asked: nn.Module
    _unnamed: Unnamed

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        answer = self._asked(*args, **kwargs)
        self._unnamed.hears(answer[0])
        return answer


def _changing(apart: torch.Tensor, least: float) -> torch.Tensor:
    """Where pictures change (n, 1, h, w), by how far the answers lie apart, with the cells around."""
    far = (apart > least).float()
    return (max_pool2d(far, 3, 1, 1) > 0) | (far.mean((1, 2, 3), keepdim=True) > _ALL)
