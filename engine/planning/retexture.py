"""Another look on the structure of a picture: four pictures from a prompt, held by a control to its lines.

The picture itself is the job's input; its map is made where it is drawn. Knows nothing of pixels.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.errors import NoControl
from engine.planning.controls import Control, ControlEntry, Structure, controls_for
from engine.planning.entries import ModelEntry
from engine.planning.imagine import plan_imagine
from engine.planning.plan import Action, Plan
from engine.planning.registry import Registry

if TYPE_CHECKING:
    from grammar.spec import GenerationSpec

__all__ = ["STRENGTH", "check_retexture", "plan_retexture"]

STRENGTH = 1.0
"""How strongly a control holds the structure where nobody says: as it was trained."""

_MOST_PROPORTION = 1000
"""The longer side to which a picture's proportion is brought: `--ar` takes numbers of four digits."""

_OWN_PICTURES = "Retexture starts from one picture: the image prompts were left out."
_OWN_PROPORTION = "Retexture keeps the picture's proportion: `--ar` has no effect here."
_NO_TILE = "What is retextured does not repeat: `--tile` has no effect here."


def plan_retexture(
    spec: GenerationSpec,
    registry: Registry,
    size: tuple[int, int],
    *,
    model: str = "pocket",
    strength: float = STRENGTH,
    structure: Structure | None = None,
    seed: int | None = None,
) -> Plan:
    """Four pictures of the spec with the structure of a picture of ``size`` (width, height) in pixels.

    ``strength``, above 0 to 2, is how strongly it is held; ``structure`` what of it is held, None for the
    first control that is here. Raises NoControl with a sentence where the model has no such control here.
    """
    notes = []
    if spec.images:
        notes.append(_OWN_PICTURES)
    if spec.aspect is not None:
        notes.append(_OWN_PROPORTION)
    if spec.tile:
        notes.append(_NO_TILE)
    scale = min(1.0, _MOST_PROPORTION / max(size))
    aspect = max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
    bare = spec.replace(images=(), aspect=aspect, tile=None)
    plan = plan_imagine(bare, registry, model=model, seed=seed)
    control = _control(registry, registry.get(plan.model), structure, strength)
    return replace(plan, action=Action.RETEXTURE, control=control, notes=(*notes, *plan.notes))


def check_retexture(registry: Registry, model: str) -> None:
    """Does nothing where a model can do it here. Raises NoControl with a sentence, and UnknownModel."""
    _control(registry, registry.get(model), None, STRENGTH)


def _control(registry: Registry, entry: ModelEntry, wanted: Structure | None, strength: float) -> Control:
    made = controls_for(entry, registry.controls)
    if not made:
        raise NoControl(f"{entry.title} has no control that would hold the structure of a picture.")
    fitting = [each for each in made if wanted is None or each.map == wanted]
    if not fitting:
        known = ", ".join(dict.fromkeys(each.map for each in made))
        raise NoControl(f"{entry.title} cannot hold {wanted} of a picture. It can hold: {known}.")
    here = [each for each in fitting if each.on_this_machine()]
    if not here:
        raise NoControl(
            f"{fitting[0].title} is not on this machine."
            f" An operator fetches it: `easel models pull {fitting[0].name}`."
        )
    depth = next((each.name for each in registry.depths if each.on_this_machine()), "")
    able = [each for each in here if each.map != Structure.DEPTH or depth]
    if not able:
        known = next((each.name for each in registry.depths), "")
        fetched = f" An operator fetches one: `easel models pull {known}`." if known else ""
        raise NoControl(f"No model that sees how far away things are is on this machine.{fetched}")
    chosen: ControlEntry = able[0]
    return Control(chosen.name, strength, depth if chosen.map == Structure.DEPTH else "")
