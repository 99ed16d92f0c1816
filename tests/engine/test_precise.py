"""A decoder that overflows in half precision: the same latents are decoded again in float32."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from engine import EngineError, drawing
from engine.drawing import LoadedModel
from engine.drawing.precise import precise_vae
from tests.engine import tiny


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.folder("sd", tmp_path_factory.mktemp("tiny") / "sd")


def loaded(folder: Path, dtype: torch.dtype, louder: float = 1.0) -> LoadedModel:
    """The tiny model, what its decoder passes on from its first layer so many times as large."""
    model = drawing.load(tiny.entry("sd", folder), "cpu", dtype)
    with torch.no_grad():
        for weights in model.pipe.vae.decoder.conv_in.parameters():
            weights.mul_(louder)
    return model


def drawn(model: LoadedModel, **said: object) -> np.ndarray:
    told: list[int] = []
    plan = tiny.planned(model, **said)
    pictures = drawing.run(model, plan, [], lambda step, steps, latents: told.append(step))
    assert told == list(range(1, plan.steps + 1))  # the latents are kept: no step is run twice
    return np.stack([np.asarray(picture, dtype=float) for picture in pictures])


LOUD = 3e4


@pytest.mark.parametrize("said", [{}, {"tile": True}])
def test_pictures_that_overflow_in_float16_are_those_of_a_float32_decoder(
    folder: Path, said: dict[str, object]
) -> None:
    half, full = loaded(folder, torch.float16, LOUD), loaded(folder, torch.float32, LOUD)
    pictures = drawn(half, **said)
    assert np.abs(pictures - drawn(full, **said)).mean() < 2
    assert half.pipe.vae.dtype is torch.float16
    assert np.array_equal(pictures, drawn(half, **said))


class Dim(nn.Module):
    """A decoder that is black in float16 only."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))

    def decode(self, z: torch.Tensor, return_dict: bool = True) -> tuple[torch.Tensor]:
        level = 0.5 if self.weight.dtype is z.dtype is torch.float32 else -1.0
        return (torch.full((len(z), 3, 8, 8), level, dtype=z.dtype),)


def test_wholly_black_pictures_are_decoded_again_too() -> None:
    dim = Dim().half()
    (made,) = precise_vae(dim).decode(torch.zeros(2, 4, 1, 1).half(), return_dict=False)
    assert made.shape == (2, 3, 8, 8)
    assert float(made.min()) == 0.5
    assert dim.weight.dtype is torch.float16


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_what_is_black_by_a_model_that_overflows_nowhere_stays_so(folder: Path, dtype: torch.dtype) -> None:
    dark = loaded(folder, dtype)
    with torch.no_grad():
        dark.pipe.vae.decoder.conv_out.bias.fill_(-100)
    assert drawn(dark).max() == 0


def test_what_is_black_in_float32_as_well_is_a_clear_failure_of_float16(folder: Path) -> None:
    half = loaded(folder, torch.float16)
    with torch.no_grad():
        half.pipe.vae.decoder.conv_out.bias.fill_(-100)
    with pytest.raises(EngineError, match=r"wholly black.*`EASEL_PRECISION` to `bf16`"):
        drawn(half)


def test_latents_that_overflowed_are_a_clear_failure(folder: Path) -> None:
    half = loaded(folder, torch.float16, LOUD)
    with torch.no_grad():
        next(half.pipe.unet.parameters()).fill_(float("inf"))
    with pytest.raises(EngineError, match="EASEL_PRECISION"):
        drawn(half)
