"""What a model can do with a prompt and what it cannot, by its family and by the adapters that there are."""

from __future__ import annotations

from collections.abc import Sequence

from engine.families import FAMILIES, Ability
from engine.planning.controls import ControlEntry, controls_for
from engine.planning.entries import ModelEntry
from engine.planning.looking import LOOKED_AT, looks
from engine.planning.references import CHARACTER, FACE, OBJECT, STYLE, AdapterEntry, adapter_for

__all__ = ["can", "cannot"]

_FROM_A_PICTURE = ("vary", "image")
"""What begins with a picture."""

_WITH_LORAS = frozenset({"sd", "sdxl", "sd3", "flux"})
"""Families of which it is held by tests that LoRAs are drawn with."""


def can(
    entry: ModelEntry,
    adapters: Sequence[AdapterEntry] = (),
    controls: Sequence[ControlEntry] = (),
) -> dict[str, bool]:
    """Whether it draws from text, varies, changes a region, pans, tiles, leaves things out, and so on.

    It refers to pictures where one of the ``adapters`` that are on this machine sees them for it, or where it
    looks at them itself; it holds a structure where one of the ``controls`` for it is here.
    """
    here = [each for each in adapters if each.on_this_machine()]
    missing = FAMILIES[entry.family].cannot
    able = {"text": Ability.TEXT not in missing, "edit": FAMILIES[entry.family].edits is not None}
    able |= dict.fromkeys(_FROM_A_PICTURE, Ability.PICTURE not in missing)
    able |= dict.fromkeys(("region", "pan"), FAMILIES[entry.family].repaints)
    able["lora"] = entry.family in _WITH_LORAS
    able["control"] = any(each.on_this_machine() for each in controls_for(entry, controls))
    for role, name in ((STYLE, "sref"), (CHARACTER, "cref"), (FACE, "cref"), (OBJECT, "oref")):
        seen = adapter_for(entry, role, here) is not None or (role in LOOKED_AT and looks(entry.family))
        able[name] = able.get(name, False) or bool(seen)
    able |= {"tile": Ability.TILE not in missing, "no": Ability.WITHOUT not in missing}
    return able


def cannot(entry: ModelEntry) -> tuple[str, ...]:
    """What it cannot of what most models can, as people call it, in a fixed order."""
    missing = FAMILIES[entry.family].cannot
    return tuple(ability.value for ability in Ability if ability in missing)
