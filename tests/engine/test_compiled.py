"""torch.compile for real: a tiny module through inductor gives, for any rows, what it gives uncompiled."""

import shutil

import pytest
import torch
from torch import nn
from torch._dynamo.utils import counters

from engine.sharing.batching import Batcher, Task, install


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.map = nn.Linear(8, 8)

    def forward(self, x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        return torch.sin(self.map(x)) * t.reshape(-1, 1)


@pytest.mark.skipif(shutil.which("g++") is None, reason="inductor needs a compiler")
def test_a_module_compiled_once_gives_every_job_what_it_gets_uncompiled() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        plain, inputs = Small(), [torch.randn(rows, 8) for rows in (1, 2, 3, 1)]
    expected = [plain(x, torch.tensor(float(n))) for n, x in enumerate(inputs)]

    counters.clear()
    plain.compile(backend="inductor")
    install(plain, "small", compiled=True)
    tasks = [
        Task(lambda x=x, n=n: [plain(x, torch.tensor(float(n))) for _ in range(2)])
        for n, x in enumerate(inputs)
    ]
    batcher = Batcher()
    for task in tasks:
        task.resume()
    while calls := [task.call for task in tasks if task.call is not None]:
        batcher.run(calls)

    assert batcher.forwards == 2
    for task, value in zip(tasks, expected, strict=True):
        assert task.error is None
        for got in task.value:
            torch.testing.assert_close(got, value.detach(), atol=1e-5, rtol=1e-5)

    for rows in (2, 5, 9):  # of whatever size the next forwards are
        task = Task(lambda rows=rows: plain(torch.ones(rows, 8), torch.tensor(1.0)))
        task.resume()
        batcher.run([task.call])
        assert task.error is None
    assert counters["stats"]["unique_graphs"] == 1
