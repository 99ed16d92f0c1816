"""Hunyuan-DiT: a transformer over BERT and T5, which are asked one after the other."""

from __future__ import annotations

from typing import Any

from engine.families.family import Embeds, Family

__all__ = ["FAMILY"]


def _encode(pipe: Any, text: str | None) -> Embeds:
    made: Embeds = {}
    for index, end in enumerate(("", "_2")):
        states, nothing, mask, no_mask = pipe.encode_prompt(text or "", text_encoder_index=index)
        made[f"prompt_embeds{end}"] = nothing if text is None else states
        made[f"prompt_attention_mask{end}"] = no_mask if text is None else mask
    return made


FAMILY = Family(
    texts=("prompt_embeds", "prompt_attention_mask", "prompt_embeds_2", "prompt_attention_mask_2"),
    encode=_encode,
    masks=frozenset({"prompt_attention_mask", "prompt_attention_mask_2"}),
)
