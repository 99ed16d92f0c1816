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
from engine.process.check import Checked, Trial
from engine.process.devices import devices

if sys.platform != "win32":
    import resource

__all__ = ["main"]


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
    began = time.monotonic()
    model = drawing.load(trial.entry, device, drawing.dtype_of(trial.precision, device))
    loaded = time.monotonic()
    [picture] = drawing.run(model, trial.plan, (), lambda *_: None)
    done = time.monotonic()
    if len(set(picture.convert("RGB").getdata())) == 1:
        title = trial.entry.title
        return Checked(f"{title} draws a single colour: its weights or the precision are not right.")
    return Checked(None, device, loaded - began, done - loaded, _most_memory(device) / 1e9)


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
