"""Training can be stopped and taken up again."""

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from pocket.training.run import Schedule, train


def _fit(folder: Path, stop: int) -> dict[str, Tensor]:
    torch.manual_seed(0)
    module = nn.Linear(4, 1)

    def loss_at(step: int) -> Tensor:
        if step == stop:
            raise KeyboardInterrupt
        x = torch.randn(16, 4, generator=torch.Generator().manual_seed(step))
        return ((module(x) - x.sum(1, keepdim=True)) ** 2).mean()

    return train("fit", folder, module, Schedule(100, 0.05, warm=5), loss_at, keep=0.9, save_seconds=0)


def test_a_run_that_was_stopped_ends_where_an_unbroken_one_does(tmp_path: Path) -> None:
    unbroken = _fit(tmp_path / "a", stop=-1)
    with pytest.raises(KeyboardInterrupt):
        _fit(tmp_path / "b", stop=60)
    resumed = _fit(tmp_path / "b", stop=-1)
    assert all(torch.equal(unbroken[name], resumed[name]) for name in unbroken)


def test_the_loss_log_falls_and_a_finished_run_is_not_run_again(tmp_path: Path) -> None:
    first = _fit(tmp_path, stop=-1)
    losses = [json.loads(line)["loss"] for line in (tmp_path / "fit.jsonl").read_text().splitlines()]
    assert losses[-1] < 0.2 * losses[0]
    again = _fit(tmp_path, stop=0)
    assert all(torch.equal(first[name], again[name]) for name in first)


def test_the_rate_warms_up_stays_and_falls() -> None:
    schedule = Schedule(1000, 1e-3, warm=100, fall=0.3)
    assert schedule.rate_at(0) == pytest.approx(1e-5)
    assert schedule.rate_at(500) == pytest.approx(1e-3)
    assert schedule.rate_at(999) < 2e-5
