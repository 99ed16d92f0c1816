"""The process that tries a model out, `python -m engine.process.trial`: one picture, then it ends.

Reads a pickled `Trial` and says one line. The pickle crosses no boundary of trust: this program wrote it.
"""

from __future__ import annotations

import pickle
import sys
import time

import torch

from engine import drawing
from engine.errors import EngineError
from engine.planning.entries import Precision
from engine.planning.measuring import needs
from engine.planning.memory import QUANTISED, Needs, Placement, fitted
from engine.process.check import Checked, Trial
from engine.process.devices import bound, devices, main_memory, memory_of

if sys.platform != "win32":
    import resource

__all__ = ["main"]

_LIES = {
    Placement.WHOLE: "",
    Placement.PARTS: ", its parts on the device by turns",
    Placement.LAYERS: ", its parts on the device by turns and layer by layer",
}
"""What is said of how a model lies on its device."""


def main() -> None:
    """Tries what standard input says, and prints what was found."""
    trial: Trial = pickle.load(sys.stdin.buffer)
    try:
        found = _tried(trial)
    except EngineError as error:
        found = Checked(str(error))
    except torch.OutOfMemoryError:
        found = Checked(f"{trial.entry.title} does not fit into the memory of {trial.device}.")
    except Exception as error:
        why = (str(error).splitlines() or [""])[0]
        found = Checked(f"{trial.entry.title} cannot draw here ({type(error).__name__}: {why[:200]}).")
    print(found.line(), flush=True)


def _tried(trial: Trial) -> Checked:
    device, _ = devices(trial.device)
    if trial.memory is not None:
        bound(device, trial.memory)
    began = time.monotonic()
    dtype = drawing.dtype_of(trial.precision, device)

    def takes(precision: Precision) -> Needs:
        return needs(trial.entry, precision, width=dtype.itemsize)

    fit = fitted(
        trial.entry,
        takes(trial.precision),
        trial.memory or memory_of(device),
        main_memory(),
        others=lambda: {stored: takes(stored) for stored in QUANTISED},
    )
    model = drawing.load(trial.entry, device, dtype, precision=trial.precision, fit=fit)
    loaded = time.monotonic()
    [picture] = drawing.run(model, trial.plan, trial.inputs, lambda *_: None)
    done = time.monotonic()
    if len(set(picture.convert("RGB").getdata())) == 1:
        title = trial.entry.title
        return Checked(f"{title} draws a single colour: its weights or the precision are not right.")
    memory = _most_memory(device) / 1e9
    return Checked(None, device, loaded - began, done - loaded, memory, _LIES[fit.placement])


def _most_memory(device: str) -> float:
    """Bytes that were in use at most: the card's, or the process's; 0 where the system does not tell."""
    if device.startswith("cuda"):
        return float(torch.cuda.max_memory_allocated(device))
    if sys.platform == "win32":
        return 0.0
    unit = 1 if sys.platform == "darwin" else 1024
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)


if __name__ == "__main__":
    main()
