"""HiDream-I1: CLIP, T5 and every layer of Llama, whose rows lie in the second dimension."""

from __future__ import annotations

import math

from engine.families.family import Family

__all__ = ["FAMILY"]


def _sample_size(width: int, height: int) -> float:
    """A side of latents for which the pipeline keeps the size: it brings all to one area, and rounds down."""
    return math.sqrt(width * height) / 8 * (1 + 1e-6)


FAMILY = Family(
    texts=(
        "prompt_embeds_t5",
        "negative_prompt_embeds_t5",
        "prompt_embeds_llama3",
        "negative_prompt_embeds_llama3",
        "pooled_prompt_embeds",
        "negative_pooled_prompt_embeds",
    ),
    sets={"default_sample_size": _sample_size},
    axes={"encoder_hidden_states_llama3": 1, "prompt_embeds_llama3": 1},
)
