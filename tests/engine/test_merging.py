"""A layer that computes rows with weights of their own gives what two thin products beside it add."""

import pytest
import torch
from torch import nn

from engine.drawing.seamless import circular
from engine.sharing.adapters import Adapter, beside
from engine.sharing.low_rank import LowRank

LAYERS = {
    "tokens": nn.Linear(24, 40),
    "pixels": nn.Conv2d(24, 40, 3, padding=1).to(memory_format=torch.channels_last),
    "shortcut": nn.Conv2d(24, 40, 1).to(memory_format=torch.channels_last),
    "strided": nn.Conv2d(24, 40, 3, 2, 1),
}


@pytest.fixture(params=sorted(LAYERS))
def layer(request: pytest.FixtureRequest) -> nn.Module:
    found: nn.Module = LAYERS[request.param]
    return found.requires_grad_(False)


def lora(layer: nn.Module, name: str) -> Adapter:
    chance = torch.Generator().manual_seed(len(name))
    kernel = layer.weight.shape[2:]
    down = torch.randn(4, 24, *kernel, generator=chance)
    up = torch.randn(40, 4, *[1] * len(kernel), generator=chance)
    return Adapter(name, {layer: LowRank(down, up)})


def given(layer: nn.Module, rows: int) -> torch.Tensor:
    shape = (rows, 24, 9, 6) if isinstance(layer, nn.Conv2d) else (rows, 7, 24)
    return torch.randn(*shape, generator=torch.Generator().manual_seed(3))


def added(layer: nn.Module, x: torch.Tensor, *shares: tuple[Adapter, float]) -> torch.Tensor:
    """What the layer gives with these, by the two products."""
    made = layer(x)
    for adapter, weight in shares:
        adapter.layers[layer].add(layer, x, torch.full((len(x),), weight), made)
    return made


def test_every_row_has_its_own(layer: nn.Module) -> None:
    ink, mist = lora(layer, "ink"), lora(layer, "mist")
    rows = [((ink, 0.5),), ((ink, 0.5),), (), ((mist, -1.0), (ink, 1.5)), ((mist, 2.0),)]
    x, before = given(layer, 5), layer.weight.clone()
    with beside(rows):
        together = layer(x)
    for row, shares in enumerate(rows):
        assert torch.allclose(together[row], added(layer, x[row : row + 1], *shares)[0], atol=1e-4)
    assert together.stride() == layer(x).stride()
    assert torch.equal(layer.weight, before)
    assert torch.equal(together[2:3], layer(x[2:3]))


def test_one_row_stands_for_all_and_edges_meet_where_a_picture_is_a_tile(layer: nn.Module) -> None:
    ink, x = lora(layer, "ink"), given(layer, 3)
    with circular([layer]):
        with beside([((ink, 0.7),)]):
            made = layer(x)
        assert torch.allclose(made, added(layer, x, (ink, 0.7)), atol=1e-4)
    if isinstance(layer, nn.Conv2d) and layer.padding == (1, 1):
        assert not torch.allclose(made, added(layer, x, (ink, 0.7)), atol=1e-2)


def test_in_given_sizes_a_row_is_the_same_in_any_company(layer: nn.Module) -> None:
    ink, mist, x = lora(layer, "ink"), lora(layer, "mist"), given(layer, 8)
    with beside([((ink, 1.0),)] * 3 + [((mist, 0.5),)] * 5, sizes=(2, 4, 8)):
        together = layer(x)
    with beside([((mist, 0.5),)] * 4, sizes=(2, 4, 8)):
        alone = layer(x[3:7])
    assert torch.allclose(together[3:7], alone, atol=1e-5)


def test_what_others_change_is_left_to_them(layer: nn.Module) -> None:
    ink, x = lora(layer, "ink"), given(layer, 2)
    plain = layer(x)
    vars(layer)["forward"] = lambda x: torch.zeros_like(plain)
    try:
        with beside([((ink, 1.0),)]):
            made = layer(x)
    finally:
        del vars(layer)["forward"]
    assert torch.allclose(made, added(layer, x, (ink, 1.0)) - plain, atol=1e-4)
    assert torch.equal(layer(x), plain)
