"""Why a device cannot be in this machine, as far as that is known without torch, which tells the rest."""

from __future__ import annotations

import importlib.util
import runpy
import sys
from pathlib import Path
from typing import Any

__all__ = ["absent"]

_CARDS = Path("/proc/driver/nvidia/gpus")
"""Where Linux lists NVIDIA's cards, those that are kept from this process included."""


def absent(wanted: str) -> str:
    """Why a device, or one of several with commas between, cannot be here; "" where it may be."""
    for device in wanted.split(","):
        if device == "mps" and sys.platform != "darwin":
            return "mps is Apple's, and this is no Mac"
        if device.startswith("cuda"):
            torch = importlib.util.find_spec("torch")
            built = _version(torch.origin) if torch is not None and torch.origin is not None else {}
            if built and not built.get("cuda") and not built.get("hip"):
                return f"{device} needs torch built for GPUs, and {built['__version__']} is not"
            index = int(device.partition(":")[2] or 0)
            if _CARDS.is_dir() and index >= (cards := len(list(_CARDS.iterdir()))):
                return f"{device} is not there: this machine has {cards} NVIDIA GPUs, counted from 0"
    return ""


def _version(torch: str) -> dict[str, Any]:
    """What the package of that file says about how it was built; it is not loaded for that."""
    return runpy.run_path(str(Path(torch).with_name("version.py")))
