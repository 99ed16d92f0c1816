"""Pictures that repeat: what the wrap-around does to a denoiser and a decoder, whatever they have learned."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from engine import drawing
from engine.drawing import LoadedModel
from engine.drawing.seamless import ForwardMode, Roll, calmest, circular, wrapping_vae
from tests.engine import tiny


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    folder: Path = tiny.folder("sd", tmp_path_factory.mktemp("sd"))
    return drawing.load(tiny.entry("sd", folder), "cpu")


def rolled(tensor: torch.Tensor, by: int) -> torch.Tensor:
    return torch.roll(tensor, (by, -by), dims=(-2, -1))


@torch.no_grad()
def test_a_wrapping_denoiser_knows_no_border(model: LoadedModel) -> None:
    (unet,) = model.denoisers
    latents = torch.randn(2, unet.config.in_channels, 16, 16, generator=torch.Generator().manual_seed(0))
    text = torch.randn(2, 5, unet.config.cross_attention_dim, generator=torch.Generator().manual_seed(1))

    def asked(x: torch.Tensor) -> torch.Tensor:
        answer: torch.Tensor = unet(x, torch.tensor(500), text, return_dict=False)[0]
        return answer

    plain = asked(latents)
    with ForwardMode(circular=True).applied(model):
        torch.testing.assert_close(asked(rolled(latents, 4)), rolled(asked(latents), 4), atol=1e-3, rtol=1e-3)
    assert not torch.allclose(asked(rolled(latents, 4)), rolled(plain, 4), atol=1e-2)
    assert torch.equal(asked(latents), plain)


@torch.no_grad()
def test_a_wrapping_decoder_knows_no_border_and_leaves_the_shared_one_alone(model: LoadedModel) -> None:
    vae = model.pipe.vae
    latents = torch.randn(1, vae.config.latent_channels, 6, 6, generator=torch.Generator().manual_seed(0))
    light = wrapping_vae(vae)
    factor = model.pipe.vae_scale_factor
    wrapped = light.decode(latents).sample
    torch.testing.assert_close(
        light.decode(rolled(latents, 2)).sample, rolled(wrapped, 2 * factor), atol=1e-3, rtol=1e-3
    )
    assert not torch.allclose(vae.decode(latents).sample, wrapped, atol=1e-3)


def test_the_wrap_ends_even_with_an_error(model: LoadedModel) -> None:
    with pytest.raises(RuntimeError, match="stop"), circular(model.denoisers):
        raise RuntimeError("stop")
    convolutions = [m for d in model.denoisers for m in d.modules() if isinstance(m, torch.nn.Conv2d)]
    assert {conv.padding_mode for conv in convolutions} == {"zeros"}


def test_the_border_is_put_where_the_picture_is_calm() -> None:
    busy = Image.new("RGB", (64, 48), "white")
    ImageDraw.Draw(busy).ellipse((-12, -12, 12, 12), fill="navy")
    for x, y in ((64, 0), (0, 48), (64, 48)):
        ImageDraw.Draw(busy).ellipse((x - 12, y - 12, x + 12, y + 12), fill="navy")
    calm = np.asarray(calmest(busy), dtype=int)
    assert sorted(map(tuple, calm.reshape(-1, 3))) == sorted(
        map(tuple, np.asarray(busy, dtype=int).reshape(-1, 3))
    )
    assert (calm[0] == 255).all()
    assert (calm[:, -1] == 255).all()


def test_a_roll_comes_back_and_moves_in_whole_patches() -> None:
    roll = Roll(seed=3)
    latents = torch.arange(2 * 1 * 8 * 12).reshape(2, 1, 8, 12).float()
    seen = set()
    for _ in range(20):
        moved = roll.on(latents)
        assert torch.equal(roll.back(moved), latents)
        row, column = divmod(int((moved[0, 0] == 0).nonzero()[0] @ torch.tensor([12, 1])), 12)
        assert row % 2 == column % 2 == 0
        seen.add((row, column))
    assert len(seen) > 5
