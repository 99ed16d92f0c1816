"""DeepFloyd IF, its first stage: it draws pixels, so no picture can be where it starts."""

from engine.families.family import Ability, Family

__all__ = ["FAMILY"]

FAMILY = Family(
    texts=("prompt_embeds", "negative_prompt_embeds"),
    cannot={Ability.PICTURE: "it draws pixels from its own noise"},
    said={"output_type": "np"},  # its "pt" is from -1 to 1
)
