"""Whether a model can be drawn with from one file, and the folder that lends what such files lack.

Single files hold weights. Their configurations and tokenizers, and at times text encoders and the VAE, come
from a model of the same shape in diffusers' layout. Looks at headers and names only.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine.errors import BadFile
from engine.files import Recognised, recognise
from engine.planning.presence import components, part_complete

__all__ = [
    "DENOISERS",
    "ENDINGS",
    "RELATIVES",
    "borrowed",
    "index_of",
    "lent",
    "parts_of",
    "what_is",
    "why_not",
]

ENDINGS = (".safetensors", ".sft", ".gguf", ".ckpt", ".pt", ".pth")
"""How the source of an entry ends that is one file, not a folder."""

RELATIVES = {
    "lcm": "sd",
    "kolors": "sdxl",
    "flux-kontext": "flux",
    "chroma": "flux",
    "lumina2": "flux",
    "z-image": "flux",
}
"""Families whose VAE is of another one's kind → that one."""

DENOISERS = ("unet", "transformer", "transformer_2")
"""What the components of a pipeline that denoise are called."""


def what_is(file: Path) -> Recognised:
    """What a file is, by its header, read once as long as the file stays the same. Raises BadFile."""
    stand = file.stat()
    return _recognised(file, stand.st_size, stand.st_mtime_ns)


@lru_cache(maxsize=64)
def _recognised(file: Path, size: int, changed: int) -> Recognised:
    return recognise(file)


def why_not(file: Path, family: str, configs: Path | None, given: Collection[str] = ()) -> str:
    """Why the file cannot be drawn with as a model of the family, in one sentence; empty where it can.

    ``configs`` is the folder that lends what the file lacks, None where it is not on this machine. The
    components in ``given`` come from elsewhere.
    """
    if not file.exists():
        return f"{file} does not exist."
    try:
        found = what_is(file)
    except BadFile as error:
        return str(error)
    if found.refused:
        return found.refused
    if found.kind not in ("checkpoint", "denoiser"):
        return f"This is {found.what}, which draws nothing by itself."
    if family not in found.families:
        return f"This is {found.what}, of the family {found.families[0]}, not {family}."
    if configs is None:
        return "The model that lends its configurations is not on this machine."
    wanted = [part for part in borrowed(found, configs) if part not in given]
    lacking = [part for part in wanted if not part_complete(configs / part)]
    if lacking:
        return f"It holds no {lacking[0]}, and neither does the model that lends what it lacks."
    return ""


def index_of(folder: Path) -> dict[str, Any]:
    """What `model_index.json` of a folder says; empty where it says nothing."""
    try:
        index = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return index if isinstance(index, dict) else {}


def parts_of(folder: Path) -> dict[str, tuple[str, str]]:
    """The components that a folder lists → the library and the class of each."""
    index = index_of(folder)
    return {name: (index[name][0], index[name][1]) for name in components(index)}


def borrowed(found: Recognised, configs: Path) -> tuple[str, ...]:
    """The components with weights that do not come from the file."""
    return lent(found, [part for part in parts_of(configs) if (configs / part / "config.json").is_file()])


def lent(found: Recognised, weighty: Iterable[str]) -> tuple[str, ...]:
    """Those of a lender's components with weights that do not come from the file."""
    if found.kind == "denoiser":
        return tuple(part for part in weighty if part not in DENOISERS)
    return tuple(part for part in weighty if part in found.missing)
