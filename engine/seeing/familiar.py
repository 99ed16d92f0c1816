"""Whether a picture is like those that a describer was trained on: how far its features lie from theirs.

The describer's folder brings the measure along (`familiar.safetensors`): the centre of the features of many
training pictures, their shape, and the distance within which nearly all of them lie. How likely its words are
to the describer itself says nothing: of photographs it is as certain as of drawn scenes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

__all__ = ["Familiar"]

_FILE = "familiar.safetensors"


@dataclass(frozen=True, slots=True, eq=False)
class Familiar:
    """`mean` (d,), `whitening` (d, d) and the `limit` of |whitening · (features − mean)|.

    The d features are the mean and the standard deviation of each of d / 2 channels over a picture's patches.
    """

    mean: Tensor
    whitening: Tensor
    limit: float

    @classmethod
    def beside(cls, folder: Path) -> Familiar | None:
        """The measure in a describer's folder, None where there is none."""
        file = folder / _FILE
        if not file.is_file():
            return None
        found = load_file(file)
        return cls(found["mean"].float(), found["whitening"].float(), float(found["limit"]))

    def distance(self, patches: Tensor) -> float:
        """How far a picture lies from the centre; ``patches`` (1, patches, d / 2) are its encoder's."""
        seen = patches.float()[0]
        features = torch.cat([seen.mean(0), seen.std(0)])
        return float((self.whitening @ (features - self.mean)).norm())

    def holds(self, patches: Tensor) -> bool:
        """Whether the picture lies within the limit."""
        return self.distance(patches) <= self.limit
