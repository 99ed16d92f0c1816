"""The families of pipelines: one file each, whose name is what an entry of the model list calls it.

A new family is one more file with a ``FAMILY``; `flux_kontext.py` is called `flux-kontext`. Loads no torch:
who only plans asks for families too.
"""

from importlib import import_module
from pkgutil import iter_modules

from engine.families.family import (
    Ability,
    Blocks,
    Edits,
    Embeds,
    Family,
    Fills,
    Guidance,
    Layout,
    Stage,
)

__all__ = [
    "FAMILIES",
    "Ability",
    "Blocks",
    "Edits",
    "Embeds",
    "Family",
    "Fills",
    "Guidance",
    "Layout",
    "Stage",
]

FAMILIES: dict[str, Family] = {
    module.name.replace("_", "-"): import_module(f"{__name__}.{module.name}").FAMILY
    for module in iter_modules(__path__)
    if module.name != "family"
}
