"""HiDream-I1: CLIP, T5 and every layer of Llama, whose rows lie in the second dimension."""

from engine.families.family import Family

__all__ = ["FAMILY"]

FAMILY = Family(
    texts=(
        "prompt_embeds_t5",
        "negative_prompt_embeds_t5",
        "prompt_embeds_llama3",
        "negative_prompt_embeds_llama3",
        "pooled_prompt_embeds",
        "negative_pooled_prompt_embeds",
    ),
    axes={"encoder_hidden_states_llama3": 1, "prompt_embeds_llama3": 1},
)
