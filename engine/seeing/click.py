"""The thing at a place of a picture, by a model of the Segment Anything kind (SAM, SAM 2, SAM 3).

A picture is made ready here and not by the model's own processor: those of SAM 2 and SAM 3 want torchvision.
Runs on the CPU. Knows nothing of what the mask is for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.nn.functional import interpolate
from transformers import AutoModelForMaskGeneration
from transformers.models.auto.image_processing_auto import get_image_processor_config

from engine.errors import NotFound
from engine.planning.registry import SegmenterEntry
from engine.seeing.loading import loading

__all__ = ["at_point"]

_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""ImageNet's colours, by which pictures are normalised where a model's folder does not say how."""


@dataclass(frozen=True, slots=True)
class _Clicker:
    """A model, the side of the square that it sees, and how a picture becomes that."""

    model: Any
    side: int
    padded: bool  # the picture keeps its proportion, with nothing behind it; else it is stretched
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def size(self, width: int, height: int) -> tuple[int, int]:
        """How large a picture is in what the model sees: width, height."""
        if not self.padded:
            return self.side, self.side
        scale = self.side / max(width, height)
        return max(1, round(width * scale)), max(1, round(height * scale))

    def seen(self, image: Image.Image, size: tuple[int, int]) -> torch.Tensor:
        """The picture as the model sees it, (1, 3, side, side)."""
        small = np.asarray(image.convert("RGB").resize(size, Image.Resampling.BILINEAR), dtype=np.float32)
        colours = (torch.from_numpy(small) / 255 - torch.tensor(self.mean)) / torch.tensor(self.std)
        whole = torch.zeros(1, 3, self.side, self.side)
        whole[0, :, : size[1], : size[0]] = colours.movedim(-1, 0)
        return whole


def at_point(entry: SegmenterEntry, image: Image.Image, point: tuple[float, float]) -> Image.Image:
    """A mask of the picture's size: the thing at a point, in shares of the sides, as the model sees it.

    Of its answers that of which it is surest. Raises NotFound where it sees none, and ModelUnavailable.
    """
    clicker = _loaded(entry)
    width, height = clicker.size(*image.size)
    with torch.no_grad():
        said = clicker.model(
            pixel_values=clicker.seen(image, (width, height)),
            input_points=torch.tensor([[[[point[0] * width, point[1] * height]]]]),
            input_labels=torch.ones(1, 1, 1, dtype=torch.long),
            multimask_output=True,
        )
    masks = said.pred_masks.float().reshape(-1, 1, *said.pred_masks.shape[-2:])
    best = masks[int(said.iou_scores.reshape(-1).argmax())][None]
    square = interpolate(best, (clicker.side, clicker.side), mode="bilinear", align_corners=False)
    there = interpolate(
        square[..., :height, :width], (image.height, image.width), mode="bilinear", align_corners=False
    )
    found = there[0, 0] > 0
    if not bool(found.any()):
        raise NotFound("Nothing was found at that place. Click beside it, or paint over it.")
    return Image.fromarray((found.byte() * 255).numpy())


@lru_cache(maxsize=1)
def _loaded(entry: SegmenterEntry) -> _Clicker:
    with loading(entry) as source:
        model = AutoModelForMaskGeneration.from_pretrained(**source).eval()
        said: Mapping[str, Any] = get_image_processor_config(
            source["pretrained_model_name_or_path"], revision=source.get("revision")
        )
    side = model.config.prompt_encoder_config.image_size
    return _Clicker(
        model=model,
        side=max(side) if isinstance(side, Sequence) else side,
        padded="longest_edge" in (said.get("size") or {}),
        mean=tuple(said.get("image_mean") or _MEAN),
        std=tuple(said.get("image_std") or _STD),
    )
