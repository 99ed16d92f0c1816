"""Stable Cascade: a prior draws small latents of what the text says, a decoder the picture of them."""

from engine.families.family import Ability, Family, Layout, Stage

__all__ = ["FAMILY"]

FAMILY = Family(
    texts=(
        "prompt_embeds",
        "prompt_embeds_pooled",
        "negative_prompt_embeds",
        "negative_prompt_embeds_pooled",
    ),
    layout=Layout.UNSEEN,
    denoisers=("prior",),
    stages=(
        Stage(
            part="decoder",
            family=Family(texts=("prompt_embeds_pooled",), denoisers=("decoder",)),
            takes="image_embeddings",
            steps=0.5,
            shares=("tokenizer", "text_encoder"),
            weighs=False,
        ),
    ),
    cannot={
        Ability.TILE: "its autoencoder pads itself",
        Ability.PICTURE: "nothing here makes its first stage's latents of a picture",
    },
)
