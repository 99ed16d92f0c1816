"""Upscalers by weights: the picture stays the picture; without the extra there is one sentence."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from engine.drawing.enlarging import Enlarger
from engine.errors import ModelUnavailable, UnknownModel
from engine.pictures.psnr import psnr
from engine.pictures.upscale import corrected
from engine.planning.registry import Registry

LIST = """
[[upscaler]]
name = "tiny"
title = "Tiny"
source = "./weights"
file = "tiny.safetensors"
"""


def picture(width: int = 40, height: int = 28) -> Image.Image:
    ramp = np.linspace(0, 255, width * height * 3).reshape(height, width, 3)
    return Image.fromarray(ramp.astype(np.uint8))


def registry(folder: Path) -> Registry:
    (folder / "own.toml").write_text(LIST)
    return Registry.load(extra=folder / "own.toml")


def halved(large: Image.Image) -> np.ndarray:
    return np.asarray(large.reduce(2), dtype=float)


class Sharper(torch.nn.Module):
    """Stands where an upscaler's weights do: four times as large, and far too bright."""

    scale = 4

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.interpolate(pixels, scale_factor=4) + 0.2


def with_weights(folder: Path) -> Enlarger:
    enlarger = Enlarger(registry(folder).upscaler("tiny"), "cpu")
    enlarger._model = Sharper()
    return enlarger


def test_what_is_enlarged_is_the_very_picture_when_halved(tmp_path: Path) -> None:
    small = picture()
    large = with_weights(tmp_path)(small)
    assert large.size == (80, 56)
    assert psnr(halved(large), small) >= 30


def test_pieces_join_without_a_seam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = with_weights(tmp_path)(picture())
    monkeypatch.setattr("engine.drawing.enlarging._TILE", 16)
    assert with_weights(tmp_path)(picture()).tobytes() == whole.tobytes()


def test_a_corrected_picture_is_changed_where_it_was_wrong_only() -> None:
    small = picture()
    right = small.resize((80, 56), Image.Resampling.NEAREST)
    assert corrected(right, small).tobytes() == right.tobytes()


def test_an_upscaler_without_weights_or_with_damaged_ones_is_one_sentence(tmp_path: Path) -> None:
    entry = registry(tmp_path).upscaler("tiny")
    assert not entry.on_this_machine()
    with pytest.raises(ModelUnavailable, match="not on this machine"):
        Enlarger(entry, "cpu")(picture())
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights/tiny.safetensors").write_bytes(b"nothing")
    assert entry.on_this_machine()
    says = "easel.upscalers" if importlib.util.find_spec("spandrel") is None else "could not be read"
    with pytest.raises(ModelUnavailable, match=says):
        Enlarger(entry, "cpu")(picture())
    with pytest.raises(UnknownModel, match="tiny"):
        registry(tmp_path).upscaler("other")


@pytest.mark.parametrize("scale", [2, 4])
def test_esrgan_is_recognised_by_its_tensors(tmp_path: Path, scale: int) -> None:
    pytest.importorskip("spandrel", reason="the extra `upscalers` is not installed")
    from spandrel.architectures.ESRGAN.__arch.RRDB import RRDBNet

    network = RRDBNet(in_nc=3, out_nc=3, num_filters=8, num_blocks=1, scale=scale)
    (tmp_path / "weights").mkdir()
    save_file(dict(network.state_dict()), tmp_path / "weights/tiny.safetensors")
    large = Enlarger(registry(tmp_path).upscaler("tiny"), "cpu")(picture())
    assert psnr(halved(large), picture()) >= 30
