"""The embedded model's control: what it is shown, and what it learns from."""

from random import Random

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from PIL import Image

from pocket.judging.judge import look
from pocket.model.architecture import make_unet
from pocket.model.control import make_control
from pocket.training.control import another_look
from pocket.world.draw import draw
from pocket.world.scenes import Scene, Thing


def test_nothing_of_a_map_is_lost_on_its_way_in_and_the_beginning_adds_nothing() -> None:
    control = make_control(make_unet())
    reading = control.controlnet_cond_embedding
    shown = (torch.rand(1, 1, 64, 96, generator=torch.Generator().manual_seed(1)) > 0.8).float()
    with torch.no_grad():
        seen = F.silu(reading.conv_in(shown.expand(-1, 3, -1, -1)))
        for layer in reading.blocks[:4]:
            seen = F.silu(layer(seen))
        down, middle = control(
            torch.randn(1, 24, 4, 6),
            500,
            torch.randn(1, 32, 128),
            shown.expand(-1, 3, -1, -1),
            return_dict=False,
        )
    wanted = F.pixel_unshuffle(shown, 4)
    assert torch.allclose(seen.sort(1).values, wanted.sort(1).values, atol=1e-4)
    assert not any(part.any() for part in (*down, middle))


def test_another_look_keeps_what_stands_where() -> None:
    scene = Scene((Thing("house", "red"), Thing("star", "yellow")), "grass", relation="left")
    other = another_look(scene, Random(3))
    assert [(t.kind, t.count) for t in other.things] == [("house", 1), ("star", 1)]
    first = draw(scene, 256, 256, Random(5), layout=1)
    second = draw(Scene(scene.things, "plain", "pink", "left"), 256, 256, Random(5), layout=1, like=scene)
    assert np.asarray(first).tobytes() != np.asarray(second).tobytes()
    for one, two in zip(_places(first), _places(second), strict=True):
        assert np.allclose(one, two, atol=0.03)


def _places(picture: Image.Image) -> list[tuple[float, float]]:
    return sorted((seen.x, seen.y) for seen in look(picture, kinds=False))
