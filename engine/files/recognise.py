"""What a file of weights is, by its tensors and their shapes; the file's name is never believed.

Knows no pipeline: what is recognised here is loaded in `engine/drawing`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engine.families import FAMILIES
from engine.files import metadata
from engine.files.denoisers import denoiser
from engine.files.headers import Header, read_header
from engine.files.loras import lora
from engine.files.others import attachment, embedding, other, vae
from engine.files.record import Kind, Recognised

__all__ = ["Kind", "Recognised", "recognise", "recognised"]


def recognise(path: Path) -> Recognised:
    """What the file is. Raises BadFile with a sentence where it cannot be read, and nothing else."""
    return recognised(read_header(path))


def recognised(header: Header) -> Recognised:
    """What a file with that header is."""
    shapes = {name: tensor.shape for name, tensor in header.tensors.items()}
    found = (
        lora(shapes)
        or attachment(shapes)
        or denoiser(shapes)
        or vae(shapes)
        or embedding(shapes)
        or other(shapes)
    )
    if found.usable and not set(found.families) & FAMILIES.keys():
        families = " or ".join(found.families)
        found = replace(found, refused=f"This is {found.what}; Easel draws with no models of {families} yet.")
    if found.usable and header.format == "gguf" and found.kind != "denoiser":
        found = replace(found, refused=f"This is {found.what}; of GGUF files Easel reads denoisers alone.")
    said = header.metadata
    return replace(
        found,
        title=metadata.title_of(said),
        words=metadata.words_of(said),
        base=metadata.base_of(said),
        prediction=found.prediction or metadata.predicts(said),
        format=header.format,
    )
