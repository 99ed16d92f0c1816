"""A thing in a picture, found by words or by a place in it: a mask that a person goes on painting.

By the best that this machine has: a segmenter that reads words (CLIPSeg), one that is shown a place (the
Segment Anything kind), else what flat colours say. Runs on the CPU. Knows nothing of what the mask is for.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from PIL import Image
from transformers import AutoModelForMaskGeneration, AutoProcessor

from engine.errors import NotFound
from engine.pictures.decoding import load_input, to_png
from engine.planning.registry import DescriberEntry, Registry, SegmenterEntry
from engine.seeing.describe import captions
from engine.seeing.flat import named, touched
from engine.seeing.loading import loading
from engine.seeing.segment import located

__all__ = ["at_point", "selected"]


def selected(picture: bytes, registry: Registry, words: str, point: tuple[float, float] | None) -> bytes:
    """A PNG of the picture's size, white where ``words`` are, or the thing at ``point``.

    The point is in shares of the picture's sides. Raises NotFound, ModelUnavailable and BadPicture.
    """
    if words:
        segmenter = registry.segmenter()
        if segmenter is not None:
            return located(picture, words, segmenter.name, registry.segmenters)
        return to_png(_by_colours(load_input(picture), words, registry.describers))
    image = load_input(picture)
    x, y = point or (0.5, 0.5)
    clicker = registry.clicker()
    return to_png(touched(image, (x, y)) if clicker is None else at_point(clicker, image, (x, y)))


def at_point(entry: SegmenterEntry, image: Image.Image, point: tuple[float, float]) -> Image.Image:
    """The thing at a point as the model sees it: of its answers that of which it is surest."""
    model, processor = _loaded(entry)
    place = [[[[point[0] * (image.width - 1), point[1] * (image.height - 1)]]]]
    inputs = processor(images=image, input_points=place, input_labels=[[[1]]], return_tensors="pt")
    with torch.no_grad():
        said = model(**inputs, multimask_output=True)
    masks = processor.post_process_masks(said.pred_masks.cpu(), inputs["original_sizes"])[0][0]
    best = int(said.iou_scores.reshape(-1).argmax())
    return Image.fromarray((np.asarray(masks[best]) > 0).astype(np.uint8) * 255)


def _by_colours(image: Image.Image, words: str, describers: Sequence[DescriberEntry]) -> Image.Image:
    mask = named(image, words, captions(image, describers))
    if mask is None:
        raise NotFound(f"“{words}” was not found in the picture. Name it otherwise, or paint over it.")
    return mask


@lru_cache(maxsize=1)
def _loaded(entry: SegmenterEntry) -> tuple[Any, Any]:
    with loading(entry) as source:
        return AutoModelForMaskGeneration.from_pretrained(**source).eval(), AutoProcessor.from_pretrained(
            **source
        )
