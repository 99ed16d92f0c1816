"""DeepFloyd IF: pixels of 64, enlarged to 256 by its second stage and to 1024 by a latent upscaler."""

from engine.families.family import Ability, Family, Stage

__all__ = ["FAMILY"]

_TEXTS = ("prompt_embeds", "negative_prompt_embeds")
_UNSIGNED = {"output_type": "np"}  # the stages' "pt" is from -1 to 1

FAMILY = Family(
    texts=_TEXTS,
    cannot={Ability.PICTURE: "it draws pixels from its own noise"},
    said=_UNSIGNED,
    checker=True,
    stages=(
        Stage(
            part="second",
            family=Family(texts=_TEXTS, said=_UNSIGNED | {"noise_level": 250}),
            larger=4,
            guidance=4.0,
            shares=("tokenizer", "text_encoder", "safety_checker", "feature_extractor", "watermarker"),
        ),
        Stage(
            part="third",
            family=Family(texts=_TEXTS, pieces=True, said={"noise_level": 100}),
            signed=False,
            larger=4,
            guidance=9.0,
            reads=True,
        ),
    ),
)
