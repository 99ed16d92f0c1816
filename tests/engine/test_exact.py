"""Which sizes of forward give a row equal bits: found out on a module, kept for the machine, not guessed."""

from pathlib import Path

import pytest
import torch
from torch import nn

from engine.sharing.batching import Batcher, Task, install
from engine.sharing.exact import Exact, steady


class Toy(nn.Module):
    """Its rows have other last bits in forwards of fewer rows than ``least``; ``sizes`` are those it had."""

    def __init__(self, least: int, weights: int = 1) -> None:
        super().__init__()
        self.least = least
        self.sizes: list[int] = []
        self.weights = nn.Parameter(torch.zeros(weights))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor]:
        self.sizes.append(len(x))
        return (x * (1 + 1e-6) if len(x) < self.least else x,)


def rendered(module: nn.Module, rows: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """What a task gets that calls ``module`` with so many rows."""
    task = Task(lambda: module(torch.arange(1.0, 3 * rows + 1).reshape(rows, 3).to(dtype))[0])
    task.resume()
    batcher = Batcher()
    while task.call is not None:
        batcher.run([task.call])
    assert task.error is None
    value: torch.Tensor = task.value
    return value


@pytest.mark.parametrize(
    ("least", "sizes"), [(1, (1, 2, 4, 8)), (2, (2, 4, 8)), (4, (4, 8)), (8, (8,)), (9, (1, 2, 4, 8))]
)
def test_only_sizes_whose_bits_agree_with_the_largest_are_used(least: int, sizes: tuple[int, ...]) -> None:
    toy = Toy(least)
    install(toy, "toy", Exact())
    for rows in (1, 2, 3, 5, 8):
        toy.sizes.clear()
        rendered(toy, rows)
        assert toy.sizes[-1] == min(size for size in sizes if size >= rows)


@pytest.mark.parametrize(("rows", "size"), [(2, 4), (10, 16), (33, 48), (64, 64)])
def test_what_multiplies_fast_is_tried_with_many_rows(rows: int, size: int) -> None:
    toy = Toy(0)
    toy.forward = lambda x: (x * (1.01 if len(x) < 3 else 1.0),)  # type: ignore[method-assign]
    install(toy, "toy", Exact())
    sizes: list[int] = []
    toy.register_forward_hook(lambda module, given, made: sizes.append(len(given[0])))
    rendered(toy, rows, torch.bfloat16)
    assert sizes[-1] == size


@pytest.mark.parametrize(("agreeing", "sizes"), [(64, [24]), (20, [16, 4]), (9, [8, 8, 4])])
def test_more_rows_than_a_grid_has_only_where_their_bits_are_a_grids(agreeing: int, sizes: list[int]) -> None:
    toy = Toy(0)
    toy.forward = lambda x: (x * (1.01 if len(x) > agreeing else 1.0),)  # type: ignore[method-assign]
    install(toy, "toy", Exact())
    seen: list[int] = []
    toy.register_forward_hook(lambda module, given, made: seen.append(len(given[0])))
    assert torch.equal(rendered(toy, 20), torch.arange(1.0, 61).reshape(20, 3))
    assert seen[-len(sizes) :] == sizes


def test_rows_of_a_model_so_heavy_that_company_brings_nothing_are_computed_alone() -> None:
    heavy = Toy(1, weights=0)
    heavy.weights = nn.Parameter(torch.zeros(1).expand(10**12), requires_grad=False)
    install(heavy, "heavy", Exact())
    assert torch.equal(rendered(heavy, 5), torch.arange(1.0, 16).reshape(5, 3))
    assert heavy.sizes == [1] * 5


def test_what_was_found_is_kept_for_the_next_start(tmp_path: Path) -> None:
    kept = tmp_path / "machine.json"
    for first in (True, False):
        toy = Toy(4)
        install(toy, "toy", Exact(kept))
        rendered(toy, 2)
        assert (len(toy.sizes) > 1) == first
        assert toy.sizes[-1] == 4


@pytest.mark.parametrize("text", ["", "[1]", '{"a": 3}', "{", "null"])
def test_a_file_that_cannot_be_read_costs_the_finding_out_and_nothing_else(tmp_path: Path, text: str) -> None:
    kept = tmp_path / "machine.json"
    kept.write_text(text)
    toy = Toy(2)
    install(toy, "toy", Exact(kept))
    rendered(toy, 3)
    assert toy.sizes[-1] == 4
    assert "toy" in kept.read_text()


def test_another_shape_and_another_model_are_found_out_anew() -> None:
    exact = Exact()
    first, second = Toy(1), Toy(4)
    install(first, "first", exact)
    install(second, "second", exact)
    rendered(first, 1)
    rendered(second, 1)
    assert (first.sizes[-1], second.sizes[-1]) == (1, 4)


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_a_steady_layer_gives_few_rows_the_bits_of_many(rows: int) -> None:
    torch.manual_seed(0)
    layer = nn.Sequential(nn.Linear(320, 1280), nn.SiLU(), nn.Linear(1280, 320))
    steady(layer)
    x = torch.randn(8, 320)
    with torch.no_grad():
        assert torch.equal(layer(x[:rows]), layer(x)[:rows])


@pytest.mark.parametrize(("wide", "narrow"), [(512, 128), (640, 160)])
def test_a_steady_layer_in_bfloat16_gives_few_tokens_the_bits_of_many(wide: int, narrow: int) -> None:
    torch.manual_seed(0)
    layer = nn.Sequential(nn.Linear(wide, narrow)).to(torch.bfloat16)
    steady(layer)
    x = torch.randn(64, 16, wide).to(torch.bfloat16)
    with torch.no_grad():
        many = layer(x)
        for rows in (1, 2, 3, 4, 6, 8, 9, 12, 16, 33):
            assert torch.equal(layer(x[:rows]), many[:rows]), rows


def test_a_layer_that_is_given_tokens_is_from_then_on_as_it_was() -> None:
    layer = nn.Sequential(nn.Linear(64, 64))
    steady(layer)
    with torch.no_grad():
        layer(torch.randn(3, 64))
        assert type(layer[0]) is not nn.Linear
        layer(torch.randn(2, 5, 64))
    assert type(layer[0]) is nn.Linear
