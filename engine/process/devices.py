"""Which device a process renders on, and how much memory it has. Loads torch only when asked."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["NoDevice", "bound", "devices", "main_memory", "memory_held", "memory_of"]

_LIMIT = Path("/sys/fs/cgroup/memory.max")
"""Where Linux says how much memory a container may use; "max": all there is."""


class NoDevice(Exception):
    """The device is not in this machine, or torch was built without it. ``str(error)`` says which."""


def devices(wanted: str) -> tuple[str, tuple[str, ...]]:
    """The device that ``wanted`` means here, and all of its kind. Raises NoDevice."""
    import torch  # for speed: the process says that it lives before seconds of imports

    if wanted == "auto":
        wanted = (
            "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
        )
    if wanted.startswith("cuda"):
        found = torch.cuda.device_count()
        if int(wanted.partition(":")[2] or 0) >= found:
            raise NoDevice(f"torch {torch.__version__} finds {found} GPUs here, and {wanted} is none of them")
        torch.cuda.set_device(wanted if ":" in wanted else 0)  # whatever synchronizes means this one
    if wanted == "mps" and not torch.backends.mps.is_available():
        raise NoDevice(f"torch {torch.__version__} finds no mps here")
    if wanted == "cuda":
        return "cuda:0", tuple(f"cuda:{index}" for index in range(torch.cuda.device_count()))
    return wanted, (wanted,)


def memory_held(device: str) -> int:
    """Bytes of a GPU's memory that this process has taken; 0 on a CPU."""
    if not device.startswith("cuda"):
        return 0
    import torch  # for speed: it is loaded by then

    return int(torch.cuda.memory_reserved(device))


def memory_of(device: str) -> int | None:
    """The bytes of a device's memory that are free now; None where nothing tells."""
    import torch  # for speed, as above

    if device.startswith("cuda"):
        free, _ = torch.cuda.mem_get_info(device)
        return free
    if device.startswith("mps"):
        return torch.mps.recommended_max_memory()
    return main_memory()


def main_memory() -> int | None:
    """The bytes of main memory that this process may use; None where nothing tells."""
    try:
        whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return None
    try:
        return min(whole, int(_LIMIT.read_text(encoding="ascii")))
    except (OSError, ValueError):
        return whole


def bound(device: str, memory: int) -> None:
    """Has a GPU's allocator give no more than so many bytes; elsewhere nothing can be held to it."""
    import torch  # for speed, as above

    if device.startswith("cuda"):
        _, whole = torch.cuda.mem_get_info(device)
        torch.cuda.set_per_process_memory_fraction(min(1.0, memory / whole), device)
