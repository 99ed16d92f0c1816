"""The fixed linear latents that the denoiser works in: patches of a quarter-size picture on their main axes.

Being linear and fitted in a second, they need no training: the encoder computes them exactly
(`pocket/model/linear_encoder.py`), the decoder learns to write pictures from them.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from safetensors.torch import load_file, save_file
from torch import Tensor

from pocket.model.architecture import LATENT_CHANNELS, LATENT_FACTOR
from pocket.world.draw import draw
from pocket.world.scenes import Scene, random_scene

PATCH = 4  # a latent cell is 4×4 pixels of the quarter-size picture, 16×16 of the picture
EVENNESS = 0.25  # 0: every channel has equal variance; 1: variances as they are in pictures


@dataclass(frozen=True, slots=True)
class Axes:
    """The linear map: `mean` (48,) and `basis` (48, 24), `inverse` (24, 48)."""

    mean: Tensor
    basis: Tensor
    inverse: Tensor

    def encode(self, small: Tensor) -> Tensor:
        """Quarter-size pictures (n, 3, 4h, 4w) in −1…1 → latents (n, 24, h, w), variance about 1."""
        n, _, height, width = small.shape
        patches = F.unfold(small.float(), PATCH, stride=PATCH).transpose(1, 2)
        z = (patches - self.mean.to(small.device)) @ self.basis.to(small.device)
        return z.transpose(1, 2).reshape(n, -1, height // PATCH, width // PATCH)

    def read(self, pictures: Tensor) -> Tensor:
        """Full-size pictures (n, 3, 16h, 16w) in −1…1 → latents (n, 24, h, w)."""
        return self.encode(F.avg_pool2d(pictures, LATENT_FACTOR // PATCH))

    def decode(self, latents: Tensor) -> Tensor:
        """Latents → quarter-size pictures (the linear approximation)."""
        h, w = latents.shape[2:]
        patches = latents.flatten(2).transpose(1, 2) @ self.inverse + self.mean
        return F.fold(patches.transpose(1, 2), (h * PATCH, w * PATCH), PATCH, stride=PATCH)

    def weights(self) -> Tensor:
        """How much an error in each channel shows in the picture (24,), 1 on average."""
        seen = self.inverse.norm(dim=1)
        return seen / seen.mean()

    def save(self, file: Path) -> None:
        """Write the map as safetensors."""
        save_file({name: value.contiguous() for name, value in asdict(self).items()}, file)

    @classmethod
    def load(cls, file: Path) -> "Axes":
        """Read what `save` wrote."""
        return cls(**load_file(file))


def fit_axes(pictures: Tensor) -> Axes:
    """Main axes of the patches of quarter-size pictures (n, 3, h, w) in −1…1."""
    patches = F.unfold(pictures.float(), PATCH, stride=PATCH).transpose(1, 2).reshape(-1, 3 * PATCH * PATCH)
    mean = patches.mean(0)
    variances, vectors = torch.linalg.eigh(torch.cov((patches - mean).double().T))
    order = variances.argsort(descending=True)[:LATENT_CHANNELS]
    variances, vectors = variances[order].float(), vectors[:, order].float()
    wanted = variances**EVENNESS
    wanted = wanted / wanted.mean()
    scale = (wanted / variances).sqrt()
    return Axes(mean, vectors * scale, (vectors / scale).T)


def as_tensor(pictures: np.ndarray) -> Tensor:
    """Pictures (n, h, w, 3) of bytes → (n, 3, h, w) in −1…1."""
    return levels(torch.from_numpy(pictures).permute(0, 3, 1, 2))


def levels(pictures: Tensor) -> Tensor:
    """Bytes → −1…1, any shape."""
    return pictures.float() / 127.5 - 1.0


def small_picture(
    scene: Scene, width: int, height: int, rng: Random, layout: int | None = None
) -> np.ndarray:
    """The quarter-size picture of a scene meant for `width`×`height` pixels, as bytes."""
    return np.array(draw(scene, width // 4, height // 4, rng, fine=4, layout=layout))


def fit_on_scenes(seed: int = 0, n: int = 2000) -> Axes:
    """The axes of the scenes themselves."""
    rng = Random(seed)
    return fit_axes(as_tensor(np.stack([small_picture(random_scene(rng), 256, 256, rng) for _ in range(n)])))
