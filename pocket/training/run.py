"""One training run on disk: checkpoints, the loss log, the progress bar. Knows nothing of what is trained."""

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from torch import Tensor, nn

from pocket.training.muon import Together


@dataclass(frozen=True, slots=True)
class Schedule:
    """Learning rate up over `warm` steps, level, then down to nothing over the last share `fall`."""

    steps: int
    rate: float
    warm: int = 100
    fall: float = 0.3

    def rate_at(self, step: int) -> float:
        """The learning rate at a step."""
        left = (self.steps - step) / max(1.0, self.fall * self.steps)
        down = 0.5 - 0.5 * math.cos(math.pi * min(1.0, left))
        return self.rate * min(1.0, (step + 1) / self.warm) * max(0.01, down)


class Average:
    """A running average of a module's weights, which draws better than the weights themselves."""

    def __init__(self, module: nn.Module, keep: float) -> None:
        self.keep = keep
        self.weights = {k: v.detach().clone() for k, v in module.state_dict().items()}

    @torch.no_grad()
    def update(self, module: nn.Module, step: int) -> None:
        """Move towards the module's weights; faster at the beginning."""
        keep = min(self.keep, (1 + step) / (10 + step))
        for name, value in module.state_dict().items():
            mine = self.weights[name]
            if mine.is_floating_point():
                mine.lerp_(value, 1 - keep)
            else:
                mine.copy_(value)


def train(
    name: str,
    folder: Path,
    module: nn.Module,
    schedule: Schedule,
    loss_at: Callable[[int], Tensor],
    *,
    keep: float = 0.999,
    save_seconds: float = 120,
    sample: Callable[[dict[str, Tensor], int], None] | None = None,
    sample_seconds: float = 600,
    muon: bool = False,
) -> dict[str, Tensor]:
    """Run (or take up again) one stage; returns the averaged weights.

    `loss_at(step)` must depend on the step alone: then a run that was stopped goes on as if never stopped.
    `muon` trains the matrices with Muon instead of AdamW: fewer steps, each a little longer.
    Writes `<name>.pt` (checkpoint) and `<name>.jsonl` (loss) under `folder`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / f"{name}.pt"
    optimiser = (
        Together(module, schedule.rate)
        if muon
        else torch.optim.AdamW(module.parameters(), schedule.rate, betas=(0.9, 0.99), weight_decay=0.01)
    )
    average, first = Average(module, keep), 0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True, map_location=next(module.parameters()).device)
        module.load_state_dict(state["module"])
        optimiser.load_state_dict(state["optimiser"])
        average.weights, first = state["average"], state["step"]

    def save(step: int) -> None:
        state = {"module": module.state_dict(), "average": average.weights, "step": step}
        torch.save({**state, "optimiser": optimiser.state_dict()}, checkpoint.with_suffix(".new"))
        checkpoint.with_suffix(".new").replace(checkpoint)

    saved = sampled = time.monotonic()
    recent: list[float] = []
    with _bar() as bar, (folder / f"{name}.jsonl").open("a") as log:
        task = bar.add_task(name, total=schedule.steps, completed=first, loss="")
        for step in range(first, schedule.steps):
            for group in optimiser.param_groups:
                group["lr"] = schedule.rate_at(step)
            loss = loss_at(step)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(module.parameters(), 1.0)
            optimiser.step()
            average.update(module, step)
            recent.append(loss.item())
            bar.update(task, completed=step + 1, loss=f"loss {sum(recent) / len(recent):.4f}")
            if (step + 1) % 50 == 0:
                log.write(
                    json.dumps({"step": step + 1, "loss": sum(recent) / len(recent), "time": time.time()})
                    + "\n"
                )
                log.flush()
                recent = []
            if time.monotonic() - saved > save_seconds:
                save(step + 1)
                saved = time.monotonic()
            if sample and time.monotonic() - sampled > sample_seconds:
                sample(average.weights, step + 1)
                sampled = time.monotonic()
        if first < schedule.steps:
            save(schedule.steps)
    return average.weights


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[loss]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
