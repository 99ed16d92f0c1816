"""Recorded graphs: what is copied in and out, when one is made, and what happens where none can be."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from engine.sharing.batching import Batcher, Task, install
from engine.sharing.graphs import Graphs


def record(function: Callable[[], Any]) -> tuple[Callable[[], None], Any]:
    """As a GPU does it: every replay reads the same inputs and overwrites the same output."""
    output = function()

    def replay() -> None:
        output.copy_(function())

    return replay, output


def forward(leaves: Any) -> torch.Tensor:
    x, scale = leaves
    return x * scale


def test_from_the_third_forward_on_a_graph_gives_what_the_forward_gives() -> None:
    graphs = Graphs(record)
    inputs = [torch.full((2, 3), float(n)) for n in range(6)]
    outputs = [graphs.run("key", [x, 2.0], [True, False], forward) for x in inputs]
    assert graphs.recorded == 1
    for x, output in zip(inputs, outputs, strict=True):
        assert torch.equal(output, 2 * x)  # none is overwritten by the next


def test_each_key_has_a_graph_of_its_own_and_the_oldest_is_forgotten() -> None:
    graphs = Graphs(record)
    for rows in range(1, 41):
        for _ in range(3):
            x = torch.rand(rows, 2)
            assert torch.equal(graphs.run(rows, [x, 3.0], [True, False], forward), 3 * x)
    assert graphs.recorded == 40
    x = torch.rand(1, 2)
    assert torch.equal(graphs.run(1, [x, 3.0], [True, False], forward), 3 * x)
    assert graphs.recorded == 40  # the first was forgotten and runs as it is until it is seen again


def test_what_cannot_be_recorded_runs_as_it_is() -> None:
    def refuses(function: Callable[[], Any]) -> tuple[Callable[[], None], Any]:
        raise RuntimeError("operation not permitted when stream is capturing")

    graphs = Graphs(refuses)
    for _ in range(5):
        x = torch.rand(2, 2)
        assert torch.equal(graphs.run("key", [x, 2.0], [True, False], forward), 2 * x)
    assert graphs.recorded == 0


class Small(nn.Module):
    def forward(self, x: torch.Tensor, t: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        return x * t.reshape(-1, 1) + ids.sum()


@pytest.mark.parametrize("rounds", [5])
def test_jobs_that_share_a_recorded_forward_get_their_own_rows(rounds: int) -> None:
    module, graphs = Small(), Graphs(record)
    install(module, "small", graphs=graphs)
    ids = torch.arange(3)

    def job(start: float, rows: int) -> list[torch.Tensor]:
        return [module(torch.full((rows, 2), start + n), torch.tensor(10.0), ids) for n in range(rounds)]

    tasks = [Task(lambda start=start, rows=rows: job(start, rows)) for start, rows in ((1.0, 2), (7.0, 1))]
    batcher = Batcher()
    for task in tasks:
        task.resume()
    while calls := [task.call for task in tasks if task.call is not None]:
        batcher.run(calls)
    assert graphs.recorded == 1
    for task, (start, rows) in zip(tasks, ((1.0, 2), (7.0, 1)), strict=True):
        assert task.error is None
        for n, got in enumerate(task.value):
            assert torch.equal(got, torch.full((rows, 2), 10 * (start + n) + 3.0))
