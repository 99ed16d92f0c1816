"""InstructPix2Pix on Stable Diffusion: changes the picture it is shown, as an instruction says."""

from typing import Any

from engine.families.family import Ability, Edits, Embeds, Family

__all__ = ["FAMILY"]

_WHY = "it only changes the picture it is shown"


def _encode(pipe: Any, text: str | None) -> Embeds:
    """Its pipeline keeps `encode_prompt` to itself."""
    return {"prompt_embeds": pipe._encode_prompt(text or "", pipe._execution_device, 1, False)}


FAMILY = Family(
    texts=("prompt_embeds",),
    encode=_encode,
    together=True,
    checker=True,
    edits=Edits(likeness="image_guidance_scale"),
    cannot=dict.fromkeys((Ability.TEXT, Ability.EFFECTS, Ability.PICTURE, Ability.TILE), _WHY),
)
