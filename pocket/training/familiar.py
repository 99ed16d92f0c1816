"""What drawn scenes look like to the describer: so it can tell when a picture is of another world.

The features of a picture are the mean and the spread of the describer's patches; those of many scenes have a
centre and a shape, and how far a picture lies from the centre, measured by that shape, is its distance.
"""

from pathlib import Path
from random import Random

import torch
from safetensors.torch import save_file
from torch import Tensor
from transformers import VisionEncoderDecoderModel
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

from pocket.world.draw import draw
from pocket.world.scenes import SIZES_OF_PICTURES, random_scene

FILE = "familiar.safetensors"
SCENES, HELD_OUT = 3000, 1000  # drawn for the fit, and for its limits
INSIDE = 0.98  # share of held-out scenes that lie within the limit
_RIDGE = 1e-3  # of the mean variance: directions in which scenes hardly differ must not decide


def features(model: VisionEncoderDecoderModel, pixels: Tensor) -> Tensor:
    """(pictures, 2 × width): mean and standard deviation of each feature over the patches."""
    with torch.no_grad():
        patches = model.encoder(pixels.to(model.dtype)).last_hidden_state.float()
    return torch.cat([patches.mean(1), patches.std(1)], dim=1)


def fit(model: VisionEncoderDecoderModel, prepare: ViTImageProcessorPil, seed: int) -> dict[str, Tensor]:
    """`mean` (d,), `whitening` (d, d) and `limit` (): a distance is |whitening · (features − mean)|."""
    rng = Random(f"{seed}/familiar")
    rows = []
    for _ in range(SCENES + HELD_OUT):
        width, height = rng.choice(list(SIZES_OF_PICTURES.values()))
        picture = draw(random_scene(rng, train=False), width, height, rng)
        rows.append(features(model, prepare(images=picture, return_tensors="pt").pixel_values))
    seen, unseen = torch.cat(rows).double().split([SCENES, HELD_OUT])
    mean = seen.mean(0)
    spread = torch.cov(seen.T)
    spread += _RIDGE * spread.diagonal().mean() * torch.eye(len(spread))
    # halves: 130 KB rather than half a megabyte, and distances that differ in the third digit
    whitening = torch.linalg.cholesky(torch.linalg.inv(spread)).T.contiguous().half()
    distances = ((unseen - mean) @ whitening.double().T).norm(dim=1)
    limit = torch.quantile(distances, INSIDE)
    return {"mean": mean.float(), "whitening": whitening, "limit": limit.float()}


def write(folder: Path, seed: int) -> None:
    """Fit to the describer in a folder, and put the file beside it."""
    model = VisionEncoderDecoderModel.from_pretrained(folder).float().eval()
    save_file(fit(model, ViTImageProcessorPil.from_pretrained(folder), seed), folder / FILE)


if __name__ == "__main__":
    write(Path(__file__).parents[1] / "describer", seed=0)
