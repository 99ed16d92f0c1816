"""What a model can do with a prompt and what it cannot, by its family and by the adapters that there are."""

from __future__ import annotations

from collections.abc import Sequence

from engine.families import FAMILIES, Ability
from engine.planning.entries import ModelEntry
from engine.planning.references import CHARACTER, FACE, OBJECT, STYLE, AdapterEntry, adapter_for

__all__ = ["can", "cannot"]

_FROM_A_PICTURE = ("vary", "region", "pan", "image")
"""What begins with a picture."""

"""What no model can do here so far."""

_WITH_LORAS = frozenset({"sd", "sdxl", "sd3", "flux"})
"""Families of which it is held by tests that LoRAs are drawn with."""


_CONTROLLED = frozenset({"sd", "sdxl", "flux"})
"""Families of which it is held by tests that controls hold a structure."""


def can(entry: ModelEntry, adapters: Sequence[AdapterEntry] = ()) -> dict[str, bool]:
    """Whether it draws from text, varies, changes a region, pans, tiles, leaves things out, and so on.

    It refers to pictures where one of the ``adapters`` that are on this machine sees them for it.
    """
    here = [each for each in adapters if each.on_this_machine()]
    missing = FAMILIES[entry.family].cannot
    able = {"text": Ability.TEXT not in missing, "edit": FAMILIES[entry.family].edits is not None}
    able |= dict.fromkeys(_FROM_A_PICTURE, Ability.PICTURE not in missing)
    able["lora"] = entry.family in _WITH_LORAS
    able["control"] = entry.family in _CONTROLLED
    for role, name in ((STYLE, "sref"), (CHARACTER, "cref"), (FACE, "cref"), (OBJECT, "oref")):
        able[name] = able.get(name, False) or adapter_for(entry, role, here) is not None
    able |= {"tile": Ability.TILE not in missing, "no": Ability.WITHOUT not in missing}
    return able


def cannot(entry: ModelEntry) -> tuple[str, ...]:
    """What it cannot of what most models can, as people call it, in a fixed order."""
    missing = FAMILIES[entry.family].cannot
    return tuple(ability.value for ability in Ability if ability in missing)
