"""InstructPix2Pix on SDXL: changes the picture it is shown, as an instruction says."""

from engine.families.family import Ability, Edits, Family

__all__ = ["FAMILY"]

_WHY = "it only changes the picture it is shown"

FAMILY = Family(
    texts=(
        "prompt_embeds",
        "negative_prompt_embeds",
        "pooled_prompt_embeds",
        "negative_pooled_prompt_embeds",
    ),
    pipeline="StableDiffusionXLInstructPix2PixPipeline",
    together=True,
    edits=Edits(likeness="image_guidance_scale"),
    cannot=dict.fromkeys((Ability.TEXT, Ability.EFFECTS, Ability.PICTURE, Ability.TILE), _WHY),
)
