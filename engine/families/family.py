"""What the engine must know of a family of pipelines: its texts, its guidance, the layout of its latents.

Everything else in the engine treats all families alike. Loads no torch: the pipelines that are handed in do.
Knows nothing of plans or jobs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import torch

__all__ = ["Embeds", "Encoding", "Family"]

Embeds: TypeAlias = "dict[str, torch.Tensor]"
"""A text as the denoiser reads it: the pipeline's argument names → tensors, one row a picture."""


def _as_they_are(pipe: Any, latents: torch.Tensor, height: int = 0, width: int = 0) -> torch.Tensor:
    """The latents of a pipeline that keeps them as (n, channels, height, width) already."""
    return latents


@dataclass(frozen=True, slots=True)
class Encoding:
    """``encode`` makes the embeddings of one text (one row each), ``nothing`` those of the absent text."""

    encode: Callable[[Any, str], Embeds]
    nothing: Callable[[Any], Embeds]


@dataclass(frozen=True, slots=True)
class Family:
    """How a pipeline of the family is called.

    Without an ``encoding`` it is given plain text, and only the arguments that every pipeline takes.
    ``guided`` says whether guidance contrasts two predictions; distilled models take the number as an input.
    ``unpack`` and ``pack`` turn latents into (n, channels, height, width) and back, given the tile's pixels.
    ``nudge`` added to a strength makes the pipeline run exactly the steps planned, in spite of how it rounds.
    ``checker`` says whether the pipelines have a place for a safety checker.
    """

    guided: bool
    encoding: Encoding | None = None
    unpack: Callable[[Any, torch.Tensor, int, int], torch.Tensor] = _as_they_are
    pack: Callable[[Any, torch.Tensor], torch.Tensor] = _as_they_are
    nudge: float = 0.0
    checker: bool = False

    def contrasts(self, guidance: float) -> bool:
        """Whether the denoiser is asked about nothing as well; at a guidance of 1 that would cancel out."""
        return self.guided and guidance > 1

    def rows(self, texts: int, guidance: float) -> int:
        """How many rows of a forward one picture takes: one a text that steers it, and one for guidance."""
        return (texts if self.encoding else 1) + self.contrasts(guidance)
