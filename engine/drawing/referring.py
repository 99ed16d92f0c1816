"""A denoiser that tells which of its rows are drawn after a job's references.

Rows that are asked for nothing, or for what is not wanted, see no picture: then guidance and `--no` leave
whole what the pictures bring. Knows the order in which pipelines and `steering` ask; nothing of pictures.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from engine.drawing.overriding import overriding
from engine.drawing.reference_adapter import References
from engine.drawing.steering import Steering
from engine.sharing.batching import showing
from engine.sharing.calls import Arguments

__all__ = ["referring_denoiser"]


def referring_denoiser(
    denoiser: nn.Module, references: References, steering: Steering, *, pictures: int, guided: bool
) -> nn.Module:
    """A light copy of ``denoiser`` whose rows see what they must.

    A call begins with a row a picture for the absent text, where the pipeline is ``guided``; then come those
    of the main text, and those of the others in their order. Whatever follows is the absent text again.
    """
    drawn = [*([False] if guided else []), True, *(weight > 0 for weight, _ in steering.others)]
    rows = [after for after in drawn for _ in range(pictures)]
    return overriding(
        denoiser, _Referring, _shared=denoiser, _references=references, _drawn=rows, _axes=steering.axes
    )


class _Referring:
    _shared: nn.Module
    _references: References
    _drawn: list[bool]
    _axes: Any

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        call, references = Arguments(type(self._shared).forward, args, kwargs, self._axes), self._references
        if references.timed:
            references = references.at(float(torch.as_tensor(call.value("timestep")).flatten()[0]))
        drawn = [*self._drawn[: call.rows], *[False] * (call.rows - len(self._drawn))]
        with showing([references.shown if after else references.hidden for after in drawn]):
            return self._shared(*args, **kwargs)
