"""Trying a model out: a process of its own (`trial`) loads it, draws a picture, and says what that took.

Apart from the engine's workers, so that the memory it tells is this model's alone, and that a model which
brings a process down brings down only that. Loads no torch.
"""

from __future__ import annotations

import asyncio
import json
import pickle
import sys
from dataclasses import asdict, dataclass, replace

from engine.errors import CannotEdit
from engine.families import FAMILIES, Ability
from engine.planning.edit import plan_edit
from engine.planning.entries import Precision
from engine.planning.imagine import plan_imagine
from engine.planning.plan import Conditioning, Plan
from engine.planning.registry import ModelEntry, Registry
from engine.process.warm_up import A_PICTURE, warm_up_plan
from grammar import parse

__all__ = ["Checked", "Trial", "check"]

_PROMPT, _CHANGE = "a house by the sea", "make it blue"

_LAST_WORD = "easel-check:"
"""Begins the one line that the process says; whatever else stands there, a library printed."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What the process is to try: a plan of one picture, with an entry, on a device at a precision.

    ``memory`` are the bytes of the device that may be used, None: what it has.
    """

    entry: ModelEntry
    plan: Plan
    device: str
    precision: Precision
    memory: int | None = None
    inputs: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found: seconds to load and to draw, GB of memory at most; or a sentence that says why not.

    ``placement`` says how it lies on the device, where that is not as a whole.
    """

    problem: str | None = None
    device: str = ""
    loading: float = 0.0
    drawing: float = 0.0
    memory: float = 0.0
    placement: str = ""

    def sentence(self) -> str:
        """All of it, for people."""
        if self.problem is not None:
            return self.problem
        return (
            f"drew a picture on {self.device} in {self.drawing:.1f} s, loaded in {self.loading:.1f} s,"
            f" {self.memory:.2f} GB of memory at most{self.placement}"
        )

    def line(self) -> str:
        """All of it, for `check` to read."""
        return _LAST_WORD + json.dumps(asdict(self))


async def check(
    entry: ModelEntry,
    registry: Registry,
    device: str,
    precision: Precision,
    memory: int | None = None,
) -> Checked:
    """Has the model draw, or change, a picture in ``memory`` bytes; what goes wrong becomes a problem."""
    inputs: tuple[bytes, ...] = ()
    family = FAMILIES[entry.family]
    if family.fills is not None:
        if not entry.on_this_machine():
            return Checked(f"{entry.title} is not on this machine.")
        plan = replace(warm_up_plan(entry), conditionings=(Conditioning(_PROMPT),))
        plan = replace(plan, steps=entry.steps, stop_step=entry.steps)
        inputs = (A_PICTURE,)
    elif Ability.TEXT in family.cannot:
        alone, size = replace(registry, entries=(entry,)), (entry.side, entry.side)
        try:
            plan = plan_edit(parse(_CHANGE)[0], alone, size, model=entry.name)
        except CannotEdit:
            return Checked(f"{entry.title} is not on this machine.")
        inputs = (A_PICTURE,)
    else:
        plan = plan_imagine(parse(_PROMPT)[0], registry, model=entry.name)
    trial = Trial(entry, replace(plan, seeds=plan.seeds[:1]), device, precision, memory, inputs)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "engine.process.trial"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        said, _ = await process.communicate(pickle.dumps(trial))
    except asyncio.CancelledError:
        process.kill()
        raise
    lines = [line for line in said.decode(errors="replace").splitlines() if line.startswith(_LAST_WORD)]
    if lines:
        return Checked(**json.loads(lines[-1].removeprefix(_LAST_WORD)))
    status = process.returncode or 0
    how = f" by signal {-status}" if status < 0 else ""
    return Checked(f"{entry.title} could not be tried: its process was ended{how}. Is there memory enough?")
