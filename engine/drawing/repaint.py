"""Drawing a part of a picture anew: what the part starts from, what is held still, and the seam.

The pipeline draws the whole canvas from noise. After each step the latents of what is kept are put back as
they would be at that step's noise (Lugmayr et al. 2022, “RePaint”); cells that are kept in part are let go
when their share of the steps is over (Levin and Fried 2023, “Differential Diffusion”), so that they find to
both sides. In the end the kept pixels themselves are laid over the picture. Works with any latents and any
scheduler of diffusers, which is asked to add the noise. Knows nothing of prompts or of the denoiser.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageChops, ImageFilter
from torch.nn.functional import adaptive_avg_pool2d, interpolate

from engine.errors import BadPicture, EngineError
from engine.pictures.decoding import OWN_SIDE, load_input
from engine.pictures.mark import cleaned
from engine.planning.canvas import Box, Canvas
from engine.planning.plan import Plan

__all__ = ["Held", "Scene"]

_FINEST, _WIDEST = 64, 8
"""The seam is as many pixels wide as the first goes into the shorter side, from 2 up to the other."""

_EDGE = 2
"""How many pixels at a picture's edge are not kept where it goes on: decoders draw them darker."""

_WHOLE = 0.999
"""What share of a cell is all of it."""

_TONE, _REACH = 24.0, 8
"""By how much, of 255, a tone is changed at most, and how many seams wide the change reaches."""


class Scene:
    """One job's canvas: ``start`` is the picture on it, with something calm where there is none yet.

    ``keep`` is white where the picture stays, and ``hold`` the lighter the longer a place is held.
    """

    def __init__(self, plan: Plan, inputs: Sequence[bytes]) -> None:
        canvas = plan.canvas
        if canvas is None or not inputs:
            raise BadPicture("The source picture is missing.")
        size = (plan.width, plan.height)
        self._kept, place = _stretched(cleaned(load_input(inputs[0], OWN_SIDE)), canvas.picture, size)
        self.keep = Image.new("L", size, 255)
        _clear(self.keep, canvas, inputs)
        self.start = _filled(self._kept, self.keep)
        around = Image.new("L", size)
        around.paste(255, place)
        self.keep = ImageChops.multiply(self.keep, around)
        near = around.filter(ImageFilter.BoxBlur(canvas.margin)).point(lambda value: min(230, 2 * value))
        self.hold = ImageChops.lighter(self.keep, ImageChops.subtract(near, around))

    def finished(self, drawn: Image.Image) -> Image.Image:
        """``drawn`` with the kept pixels laid over it; only in the seam, inside what is kept, do both show.

        Around it what was drawn takes on the tone of what was kept.
        """
        width = min(max(2, min(drawn.size) // _FINEST), _WIDEST)
        inner = self.keep.filter(ImageFilter.MinFilter(2 * (width // 2) + 1))
        seam = inner.filter(ImageFilter.BoxBlur(width // 2))
        return Image.composite(self._kept, _toned(drawn, self._kept, self.keep, width), seam)


class Held:
    """What of one job's latents is held still. It overhears the pipeline's own call for the first noise."""

    def __init__(self, scheduler: Any, hold: Image.Image) -> None:
        self._shares = _plane(hold)
        self._noised: Callable[[torch.Tensor], torch.Tensor] | None = None
        self._clean = torch.empty(0)
        for name in ("add_noise", "scale_noise"):
            if hasattr(scheduler, name):
                self._listen(scheduler, name)

    def put_back(self, latents: torch.Tensor, share: float, timestep: torch.Tensor | None) -> torch.Tensor:
        """``latents`` (n, channels, height, width) with what is held as it is at ``timestep``, None: the end.

        ``share`` of the steps is done. Raises EngineError when the pipeline begins in some other way.
        """
        if self._noised is None or self._clean.shape != latents.shape:
            raise EngineError("This model cannot draw a part of a picture.")
        still = self._clean if timestep is None else self._noised(timestep.expand(len(latents)))
        held = adaptive_avg_pool2d(self._shares, (latents.shape[-2], latents.shape[-1])) > min(share, _WHOLE)
        return torch.where(held.to(latents.device), still.to(latents), latents)

    def _listen(self, scheduler: Any, name: str) -> None:
        method = getattr(scheduler, name)
        clean, time = (word for word in inspect.signature(method).parameters if word != "noise")

        @functools.wraps(method)
        def heard(*args: Any, **kwargs: Any) -> Any:
            said = inspect.signature(method).bind(*args, **kwargs).arguments
            if self._noised is None:
                self._clean, noise = said[clean], said["noise"]
                self._noised = lambda timestep: method(**{clean: self._clean, "noise": noise, time: timestep})
            return method(*args, **kwargs)

        setattr(scheduler, name, heard)


def _scaled(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The picture at that size; a whole number of times smaller by plain means, which undo an upscale."""
    times = picture.width // size[0]
    if picture.size == (times * size[0], times * size[1]):
        return picture.reduce(times) if times > 1 else picture
    return picture.resize(size, Image.Resampling.LANCZOS)


def _clear(keep: Image.Image, canvas: Canvas, inputs: Sequence[bytes]) -> None:
    """Takes out of ``keep`` what is drawn anew of the picture itself."""
    for part in canvas.parts:
        keep.paste(0, (part.left, part.top, part.left + part.width, part.top + part.height))
    if canvas.words or canvas.masked:
        if len(inputs) < 2:
            raise BadPicture("The region of the picture is missing.")
        found = load_input(inputs[1]).convert("L").resize(keep.size, Image.Resampling.BILINEAR)
        keep.paste(ImageChops.subtract(keep, found.point(lambda value: 255 if value > 127 else 0)))


def _stretched(
    picture: Image.Image, place: Box, size: tuple[int, int]
) -> tuple[Image.Image, tuple[int, int, int, int]]:
    """The picture at its place, its edges drawn out to the canvas': a horizon goes on where it was.

    And the left, upper, right and lower end of what of it is kept.
    """
    canvas = Image.new("RGB", size)
    canvas.paste(_scaled(picture, (place.width, place.height)), (place.left, place.top))
    left, top = (start + _EDGE if start > 0 else 0 for start in (place.left, place.top))
    right, bottom = (
        whole if end >= whole else end - _EDGE
        for end, whole in zip((place.left + place.width, place.top + place.height), size, strict=True)
    )
    inner = np.asarray(canvas)[top:bottom, left:right]
    stretched = np.pad(inner, ((top, size[1] - bottom), (left, size[0] - right), (0, 0)), mode="edge")
    return Image.fromarray(stretched), (left, top, right, bottom)


def _filled(picture: Image.Image, keep: Image.Image) -> Image.Image:
    """The picture with what is not kept filled from around it, the softer the farther away.

    Colours are averaged over ever larger cells, and each gap takes what the next larger cell knows: pull and
    push (Gortler et al. 1996, “The Lumigraph”).
    """
    known = _plane(keep)
    return _image(_pull_push(_planes(picture) * known, known))


def _toned(drawn: Image.Image, kept: Image.Image, keep: Image.Image, width: int) -> Image.Image:
    """``drawn`` with the small differences from ``kept`` along the seam taken away, ever less further out."""
    inner = keep.filter(ImageFilter.MinFilter(2 * width + 1))
    edge = _plane(ImageChops.subtract(keep, inner))
    tall = _planes(drawn)
    apart = (_planes(kept) - tall).clamp(-_TONE, _TONE)
    near = _plane(keep.filter(ImageFilter.BoxBlur(_REACH * width)))
    toned = tall + _pull_push(apart * edge, edge) * (2 * near).clamp(max=1)
    return _image(toned)


def _planes(picture: Image.Image) -> torch.Tensor:
    """(1, 3, height, width), 0–255."""
    return torch.from_numpy(np.array(picture.convert("RGB"), dtype=np.float32)).movedim(-1, 0)[None]


def _plane(mask: Image.Image) -> torch.Tensor:
    """(1, 1, height, width), 0–1."""
    return torch.from_numpy(np.array(mask, dtype=np.float32) / 255)[None, None]


def _image(planes: torch.Tensor) -> Image.Image:
    pixels = planes[0].movedim(0, -1).round().clamp(0, 255).byte().numpy()
    return Image.fromarray(pixels)


def _pull_push(sums: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """Colours everywhere, from weighted ``sums`` of colours where the weights ``known`` are above 0."""
    here = sums / known.clamp(min=1e-6)
    height, width = known.shape[-2:]
    if max(height, width) == 1:
        return here
    size = ((height + 1) // 2, (width + 1) // 2)
    coarse = _pull_push(4 * adaptive_avg_pool2d(sums, size), 4 * adaptive_avg_pool2d(known, size))
    around = interpolate(coarse, (height, width), mode="bilinear", align_corners=False)
    weight = known.clamp(max=1)
    return weight * here + (1 - weight) * around
