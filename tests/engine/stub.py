"""A program without diffusers: quick, deterministic, and as unruly as its prompt says. Also a worker process.

Prompts: "guilty" raises in its second step, "crash" ends the process there, "stall" stays there for ever,
"hungry" runs out of memory. The model "fatal" ends the process while it is loaded, and so does looking for a
region called "crash". Everything else becomes grey noise that depends on its seeds only.
"""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import torch
from PIL import Image
from torch import nn

from engine import (
    Action,
    BadPicture,
    Conditioning,
    Description,
    ModelEntry,
    ModelUnavailable,
    Plan,
    Registry,
)
from engine.planning.memory import Fit
from engine.process.program import Program
from engine.process.worker import main
from engine.sharing.batching import pause

SIDE = 32


class Denoiser(nn.Module):
    """Moves every pixel by its own wave; keeps how many rows each forward had, and in which mode it was."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))
        self.sizes: list[int] = []
        self.modes: list[bool] = []
        self.tiling = False
        self.spend: Callable[[int], None] = lambda rows: None

    def forward(self, x: torch.Tensor, t: torch.Tensor) -> tuple[torch.Tensor]:
        self.sizes.append(len(x))
        self.modes.append(self.tiling)
        self.spend(len(x))
        return (torch.sin(3 * x + t.reshape(-1, 1, 1)),)


@dataclass(frozen=True)
class Mode:
    tile: bool

    @contextmanager
    def applied(self, model: Any) -> Iterator[None]:
        model.denoisers[0].tiling = self.tile
        yield
        model.denoisers[0].tiling = False


def load(entry: ModelEntry, device: str, /, *, fit: Fit) -> Any:
    if entry.family == "sd3":
        raise ModelUnavailable("Those weights are not here.")
    if entry.name == "fatal":
        os._exit(3)
    pipe = SimpleNamespace(freed=0)
    pipe.maybe_free_model_hooks = lambda: setattr(pipe, "freed", pipe.freed + 1)
    denoiser = Denoiser().to(torch.bfloat16 if entry.name == "half" else torch.float32)
    return SimpleNamespace(pipe=pipe, denoisers=(denoiser,), entry=entry)


def run(
    model: Any, plan: Plan, inputs: Sequence[bytes], report: Callable[[int, int, Any], None]
) -> list[Image.Image]:
    text = plan.conditionings[0].text
    size = (plan.height, plan.width)
    if plan.action is Action.UPSCALE:
        return [Image.new("L", (plan.width, plan.height))]
    noise = [torch.randn(size, generator=torch.Generator().manual_seed(seed)) for seed in plan.seeds]
    x = torch.stack(noise)
    for step in range(1, plan.stop_step + 1):
        if step == 2:
            misbehave(text)
        x = x + model.denoisers[0](x, torch.tensor(float(step)))[0] / 4
        report(step, plan.stop_step, x)
    pause()
    return [Image.fromarray(row.mul(60).add(128).clamp(0, 255).byte().numpy()) for row in x]


def misbehave(text: str) -> None:
    if text == "guilty":
        raise RuntimeError("inner workings that no user should read")
    if text == "hungry":
        raise torch.OutOfMemoryError("CUDA out of memory")
    if text == "crash":
        os._exit(3)
    if text == "stall":
        threading.Event().wait()


def describe(png: bytes, turn: int) -> Description:
    if not png:
        raise BadPicture("That is no picture.")
    if png == b"crash":
        os._exit(3)
    return Description(tuple(f"{len(png)} bytes, number {4 * turn + n}" for n in range(1, 5)), ("Stubbed.",))


def locate(plan: Plan, inputs: Sequence[bytes]) -> bytes:
    assert plan.canvas is not None
    misbehave(plan.canvas.words)
    return b"a mask"


PROGRAM = Program(load, run, lambda plan: Mode(plan.tile), lambda model, latents: b"JPEG", describe, locate)


def entry(name: str = "stub", family: str = "sd") -> ModelEntry:
    return ModelEntry(
        name=name, title=name, family=family, source="", side=SIDE, multiple=8, steps=4, guidance=1.0
    )


REGISTRY = Registry(
    (entry(), entry("second"), entry("third"), entry("half"), entry("fatal"), entry("missing", "sd3"))
)


def plan(
    text: str = "a fox",
    *,
    seed: int = 0,
    pictures: int = 4,
    steps: int = 4,
    model: str = "stub",
    tile: bool = False,
    side: int = SIDE,
) -> Plan:
    return Plan(
        action=Action.IMAGINE,
        model=model,
        revision=None,
        conditionings=(Conditioning(text),),
        width=side,
        height=side,
        steps=steps,
        stop_step=steps,
        guidance=1.0,
        seeds=tuple(range(seed, seed + pictures)),
        tile=tile,
        notes=("said so",),
    )


if __name__ == "__main__":
    main(PROGRAM)
