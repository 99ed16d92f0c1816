"""Which device a process renders on: what a setting means on this machine. Loads torch only when asked."""

from __future__ import annotations

__all__ = ["devices", "memory_held"]


def devices(wanted: str) -> tuple[str, tuple[str, ...]]:
    """The device that ``wanted`` means here, and all of its kind."""
    import torch  # for speed: the process says that it lives before seconds of imports

    if wanted == "auto":
        wanted = (
            "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
        )
    if wanted.startswith("cuda"):
        torch.cuda.set_device(wanted if ":" in wanted else 0)  # whatever synchronizes means this one
    if wanted == "cuda":
        return "cuda:0", tuple(f"cuda:{index}" for index in range(torch.cuda.device_count()))
    return wanted, (wanted,)


def memory_held(device: str) -> int:
    """Bytes of a GPU's memory that this process has taken; 0 on a CPU."""
    if not device.startswith("cuda"):
        return 0
    import torch  # for speed: it is loaded by then

    return int(torch.cuda.memory_reserved(device))
