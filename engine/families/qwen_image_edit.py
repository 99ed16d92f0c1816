"""Qwen-Image-Edit: Qwen-Image that changes a picture; its text encoder sees the picture as well."""

from engine.families.family import Ability, Edits, Family, Layout

__all__ = ["FAMILY"]

_ONLY = "it only changes the picture it is shown"
_READ = "its text encoder reads the words together with the picture"

FAMILY = Family(
    scale="true_cfg_scale",
    layout=Layout.PACKED,
    said={"negative_prompt": " "},  # without one there is no contrast; a space is Qwen's own
    edits=Edits(),
    cannot=dict.fromkeys((Ability.TEXT, Ability.PICTURE, Ability.TILE), _ONLY)
    | dict.fromkeys((Ability.TEXTS, Ability.EFFECTS, Ability.LENGTHS), _READ),
    needs=("torchvision",),
)
