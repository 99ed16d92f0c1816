"""Upscalers by weights: ESRGAN and its kind, read by spandrel, which recognises them by their tensors.

What comes out is brought to twice the size and corrected until, halved, it is the very picture again: an
upscaler adds details and changes nothing else. Lanczos interpolation (`pictures.upscale`) is what is used
without one.
"""

from __future__ import annotations

import importlib
import logging
import threading
from typing import Any

import numpy as np
import torch
from PIL import Image

from engine.errors import ModelUnavailable
from engine.pictures.upscale import corrected
from engine.planning.entries import UpscalerEntry

__all__ = ["Enlarger"]

_LOG = logging.getLogger(__name__)

_TILE, _OVERLAP = 512, 16
"""Pixels of a piece that is enlarged at a time, and of what neighbours share, so that no seam is seen."""


class Enlarger:
    """Enlarges pictures with one upscaler, which is loaded at the first. For any thread, one at a time."""

    def __init__(self, entry: UpscalerEntry, device: str) -> None:
        self._entry, self._device = entry, device
        self._model: Any = None
        self._lock = threading.Lock()

    def __call__(self, picture: Image.Image) -> Image.Image:
        """The RGB picture at twice its width and height. Raises ModelUnavailable."""
        with self._lock:
            if self._model is None:
                self._model = self._loaded()
            large = self._enlarged(picture.convert("RGB"))
        size = (picture.width * 2, picture.height * 2)
        return corrected(large.resize(size, Image.Resampling.LANCZOS), picture)

    def _loaded(self) -> Any:
        title, path = self._entry.title, self._entry.path()
        if path is None:
            raise ModelUnavailable(f"The upscaler {title} is not on this machine.")
        try:
            spandrel = importlib.import_module("spandrel")
        except ImportError as error:
            _LOG.exception("loading %s", self._entry.name)
            raise ModelUnavailable(
                f"The upscaler {title} needs the extra `upscalers`: `pip install 'easel[upscalers]'`."
            ) from error
        try:
            found = spandrel.ModelLoader(device=self._device).load_from_file(path)
        except Exception as error:
            _LOG.exception("loading %s", self._entry.name)
            raise ModelUnavailable(f"The upscaler {title} could not be read; the log says why.") from error
        if (found.input_channels, found.output_channels) != (3, 3) or found.scale < 2:
            raise ModelUnavailable(f"The upscaler {title} does not enlarge pictures in colour.")
        return found.eval()

    @torch.inference_mode()
    def _enlarged(self, picture: Image.Image) -> Image.Image:
        """The picture as the upscaler makes it, piece by piece."""
        scale = int(self._model.scale)
        large = Image.new("RGB", (picture.width * scale, picture.height * scale))
        for top in range(0, picture.height, _TILE):
            for left in range(0, picture.width, _TILE):
                right, bottom = min(left + _TILE, picture.width), min(top + _TILE, picture.height)
                around = (
                    *(max(0, left - _OVERLAP), max(0, top - _OVERLAP)),
                    *(min(right + _OVERLAP, picture.width), min(bottom + _OVERLAP, picture.height)),
                )
                piece = self._piece(picture.crop(around))
                x, y = (left - around[0]) * scale, (top - around[1]) * scale
                inner = (x, y, x + (right - left) * scale, y + (bottom - top) * scale)
                large.paste(piece.crop(inner), (left * scale, top * scale))
        return large

    def _piece(self, picture: Image.Image) -> Image.Image:
        pixels = torch.from_numpy(np.array(picture)).to(self._device).permute(2, 0, 1)[None].float() / 255
        made = self._model(pixels).clamp(0, 1).nan_to_num()
        return Image.fromarray((made[0].permute(1, 2, 0) * 255).round().byte().cpu().numpy())
