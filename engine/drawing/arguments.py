"""What a plan says, as the arguments that a pipeline's call takes.

Reads signatures and families; runs nothing but the call itself.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image

from engine.families import Family
from engine.planning.plan import Plan

__all__ = ["asked", "demanded", "guided", "plain_text", "shown", "sized", "take", "wordless"]


def demanded(pipe: Any) -> set[str]:
    """The arguments without which the pipeline cannot be called."""
    takes = inspect.signature(pipe.__call__).parameters.values()
    return {parameter.name for parameter in takes if parameter.default is parameter.empty}


def wordless(encode: Any, prompt: Any = None, **said: Any) -> Any:
    """For an `encode_prompt` that counts words even where it is given embeddings."""
    return encode(prompt=prompt or "", **said)


def plain_text(plan: Plan) -> dict[str, Any]:
    """Without embeddings: the heaviest part as plain text, and only what every pipeline takes."""
    lead = max(plan.conditionings, key=lambda part: part.weight)
    away = ", ".join(part.text for part in plan.conditionings if part.weight < 0)
    said: dict[str, Any] = {"prompt": [lead.text] * len(plan.seeds)}
    return said | ({"negative_prompt": [away] * len(plan.seeds)} if away else {})


def guided(pipe: Any, family: Family, plan: Plan, guided: bool) -> dict[str, Any]:
    """The guidance, said as the pipeline hears it; guiders are the job's own."""
    guidance = plan.acting_guidance
    if family.guided and not guided:
        guidance = 1.0 - family.less
    for name in family.own:
        if hasattr(getattr(pipe, name, None), "guidance_scale"):
            getattr(pipe, name).guidance_scale = guidance
    return {family.scale: guidance}


def sized(family: Family, plan: Plan) -> dict[str, Any]:
    """What all pipelines are told alike, and what the family's are told besides."""
    return {
        "width": plan.width,
        "height": plan.height,
        "num_inference_steps": plan.steps,
        "output_type": "pt",
        "use_resolution_binning": False,
        "clean_caption": False,
        **asked(family.said, plan),
    }


def asked(values: Mapping[str, Any], plan: Plan) -> dict[str, Any]:
    """A family's values, those that depend on the pixels for the plan's."""
    return {k: v(plan.width, plan.height) if callable(v) else v for k, v in values.items()}


def shown(
    family: Family, plan: Plan, shown: Sequence[Image.Image], said: Mapping[str, Any]
) -> dict[str, Any]:
    """The pictures to look at, as the pipeline takes them, and the words that go with them."""
    if not shown or family.edits is None:
        return {}
    edits, seen = family.edits, list(shown[: family.edits.most])
    pictures: Any = seen if edits.most > 1 else seen[0]
    if edits.nested:
        pictures = [seen] * len(plan.seeds)
    elif edits.most == 1 and family.together:
        pictures = seen * len(plan.seeds)
    told: dict[str, Any] = {edits.likeness: plan.likeness} if edits.likeness else {}
    if said.get("prompt"):
        told["prompt"] = [edits.words(text, len(seen)) for text in said["prompt"]]
    return {edits.argument: pictures, **told}


def take(pipe: Any, said: dict[str, Any]) -> Any:
    """The pipeline's own call, with those of the arguments that it takes."""
    takes = inspect.signature(pipe.__call__).parameters
    return pipe(**{name: value for name, value in said.items() if name in takes})
