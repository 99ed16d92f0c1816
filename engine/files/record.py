"""What a file of weights turned out to be: one frozen value. Does not know how it was found out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["Kind", "Recognised", "Shapes"]

Kind: TypeAlias = Literal["checkpoint", "denoiser", "lora", "vae", "embedding", "other"]

Shapes: TypeAlias = Mapping[str, tuple[int, ...]]
"""The names of a file's tensors → their dimensions."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """A checkpoint (a denoiser with more of its pipeline), a denoiser, a LoRA, a VAE, an embedding, or other.

    ``what`` says it in words, with its article. ``families`` are those of `engine/families` that it is for;
    several where its tensors fit several. ``missing`` are the components of a pipeline, as diffusers calls
    them, that must come from elsewhere. ``refused`` is the sentence why Easel cannot use it, empty where it
    can. ``title``, ``words`` (what it listens to, the most used first) and ``base`` (the model it was made
    from) are what its metadata say. ``prediction`` is what the denoiser predicts, in diffusers' words, where
    the file says that; ``zero_snr`` says that its noise schedule ends in noise alone. ``texts`` is how wide
    the texts are that the models of a LoRA or an embedding read, 0 where that is not to be seen. ``format``
    is that of the file.
    """

    kind: Kind
    what: str
    families: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    refused: str = ""
    title: str = ""
    words: tuple[str, ...] = ()
    base: str = ""
    prediction: str = ""
    zero_snr: bool = False
    texts: int = 0
    format: str = "safetensors"

    @property
    def usable(self) -> bool:
        """Whether Easel can do anything with it."""
        return not self.refused
