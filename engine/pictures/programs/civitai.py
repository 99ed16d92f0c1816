"""Civitai's generator: a graph of ComfyUI in EXIF's comment, and within it, as JSON again, what was typed."""

from __future__ import annotations

from collections.abc import Mapping

from engine.pictures.programs import comfyui
from engine.pictures.programs.found import FoundPrompt, number, object_in, size_of, text
from engine.pictures.programs.graphs import graph_of

__all__ = ["NUMBERED", "read"]

NUMBERED = "The LoRAs that Civitai names by a number alone are left out."
_NAMES = "urn:air:"
"""How the names of its models begin, which no file on this machine has."""


def read(texts: Mapping[str, str]) -> FoundPrompt | None:
    """The prompt in a file's texts, where Civitai wrote them."""
    comment = texts.get("UserComment", "")
    if "extraMetadata" not in comment and _NAMES not in comment:
        return None
    said = object_in(comment)
    extra = said.get("extraMetadata")
    typed = extra if isinstance(extra, dict) else object_in(extra if isinstance(extra, str) else "")
    drawn = comfyui.told(graph_of(said))
    words = text(typed.get("prompt")) or (drawn.words if drawn else "")
    if not words:
        return None
    seed, size = number(typed.get("seed")), size_of(typed.get("width"), typed.get("height"))
    return FoundPrompt(
        "Civitai",
        words,
        text(typed.get("negativePrompt")) or (drawn.unwanted if drawn else ""),
        drawn.seed if seed is None and drawn else seed,
        drawn.size if size is None and drawn else size,
        drawn.model if drawn else "",
        notes=(NUMBERED,) if _NAMES in comment and ":lora:" in comment else (),
    )
