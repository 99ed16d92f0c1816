"""A page with a section for each kind of machine: a run replaces its own kind's and keeps the others.

Knows which features of a processor decide how fast PyTorch is on it, and nothing of what was measured.
"""

import os
import platform
import re
from collections.abc import Sequence
from pathlib import Path

import torch

from bench.sheet import Sheet, processor, where

_LIMITS = ("ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA")
"""Settings of PyTorch and of oneDNN that make a processor compute as one with fewer features would."""


def kind_of_machine() -> str:
    """Processor, cores and the features that count, as a heading: the same for every machine of its kind."""
    limits = [f"{name}={os.environ[name]}" for name in _LIMITS if os.environ.get(name)]
    said = f"{processor()}, {_features(bool(limits))}"
    return f"{said} (by {' '.join(limits)})" if limits else said


def keep_by_machine(path: Path, opening: str, precision: str, sheets: Sequence[Sheet]) -> None:
    """Writes the sheets under this machine's heading; ``opening``, with the page's title, goes before all."""
    sections = "\n\n".join("#" + sheet.markdown() for sheet in sheets)
    ours = f"## {kind_of_machine()}\n\n{where()} {precision}\n\n{sections}\n"
    path.write_text(with_section(path.read_text("utf-8") if path.exists() else "", opening, ours), "utf-8")


def with_section(page: str, opening: str, section: str) -> str:
    """The page with this opening, and with this section in the place of the one of the same heading."""
    heading = section.split("\n", 1)[0]
    there = [part.strip() + "\n" for part in re.split(r"^(?=## )", page, flags=re.MULTILINE)[1:]]
    places = [number for number, part in enumerate(there) if part.split("\n", 1)[0] == heading]
    if places:
        there[places[0]] = section
    else:
        there.append(section)
    return "\n".join([opening.strip() + "\n", *there])


def _features(limited: bool) -> str:
    """The widest instructions that PyTorch uses, and whether the processor multiplies in bfloat16."""
    widest = torch.backends.cpu.get_cpu_capability()
    if platform.machine().lower() in ("arm64", "aarch64"):
        return "NEON" if widest == "DEFAULT" else widest
    flags = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    narrow = ("amx_bf16", "AMX"), ("avx512_bf16", "AVX512-BF16")
    more = [name for flag, name in narrow if flag in flags and not limited]
    return " with ".join([widest, *more[:1]])
