"""How explicit a picture is, from 0 to 1: one interface, whichever classifier the operator has chosen.

A classifier is NudeNet (the extra `nudenet`, whose weights come along) or a folder with a model for image
classification in the transformers format. It is loaded at the first picture; where that fails no picture is
let through. Knows nothing of where a picture will be shown, or of who draws the line.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from PIL import Image

from engine.errors import ModelUnavailable

__all__ = ["NUDENET", "Classifier", "Scores", "classifier_of"]

NUDENET = "nudenet"

_HARMLESS = {"normal", "safe", "sfw", "neutral", "drawings", "drawing"}
"""Labels of classes that anybody may see; what is not in them adds up to a picture's score."""
_EXPLICIT = {"nsfw", "unsafe", "explicit", "porn", "hentai", "sexy", "nude", "gore"}
"""Labels of those that not everybody may, for a model that names no harmless class."""
_EXPOSED = (
    *("FEMALE_GENITALIA_EXPOSED", "MALE_GENITALIA_EXPOSED", "ANUS_EXPOSED"),
    *("FEMALE_BREAST_EXPOSED", "BUTTOCKS_EXPOSED"),
)
"""What NudeNet finds that counts; the score is that of the surest find."""


class Scores(Protocol):
    """What a classifier says of RGB pictures: a number from 0 to 1 for each."""

    def __call__(self, pictures: Sequence[Image.Image], /) -> list[float]:
        """The scores, in order. Raises ModelUnavailable."""


class Classifier:
    """A classifier by its name for people, loaded when it is first asked."""

    def __init__(self, name: str, where: str) -> None:
        self.name = name
        self._where = where
        self._scores: Scores | None = None

    def scores(self, pictures: Sequence[Image.Image]) -> list[float]:
        """How explicit each RGB picture is, 0 to 1. Raises ModelUnavailable: nobody may show it then."""
        if self._scores is None:
            self._scores = _nudenet() if self._where == NUDENET else _Folder(Path(self._where))
        return [min(1.0, max(0.0, score)) for score in self._scores(pictures)]


def classifier_of(chosen: str) -> Classifier | None:
    """The one that the operator chose: `nudenet`, or a folder; None for ""."""
    if not chosen:
        return None
    return Classifier("NudeNet" if chosen == NUDENET else "The picture classifier", chosen)


class _Folder:
    """A model for image classification from a folder, on the processor: its pictures are small."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoModelForImageClassification  # for speed: only where one is chosen

        try:
            model: Any = AutoModelForImageClassification.from_pretrained(folder, local_files_only=True)
            said = json.loads((folder / "preprocessor_config.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ModelUnavailable(f"The picture classifier cannot be read from {folder}.") from error
        self._model = model.eval()
        self._size = _size(said.get("size"), getattr(model.config, "image_size", 224))
        self._mean, self._std = (
            torch.tensor(said.get(name) or [0.5, 0.5, 0.5]).reshape(3, 1, 1)
            for name in ("image_mean", "image_std")
        )
        labels = {int(at): str(label).lower() for at, label in model.config.id2label.items()}
        self._harmless = [at for at, label in labels.items() if label in _HARMLESS]
        self._explicit = [at for at, label in labels.items() if label in _EXPLICIT]
        if not self._harmless and not self._explicit:
            raise ModelUnavailable(
                f"The picture classifier in {folder} has no class that says what may be shown; it has"
                f" {', '.join(list(labels.values())[:8])}."
            )

    def __call__(self, pictures: Sequence[Image.Image]) -> list[float]:
        pixels = [
            np.asarray(picture.convert("RGB").resize(self._size, Image.Resampling.BILINEAR), np.float32)
            for picture in pictures
        ]
        rows = torch.from_numpy(np.stack(pixels)).movedim(-1, 1) / 255
        with torch.no_grad():
            shares = self._model((rows - self._mean) / self._std).logits.float().softmax(-1)
        harmless, explicit = (shares[:, some].sum(-1) for some in (self._harmless, self._explicit))
        return [float(score) for score in (1 - harmless if self._harmless else explicit)]


def _size(said: Any, usual: Any) -> tuple[int, int]:
    """Width and height that a model looks at, as its settings write it."""
    if isinstance(said, Mapping):
        sides = [said.get(name, said.get("shortest_edge")) for name in ("width", "height")]
    else:
        sides = [said, said]
    wide, high = (int(side) if isinstance(side, int) else int(usual) for side in sides)
    return wide, high


def _nudenet() -> Scores:
    try:
        detector = importlib.import_module("nudenet").NudeDetector()
    except ImportError as error:
        raise ModelUnavailable("NudeNet is not installed: `pip install 'easel[nudenet]'`.") from error

    def scores(pictures: Sequence[Image.Image], /) -> list[float]:
        return [_surest(detector.detect(np.asarray(each.convert("RGB"))[..., ::-1])) for each in pictures]

    return scores


def _surest(finds: Sequence[Mapping[str, Any]]) -> float:
    return max((float(find["score"]) for find in finds if find["class"] in _EXPOSED), default=0.0)
